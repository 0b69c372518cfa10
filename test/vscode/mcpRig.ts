/** Commands of MCP servers with servers, files and other programs on paper. */
import assert from 'node:assert/strict';
import {
  type McpConsent,
  McpError,
  type McpImportSource,
  type McpServers,
  type McpTarget,
  type McpTemplate,
} from '../../extension/core/mcp.ts';
import type {
  McpInput,
  McpPendingChange,
  McpPlace,
  McpServerConfig,
  McpServerInfo,
  McpState,
} from '../../extension/shared/mcp.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { listenIn } from './askSupport.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createMcpCommands } = await loadWithVscode(() => import('../../extension/vscode/mcpCommands.ts'));
const { createMcpSignInAsk } = await loadWithVscode(() => import('../../extension/vscode/mcpSignIn.ts'));

const files: Record<McpPlace, readonly [file: string, label: string]> = {
  anycowork: ['/home/me/shop/.anycowork/mcp.json', '.anycowork/mcp.json'],
  vscode: ['/home/me/shop/.vscode/mcp.json', '.vscode/mcp.json'],
  project: ['/home/me/shop/.mcp.json', '.mcp.json'],
  user: ['/home/me/.config/mcp.json', 'your servers'],
};

export const folder = '/home/me/shop';

export const mcpInput: McpInput = { id: 'token', description: 'Token', isSecret: true };

export const tool = (
  name: string,
  more: Partial<McpServerInfo['tools'][number]> = {},
): McpServerInfo['tools'][number] => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
  hints: {},
  hash: `hash of ${name}`,
  modelName: `memory__${name}`,
  isEnabled: true,
  flags: [],
  ...more,
});

export const change = (name: string, more: Partial<McpPendingChange> = {}): McpPendingChange => ({
  kind: 'changed',
  what: { tool: name },
  before: 'a',
  after: 'b',
  flags: [],
  ...more,
});

export const server = (
  name: string,
  {
    place = 'user',
    ...more
  }: Partial<McpServerInfo> & {
    readonly place?: McpPlace;
    readonly transport?: McpServerConfig['transport'];
    readonly inputs?: readonly McpInput[];
  } = {},
): McpServerInfo => {
  const { transport, inputs = [], ...info } = more;
  const [file, label] = files[place];
  const source = { place, file, label, line: 3, ...(place === 'user' ? {} : { folder }) };
  return {
    name,
    source,
    state: { kind: 'stopped' },
    config: {
      name,
      source,
      transport: transport ?? { type: 'stdio', command: 'npx', args: ['-y', name], env: {} },
      protocol: '2025',
      callTimeoutMs: 600_000,
      inputs,
    },
    tools: [],
    pending: [],
    resources: 0,
    prompts: 0,
    isOwnWords: false,
    allowsSampling: false,
    isSignedIn: false,
    ...info,
  };
};

export const remote = (name: string, more: Parameters<typeof server>[1] = {}): McpServerInfo =>
  server(name, { transport: { type: 'http', url: `https://${name}.example/mcp`, headers: {} }, ...more });

const unused = async (): Promise<never> => assert.fail('No command of these asks for this.');

export const fakeMcp = (given: readonly McpServerInfo[]) => {
  const listeners = new Set<() => void>();
  const calls: (readonly unknown[])[] = [];
  const state = {
    all: given,
    pendingHash: 'pending-1',
    /** What starting does, besides being on record. */
    start: async (_name: string, _signal?: AbortSignal): Promise<void> => undefined,
    signIn: async (_name: string, _signal: AbortSignal): Promise<void> => undefined,
    consent: {
      hash: 'h',
      facts: ['npx -y memory', 'Folder: /home/me/shop'],
      warnings: ['npx fetches the newest version at each start'],
    } as McpConsent,
  };
  const note =
    <A extends readonly unknown[]>(name: string) =>
    async (...values: A): Promise<void> =>
      void calls.push([name, ...values]);
  const servers: McpServers = {
    list: async () => state.all,
    onChange: listenIn(listeners),
    consent: async () => state.consent,
    start: async (name, signal) => {
      calls.push(['start', name]);
      await state.start(name, signal);
    },
    stop: note('stop'),
    restart: note('restart'),
    setEnabled: note('setEnabled'),
    setToolEnabled: note('setToolEnabled'),
    setOwnWords: note('setOwnWords'),
    setAllowsSampling: note('setAllowsSampling'),
    acceptChanges: note('acceptChanges'),
    pendingHash: async () => state.pendingHash,
    signIn: async (name, signal) => {
      calls.push(['signIn', name]);
      await state.signIn(name, signal);
    },
    signOut: note('signOut'),
    forgetInputs: note('forgetInputs'),
    tools: unused,
    instructionsText: unused,
    resources: unused,
    complete: unused,
    readResource: unused,
    prompts: unused,
    promptArguments: unused,
    getPrompt: unused,
    close: unused,
  };
  return {
    servers,
    calls,
    state,
    listeners,
    changed: (...all: readonly McpServerInfo[]) => {
      state.all = all;
      for (const listener of listeners) listener();
    },
  };
};

export const template: McpTemplate = {
  id: 'memory',
  label: 'Memory',
  description: 'A knowledge graph in a file.',
  needs: 'Node.js',
  name: 'memory',
  entry: { command: 'npx', args: ['-y', 'server-memory'], env: { KEY: `\${input:key}` } },
  inputs: [{ type: 'promptString', id: 'key', description: 'A key', password: true }],
};

export const mcpRig = (
  given: readonly McpServerInfo[] = [],
  options: {
    readonly imports?: readonly McpImportSource[];
    readonly folders?: readonly { readonly name: string; readonly path: string }[];
    readonly isTrusted?: boolean;
    readonly isWindows?: boolean;
    readonly userFile?: string;
    /** Names that cannot be saved. */
    readonly unsavable?: readonly string[];
  } = {},
) => {
  const fake = fakeMcp(given);
  const { servers } = fake;
  const saved: {
    readonly target: McpTarget;
    readonly name: string;
    readonly entry: JsonObject;
    readonly inputs: readonly JsonObject[];
  }[] = [];
  const removed: (readonly unknown[])[] = [];
  const kept: (readonly unknown[])[] = [];
  const logs: string[] = [];
  const texts: (readonly [title: string, text: string])[] = [];
  const shownChanges: (readonly [name: string, hash: string])[] = [];
  const counts = { refreshed: 0 };
  const showLog = (name: string): void => void logs.push(name);
  const ports = {
    servers,
    configs: {
      save: async (
        target: McpTarget,
        name: string,
        entry: JsonObject,
        inputs: readonly JsonObject[] = [],
      ) => {
        if (options.unsavable?.includes(name) === true) throw new McpError('The file is not valid JSON.');
        saved.push({ target, name, entry, inputs });
        return server(name).source;
      },
      remove: async (source: object, name: string) => void removed.push([Reflect.get(source, 'file'), name]),
    },
    templates: [template],
    isWindows: options.isWindows ?? false,
    findImports: async () => options.imports ?? [],
    keepInput: async (...values: readonly unknown[]) => void kept.push(values),
    userFile: options.userFile ?? '/home/me/.config/mcp.json',
    folders: () => options.folders ?? [{ name: 'shop', path: folder }],
    isTrusted: () => options.isTrusted ?? true,
    signIns: createMcpSignInAsk({ servers, showLog }),
    showChanges: async ({ name }: McpServerInfo, hash: string) => void shownChanges.push([name, hash]),
    showText: async (title: string, text: string) => void texts.push([title, text]),
    showLog,
    refresh: () => {
      counts.refreshed += 1;
    },
    logError: assert.fail,
  };
  return {
    ...fake,
    ports,
    commands: createMcpCommands(ports),
    saved,
    removed,
    kept,
    logs,
    texts,
    shownChanges,
    counts,
  };
};

/** Every state there is. */
export const mcpStates: readonly McpState[] = [
  { kind: 'invalid', problem: '`args` has to be a list of strings: line 7.' },
  { kind: 'shadowed', by: '.vscode/mcp.json' },
  { kind: 'untrusted' },
  { kind: 'disabled' },
  { kind: 'unapproved', hasChanged: false },
  { kind: 'unapproved', hasChanged: true },
  { kind: 'stopped' },
  { kind: 'starting' },
  { kind: 'ready', protocolVersion: '2025-11-25' },
  { kind: 'signIn' },
  { kind: 'failed', reason: 'It ended with exit code 1.\nMore of it.' },
];
