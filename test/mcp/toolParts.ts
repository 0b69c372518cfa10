/** Definitions, connections and ports for the tests of MCP tools. */
import { createMcpTool, type McpTool, type McpToolPorts } from '../../extension/mcp/mcpTool.ts';
import type { ResultPorts } from '../../extension/mcp/results.ts';
import type { McpCallResult, McpConnection, McpContent } from '../../extension/mcp/types.ts';
import type { McpToolDefinition } from '../../extension/shared/mcp.ts';

export const definition = (more: Partial<McpToolDefinition> = {}): McpToolDefinition => ({
  name: 'read_graph',
  description: 'Reads the whole graph.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  hints: {},
  hash: 'd1',
  ...more,
});

export const resultOf = (...content: readonly McpContent[]): McpCallResult => ({ content, isError: false });
export const textResult = (text: string): McpCallResult => resultOf({ type: 'text', text });

export const fakeFiles = (): ResultPorts & {
  readonly spilled: string[];
  readonly saved: { readonly name: string; readonly bytes: Uint8Array }[];
} => {
  const spilled: string[] = [];
  const saved: { name: string; bytes: Uint8Array }[] = [];
  return {
    spilled,
    saved,
    spill: async (text) => `/kept/output-${spilled.push(text)}.log`,
    saveFile: async (name, bytes) => {
      saved.push({ name, bytes });
      return `/kept/${name}`;
    },
  };
};

type CallTool = McpConnection['callTool'];

/** Answers calls and nothing else. */
export const connectionOf = (callTool: CallTool): McpConnection => {
  const none = (): never => {
    throw new Error('not asked in these tests');
  };
  return {
    facts: {
      protocolVersion: '2025-11-25',
      era: 'legacy',
      has: { tools: true, resources: false, prompts: false, completions: false },
    },
    closed: new Promise(() => undefined),
    listTools: none,
    callTool,
    listResources: none,
    listTemplates: none,
    readResource: none,
    listPrompts: none,
    getPrompt: none,
    complete: none,
    rootsChanged: () => undefined,
    close: async () => undefined,
  };
};

export const toolOf = (more: Partial<McpToolPorts> & { readonly call?: CallTool } = {}): McpTool => {
  const { call = async () => textResult('done'), ...ports } = more;
  const accepted = ports.definition ?? definition();
  return createMcpTool({
    server: 'memory',
    about: 'npx -y server-memory',
    definition: accepted,
    modelName: `memory__${accepted.name}`,
    serverHash: 's1',
    callTimeoutMs: 600_000,
    isOwnWords: () => false,
    connection: async () => connectionOf(call),
    liveHash: () => accepted.hash,
    ...fakeFiles(),
    ...ports,
  });
};
