/** The MCP server behind an authorization server: two tools, of which one wants the scope `write`. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface McpBehind {
  /** The message, its parts as JSON. */
  readonly params: Readonly<Record<string, string>>;
  /** Parameters of `WWW-Authenticate`. */
  readonly challenge: readonly string[];
  scopeOf(accessToken: string): string | undefined;
}

const tools = ['hello', 'admin'].map((name) => ({ name, inputSchema: { type: 'object' } }));

const resultOf = (method: string | undefined): object | undefined => {
  if (method === 'initialize') {
    return {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'behind', version: '1' },
    };
  }
  if (method === 'tools/list') return { tools };
  if (method === 'tools/call') return { content: [{ type: 'text', text: 'Hello.' }] };
  return method === 'ping' ? {} : undefined;
};

export const handleMcp = (request: IncomingMessage, response: ServerResponse, behind: McpBehind) => {
  const { params, challenge } = behind;
  const refuse = (status: number, ...more: string[]): void => {
    response.writeHead(status, { 'www-authenticate': `Bearer ${[...more, ...challenge].join(', ')}` }).end();
  };
  const scope = behind.scopeOf(request.headers.authorization?.replace(/^Bearer /, '') ?? '');
  if (scope === undefined) return refuse(401, 'error="invalid_token"');
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const isAdmin = params.method === 'tools/call' && params.params?.includes('"admin"') === true;
  if (isAdmin && !scope.split(' ').includes('write')) {
    return refuse(403, 'error="insufficient_scope"', 'scope="write"');
  }
  if (params.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  const { id } = params;
  const result = resultOf(params.method);
  const answer = result === undefined ? { error: { code: -32601, message: 'Unknown' } } : { result };
  response.writeHead(200, { 'content-type': 'application/json' });
  // A text id came as text, a number as JSON.
  response.end(JSON.stringify({ jsonrpc: '2.0', id: /^\d+$/.test(id) ? Number(id) : id, ...answer }));
};
