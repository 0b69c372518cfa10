// node test/mcp/conformance/client.ts URL: the client under test of the conformance suite, which says in the environment
// what it plays. It drives the product's own connection and sign-in code and does what a person and a model would do.
import process from 'node:process';
import * as z from 'zod';
import { type McpFormField, McpSignInError, type SecretBox } from '../../../extension/core/mcp.ts';
import { createMcpConnect } from '../../../extension/mcp/connect.ts';
import { createMcpSignIns } from '../../../extension/mcp/signIns.ts';
import type { McpConnection, McpHandlers } from '../../../extension/mcp/types.ts';
import type { McpToolDefinition } from '../../../extension/shared/mcp.ts';
import type { JsonObject, JsonValue } from '../../../extension/shared/message.ts';

/** The suite knows its document by this address. */
const clientMetadataUrl = 'https://conformance-test.local/client-metadata.json';
const signInLimit = 3;
const limit = AbortSignal.timeout(50_000);

const contextSchema = z.looseObject({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  toolCalls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.json()) })).optional(),
});
const context = contextSchema.parse(JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}'));
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const url = process.argv[2] ?? '';

const kept = new Map<string, string>();
const secrets: SecretBox = {
  get: async (key) => kept.get(key),
  set: async (key, text) => {
    kept.set(key, text);
  },
  delete: async (key) => {
    kept.delete(key);
  },
};

/** Consents at once, as the suite's pages do, and follows where they send it. */
const browse = async (page: string): Promise<void> => {
  let next: string | null = page;
  for (let hops = 0; next !== null && hops < 5; hops += 1) {
    const response: Response = await fetch(next, { redirect: 'manual', signal: limit });
    await response.body?.cancel();
    const location = response.headers.get('location');
    next = location === null ? null : new URL(location, next).href;
  }
};

const say = (text: string): void => console.error(text);
const signIns = createMcpSignIns({
  secrets,
  openBrowser: async (page) => {
    browse(page).catch((error: unknown) => say(`browser: ${String(error)}`));
    return true;
  },
  externalUrl: async (callback) => callback,
  clientMetadataUrl: () => clientMetadataUrl,
  now: Date.now,
  log: (text) => say(`sign-in: ${text}`),
});

/** What is in a form already; a plain yes where it asks for no more. */
const answerOf = (field: McpFormField): readonly [string, JsonValue][] => {
  if (field.default !== undefined) {
    const value = typeof field.default === 'object' ? [...field.default] : field.default;
    return [[field.key, value]];
  }
  return field.kind.type === 'boolean' ? [[field.key, true]] : [];
};

const handlers: McpHandlers = {
  elicit: async (request) =>
    request.kind === 'form'
      ? { action: 'accept', content: Object.fromEntries(request.fields.flatMap(answerOf)) }
      : { action: 'decline' },
  sample: async () => ({ text: 'An answer.', model: 'a-model' }),
  roots: () => [{ uri: 'file:///workspace', name: 'workspace' }],
  log: (level, text) => say(`${level}: ${text}`),
  listChanged: (what) => say(`changed: ${what}`),
};

const resetOf = z.object({ cause: z.object({ code: z.enum(['ECONNRESET', 'UND_ERR_SOCKET']) }) });

/**
 * All the suite's servers live in one process: when that is busy, they close sockets as idle whose requests they have not
 * read. Such a request is sent once more, as no server has seen it.
 */
const patientFetch = async (target: string | URL, init?: RequestInit): Promise<Response> => {
  try {
    return await fetch(target, init);
  } catch (error) {
    if (!resetOf.safeParse(error).success) throw error;
    say(`sent again: ${String(target)}`);
    return await fetch(target, init);
  }
};

const connect = createMcpConnect({
  fetch: patientFetch,
  startProcess: () => {
    throw new Error('No scenario starts a process.');
  },
  clientInfo: { name: 'AnyCowork', version: '0.0.0' },
  now: Date.now,
});

const { client_id: clientId, client_secret: clientSecret } = context;
const oauth = {
  ...(clientId === undefined ? {} : { clientId }),
  ...(clientSecret === undefined ? {} : { clientSecret }),
};
const server = {
  name: 'conformance',
  url,
  headers: {},
  ...(Object.keys(oauth).length === 0 ? {} : { oauth }),
};

/** Signs in where that is asked for, and begins again on a fresh connection, as the product does. */
const withConnection = async (work: (connection: McpConnection) => Promise<void>): Promise<void> => {
  for (let signedIn = 0; ; signedIn += 1) {
    let connection: McpConnection | undefined;
    try {
      const auth = await signIns.provider(server);
      connection = await connect(
        { name: server.name, transport: { type: 'http', ...server }, protocol: 'auto', auth, handlers },
        limit,
      );
      say(`connected: ${connection.facts.protocolVersion}`);
      return await work(connection);
    } catch (error) {
      if (!(error instanceof McpSignInError) || signedIn >= signInLimit) throw error;
      await signIns.signIn(server, limit);
    } finally {
      await connection?.close();
    }
  }
};

const call = async (connection: McpConnection, name: string, input: JsonObject): Promise<void> => {
  const result = await connection.callTool({ name, input, timeoutMs: 15_000, onProgress: () => {} }, limit);
  say(`${name}: ${JSON.stringify(result)}`);
};

const inputOf = (name: string, tools: readonly McpToolDefinition[]): JsonObject => {
  if (name === 'add_numbers') return { a: 5, b: 3 };
  const rich = tools.find((tool) => tool.name === 'json_schema_2020_12_tool');
  return name === 'json_schema_echo' && rich !== undefined ? { schema: rich.inputSchema } : {};
};

/** Uses all that the server offers, once. */
const useAll = async (connection: McpConnection): Promise<void> => {
  const tools = await connection.listTools(limit);
  const calls = context.toolCalls ?? tools.map(({ name }) => ({ name, arguments: inputOf(name, tools) }));
  for (const { name, arguments: input } of calls) await call(connection, name, input);
  for (const resource of await connection.listResources(limit))
    await connection.readResource(resource.uri, limit);
  for (const prompt of await connection.listPrompts(limit))
    await connection.getPrompt(prompt.name, {}, limit);
};

try {
  await withConnection(useAll);
  process.exit(0);
} catch (error) {
  say(`${scenario}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  process.exit(1);
}
