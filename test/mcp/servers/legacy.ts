/** Servers of the 2025 protocol in this process, on the SDK that has no other. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

export interface LegacyServer {
  readonly url: string;
  /** Sessions that are open, by id. */
  readonly sessions: ReadonlySet<string>;
  /** Gives all sessions one more tool, and tells them. */
  addTool(name: string): void;
  /** Cuts all connections, and goes on. */
  cut(): void;
  close(): Promise<void>;
}

const createTools = (): McpServer => {
  const server = new McpServer({ name: 'legacy', version: '1' }, { instructions: 'Old but fine.' });
  server.registerTool('hello', { description: 'Says hello' }, async () => ({
    content: [{ type: 'text', text: 'hello' }],
  }));
  return server;
};

const listening = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return `http://127.0.0.1:${address.port}`;
};

const ending = (server: Server) => async (): Promise<void> => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

const adder =
  (servers: ReadonlyMap<string, McpServer>) =>
  (name: string): void => {
    for (const server of servers.values()) {
      server.registerTool(name, {}, async () => ({ content: [{ type: 'text', text: name }] }));
    }
  };

export const startLegacyHttp = async (): Promise<LegacyServer> => {
  const servers = new Map<string, McpServer>();
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const sessions = new Set<string>();
  const server = createServer(async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? transports.get(id) : undefined;
    if (known !== undefined) return await known.handleRequest(request, response);
    if (id !== undefined) return void response.writeHead(404).end('Session not found');
    const tools = createTools();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (session) => {
        sessions.add(session);
        servers.set(session, tools);
        transports.set(session, transport);
      },
      onsessionclosed: (session) => {
        sessions.delete(session);
        servers.delete(session);
        transports.delete(session);
      },
    });
    await tools.connect(transport);
    await transport.handleRequest(request, response);
  });
  const url = await listening(server);
  return {
    url: `${url}/mcp`,
    sessions,
    addTool: adder(servers),
    cut: () => server.closeAllConnections(),
    close: ending(server),
  };
};

export const startLegacySse = async (): Promise<LegacyServer> => {
  const servers = new Map<string, McpServer>();
  const transports = new Map<string, SSEServerTransport>();
  const sessions = new Set<string>();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    if (request.method === 'GET' && url.pathname === '/sse') {
      const transport = new SSEServerTransport('/message', response);
      const tools = createTools();
      const { sessionId } = transport;
      sessions.add(sessionId);
      servers.set(sessionId, tools);
      transports.set(sessionId, transport);
      response.on('close', () => {
        sessions.delete(sessionId);
        servers.delete(sessionId);
        transports.delete(sessionId);
      });
      return await tools.connect(transport);
    }
    const transport = transports.get(url.searchParams.get('sessionId') ?? '');
    if (request.method !== 'POST' || transport === undefined)
      return void response.writeHead(404).end('Cannot POST');
    await transport.handlePostMessage(request, response);
  });
  const url = await listening(server);
  return {
    url: `${url}/sse`,
    sessions,
    addTool: adder(servers),
    cut: () => server.closeAllConnections(),
    close: ending(server),
  };
};
