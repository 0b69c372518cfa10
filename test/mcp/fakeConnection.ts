/** A server as a script: what it offers, how it answers, and what was done with it. */

import { definitionOf } from '../../extension/mcp/listing.ts';
import type {
  McpCallResult,
  McpConnect,
  McpConnection,
  McpConnectRequest,
  McpContent,
  McpPrompt,
  McpResource,
} from '../../extension/mcp/types.ts';
import type { McpToolDefinition } from '../../extension/shared/mcp.ts';

export const toolNamed = (name: string, description = `does ${name}`): McpToolDefinition =>
  definitionOf({ name, description, inputSchema: { type: 'object' }, hints: {} });

export interface FakeConnection extends McpConnection {
  readonly request: McpConnectRequest;
  /** It has ended by itself. */
  crash(why?: string): void;
  isClosed(): boolean;
  /** Names of the calls that reached it. */
  readonly called: string[];
  readonly rootsTold: number;
  lists: number;
}

export interface FakeServer {
  tools: McpToolDefinition[];
  instructions?: string;
  resources: McpResource[];
  templates: McpResource[];
  prompts: McpPrompt[];
  completions: string[];
  era: 'modern' | 'legacy';
  /** Before it is connected; throws what the connection throws. */
  onConnect: (signal: AbortSignal) => Promise<void>;
  onList: (signal: AbortSignal) => Promise<void>;
  onCall: (name: string, signal: AbortSignal, connection: FakeConnection) => Promise<McpCallResult>;
  /** Of `close`. */
  onClose: () => Promise<void>;
  contents: McpContent[];
  readonly connections: FakeConnection[];
  /** Attempts, those that failed too. */
  readonly requests: McpConnectRequest[];
  /** The last connection. @throws where there is none */
  last(): FakeConnection;
  /** Its tools are these now, and it says so. */
  offer(tools: readonly McpToolDefinition[]): void;
}

export const textResult = (text: string): McpCallResult => ({
  content: [{ type: 'text', text }],
  isError: false,
});

const connectionTo = (server: FakeServer, request: McpConnectRequest): FakeConnection => {
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  let isClosed = false;
  let rootsTold = 0;
  const connection: FakeConnection = {
    request,
    facts: {
      protocolVersion: server.era === 'modern' ? '2026-07-28' : '2025-11-25',
      era: server.era,
      ...(server.instructions === undefined ? {} : { instructions: server.instructions }),
      has: {
        tools: true,
        resources: server.resources.length + server.templates.length > 0,
        prompts: server.prompts.length > 0,
        completions: server.completions.length > 0,
      },
    },
    closed,
    called: [],
    lists: 0,
    get rootsTold() {
      return rootsTold;
    },
    crash: (why = 'The server ended with exit code 1.') => {
      isClosed = true;
      resolve(why);
    },
    isClosed: () => isClosed,
    listTools: async (signal) => {
      connection.lists += 1;
      await server.onList(signal);
      return server.tools;
    },
    callTool: async ({ name }, signal) => {
      connection.called.push(name);
      return server.onCall(name, signal, connection);
    },
    listResources: async () => server.resources,
    listTemplates: async () => server.templates,
    readResource: async () => server.contents,
    listPrompts: async () => server.prompts,
    getPrompt: async (name, values) => [
      { role: 'user', content: { type: 'text', text: `${name} ${JSON.stringify(values)}` } },
    ],
    complete: async (_of, { value }) => server.completions.filter((each) => each.startsWith(value)),
    rootsChanged: () => {
      rootsTold += 1;
    },
    close: async () => {
      isClosed = true;
      await server.onClose();
      resolve('');
    },
  };
  return connection;
};

export const createFakeServer = (tools: readonly McpToolDefinition[] = [toolNamed('read')]): FakeServer => {
  const server: FakeServer = {
    tools: [...tools],
    resources: [],
    templates: [],
    prompts: [],
    completions: [],
    era: 'legacy',
    onConnect: async () => undefined,
    onList: async () => undefined,
    onCall: async (name) => textResult(`${name} is done`),
    onClose: async () => undefined,
    contents: [],
    connections: [],
    requests: [],
    last: () => {
      const connection = server.connections.at(-1);
      if (connection === undefined) throw new Error('Nobody has connected.');
      return connection;
    },
    offer: (offered) => {
      server.tools = [...offered];
      for (const connection of server.connections) {
        if (!connection.isClosed()) connection.request.handlers.listChanged('tools');
      }
    },
  };
  return server;
};

/** @param onConnect told of every connection that is begun, before it is */
export const fakeConnect =
  (
    servers: ReadonlyMap<string, FakeServer>,
    onConnect: (request: McpConnectRequest) => void = () => undefined,
  ): McpConnect =>
  async (request, signal) => {
    const server = servers.get(request.name);
    if (server === undefined) throw new Error(`No fake server ${request.name}`);
    onConnect(request);
    server.requests.push(request);
    await server.onConnect(signal);
    signal.throwIfAborted();
    const connection = connectionTo(server, request);
    server.connections.push(connection);
    return connection;
  };
