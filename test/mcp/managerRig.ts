/** The manager with everything around it in memory, and time that passes when it is told to. */
import { createHash } from 'node:crypto';
import type {
  McpConfigs,
  McpElicitation,
  McpFormAnswer,
  McpPeople,
  McpSampling,
  SecretBox,
} from '../../extension/core/mcp.ts';
import { McpError } from '../../extension/core/mcp.ts';
import type { Tool, ToolOutput } from '../../extension/core/tool.ts';
import { createMcpServers } from '../../extension/mcp/manager.ts';
import type { McpManager } from '../../extension/mcp/managerPorts.ts';
import type { McpConnectRequest, McpRecord, McpRecords, McpSignIns } from '../../extension/mcp/types.ts';
import { unlessAborted } from '../../extension/mcp/waits.ts';
import { type Agent, defaultExecution } from '../../extension/shared/agent.ts';
import type { NewAuditEntry } from '../../extension/shared/audit.ts';
import type {
  McpConfigProblem,
  McpInput,
  McpServerConfig,
  McpServerInfo,
  McpSource,
} from '../../extension/shared/mcp.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { atRest, createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeServer, type FakeServer, fakeConnect } from './fakeConnection.ts';

export const agent = (mcpServers: Agent['mcpServers'] = 'all'): Agent => ({
  id: 'agent',
  name: 'Agent',
  instructions: '',
  model: { provider: 'openai', model: 'm' },
  tools: 'all',
  skills: 'all',
  mcpServers,
  execution: defaultExecution,
  createdAt: 0,
  updatedAt: 0,
});

export const here = { sessionId: 'chat', isAway: false };
export const away = { sessionId: 'phone', isAway: true };
export const manyTokens = 1_000_000;

export const userSource: McpSource = {
  place: 'user',
  file: '/user/mcp.json',
  label: 'your servers',
  line: 1,
};
export const folderSource: McpSource = {
  place: 'vscode',
  file: '/w/.vscode/mcp.json',
  label: '.vscode/mcp.json',
  folder: '/w',
  line: 3,
};

export const stdioConfig = (name: string, more: Partial<McpServerConfig> = {}): McpServerConfig => ({
  name,
  source: userSource,
  transport: { type: 'stdio', command: name, args: ['--stdio'], env: {} },
  protocol: '2025',
  callTimeoutMs: 600_000,
  inputs: [],
  ...more,
});

export const remoteConfig = (name: string, more: Partial<McpServerConfig> = {}): McpServerConfig =>
  stdioConfig(name, {
    transport: { type: 'http', url: `https://${name}.example/mcp`, headers: {} },
    protocol: 'auto',
    ...more,
  });

export const consentHash = ({ name, source, transport }: McpServerConfig): string =>
  createHash('sha256')
    .update(JSON.stringify([name, source.place, source.folder ?? '', transport]))
    .digest('hex');

/** What windows share. */
export const memoryRecords = (pause: () => Promise<void> = async () => undefined) => {
  const kept = new Map<string, McpRecord>();
  const disabled = new Set<string>();
  const lastHashes = new Map<string, string>();
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const records: McpRecords = {
    get: async (hash) => {
      await pause();
      const record = kept.get(hash);
      await pause();
      return record;
    },
    change: async (hash, change) => {
      await pause();
      const before = kept.get(hash);
      const after = change(before);
      kept.set(hash, after);
      if (JSON.stringify(before) !== JSON.stringify(after)) tell();
    },
    isDisabled: async (key) => disabled.has(key),
    setDisabled: async (key, isDisabled) => {
      if (isDisabled) disabled.add(key);
      else disabled.delete(key);
      tell();
    },
    lastHash: async (key) => lastHashes.get(key),
    setLastHash: async (key, hash) => {
      lastHashes.set(key, hash);
      tell();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => listeners.clear(),
  };
  return { ...records, kept };
};
export type MemoryRecords = ReturnType<typeof memoryRecords>;

export interface Rig {
  readonly clock: FakeClock;
  readonly manager: McpManager;
  readonly records: MemoryRecords;
  readonly servers: Map<string, FakeServer>;
  server(name: string): FakeServer;
  /** The files say this now. */
  configure(configs: readonly McpServerConfig[], problems?: readonly McpConfigProblem[]): void;
  config(name: string): McpServerConfig | undefined;
  isTrusted: boolean;
  roots: { uri: string; name: string }[];
  /** Answers of the person, and what they were asked. */
  approve: (name: string, facts: readonly string[], hasChanged: boolean) => boolean | Promise<boolean>;
  input: (server: string, input: McpInput) => string | undefined | Promise<string | undefined>;
  elicit: (request: McpElicitation, signal: AbortSignal) => Promise<McpFormAnswer>;
  sample: (
    request: McpSampling,
    signal: AbortSignal,
  ) => Promise<{ readonly text: string; readonly model: string } | undefined>;
  signIns: { signedIn: Set<string>; calls: string[]; fail?: Error; wait?: Promise<void> };
  readonly approvals: { name: string; facts: readonly string[]; hasChanged: boolean }[];
  readonly questions: string[];
  readonly secrets: Map<string, string>;
  /** Texts that were kept as no secrets. */
  readonly plain: Set<string>;
  readonly audits: NewAuditEntry[];
  readonly log: string[];
  readonly errors: unknown[];
  readonly changes: number;
  onConnect: (request: McpConnectRequest) => void;
  /** How long the record of decisions takes. */
  onAudit: () => Promise<void>;
  info(name: string): Promise<McpServerInfo>;
  /** The state in a word, with its reason. */
  state(name: string): Promise<string>;
  toolNames(of?: Agent): Promise<readonly string[]>;
  tool(modelName: string, caller?: typeof here): Promise<Tool>;
  call(modelName: string, input?: JsonObject, caller?: typeof here): Promise<ToolOutput>;
}

export interface RigOptions {
  readonly configs?: readonly McpServerConfig[];
  readonly clock?: FakeClock;
  readonly records?: MemoryRecords;
  readonly servers?: Map<string, FakeServer>;
  /** How long files take. */
  readonly pause?: () => Promise<void>;
}

export const textOf = ({ content }: ToolOutput): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('\n');

export const runTool = async (
  tool: Tool,
  input: JsonObject = {},
  signal = new AbortController().signal,
  emit: (text: string) => void = () => undefined,
): Promise<ToolOutput> => (await tool.prepare(input, signal)).run(signal, emit);

export const createRig = (options: RigOptions = {}): Rig => {
  const clock = options.clock ?? createFakeClock();
  const records = options.records ?? memoryRecords();
  const pause = options.pause ?? (async () => undefined);
  const servers = options.servers ?? new Map<string, FakeServer>();
  let configured = options.configs ?? [stdioConfig('memory')];
  let problems: readonly McpConfigProblem[] = [];
  const configListeners = new Set<() => void>();
  const secrets = new Map<string, string>();
  const plain = new Set<string>();
  let changes = 0;

  const configs: McpConfigs = {
    read: async () => ({ servers: configured, problems }),
    onChange: (listener) => {
      configListeners.add(listener);
      return () => configListeners.delete(listener);
    },
    consent: async (config) => {
      await pause();
      if (config.name === 'broken') throw new McpError('The variable X is not set.');
      return { hash: consentHash(config), facts: [JSON.stringify(config.transport)], warnings: [] };
    },
    resolve: async ({ transport, inputs }, ask) => {
      await pause();
      const values: Record<string, string> = {};
      for (const input of inputs) values[input.id] = (await ask(input)) ?? '';
      if (transport.type !== 'stdio') return transport;
      const { command, args, env } = transport;
      return { type: 'stdio', command, args, env: { ...env, ...values }, cwd: '/w' };
    },
    save: async () => userSource,
    remove: async () => undefined,
    close: () => undefined,
  };
  const people: McpPeople = {
    approveServer: async (name, _source, { facts }, hasChanged) => {
      rig.approvals.push({ name, facts, hasChanged });
      return rig.approve(name, facts, hasChanged);
    },
    askInput: async (server, input) => {
      rig.questions.push(`${server}: ${input.id}`);
      return rig.input(server, input);
    },
    elicit: (request, signal) => {
      rig.questions.push(`elicit: ${request.message}`);
      return rig.elicit(request, signal);
    },
    sample: (request, signal) => {
      rig.questions.push(`sample: ${request.server}`);
      return rig.sample(request, signal);
    },
    openBrowser: async () => true,
    externalUrl: async (url) => url,
  };
  const box: SecretBox = {
    get: async (key) => secrets.get(key),
    set: async (key, text, isPlain) => {
      secrets.set(key, text);
      if (isPlain === true) plain.add(text);
    },
    delete: async (key) => void secrets.delete(key),
  };
  const signIns: McpSignIns = {
    provider: async () => ({
      token: async () => undefined,
      onUnauthorized: async () => undefined,
      stepUp: () => new McpError('no'),
    }),
    signIn: async ({ name }, signal) => {
      signal.throwIfAborted();
      rig.signIns.calls.push(`in ${name}`);
      if (rig.signIns.fail !== undefined) throw rig.signIns.fail;
      if (rig.signIns.wait !== undefined) await unlessAborted(rig.signIns.wait, signal);
      rig.signIns.signedIn.add(name);
    },
    signOut: async ({ name }) => {
      rig.signIns.calls.push(`out ${name}`);
      rig.signIns.signedIn.delete(name);
    },
    isSignedIn: async ({ name }) => rig.signIns.signedIn.has(name),
  };
  const server = (name: string): FakeServer => {
    const known = servers.get(name) ?? createFakeServer();
    servers.set(name, known);
    return known;
  };
  for (const { name } of configured) server(name);

  const manager = createMcpServers({
    configs,
    records,
    connect: fakeConnect(servers, (request) => rig.onConnect(request)),
    signIns,
    people,
    secrets: box,
    log: { write: (name, level, text) => rig.log.push(`${name} ${level}: ${text}`) },
    isTrusted: () => rig.isTrusted,
    roots: () => rig.roots,
    audit: async (entry) => {
      rig.audits.push(entry);
      await rig.onAudit();
    },
    redact: (text) => text.replaceAll('hunter2hunter2', '[redacted]'),
    spill: async () => '/spill',
    saveFile: async (name) => `/files/${name}`,
    now: clock.now,
    setTimer: clock.setTimer,
    logError: (error) => rig.errors.push(error),
  });
  manager.onChange(() => {
    changes += 1;
  });

  const toolsOf = (of: Agent, caller: typeof here) => manager.tools(of, caller, manyTokens);
  const rig: Rig = {
    clock,
    manager,
    records,
    servers,
    server,
    configure: (next, wrong = []) => {
      configured = next;
      problems = wrong;
      for (const { name } of configured) server(name);
      for (const listener of [...configListeners]) listener();
    },
    config: (name) => configured.find((config) => config.name === name),
    isTrusted: true,
    roots: [],
    approve: () => true,
    input: () => undefined,
    elicit: async () => ({ action: 'accept', content: {} }),
    sample: async () => ({ text: 'an answer', model: 'm' }),
    signIns: { signedIn: new Set(), calls: [] },
    approvals: [],
    questions: [],
    secrets,
    plain,
    audits: [],
    log: [],
    errors: [],
    get changes() {
      return changes;
    },
    onConnect: () => undefined,
    onAudit: async () => undefined,
    info: async (name) => {
      const found = (await manager.list()).find((info) => info.name === name);
      if (found === undefined) throw new Error(`${name} is not in the list`);
      return found;
    },
    state: async (name) => {
      const { state } = await rig.info(name);
      return state.kind === 'failed' ? `failed: ${state.reason}` : state.kind;
    },
    toolNames: async (of = agent()) => {
      const tools = await toolsOf(of, here);
      await atRest();
      return tools.map(({ spec }) => spec.name);
    },
    tool: async (modelName, caller = here) => {
      const found = (await toolsOf(agent(), caller)).find(({ spec }) => spec.name === modelName);
      if (found === undefined) throw new Error(`${modelName} is not offered`);
      return found;
    },
    call: async (modelName, input = {}, caller = here) => runTool(await rig.tool(modelName, caller), input),
  };
  return rig;
};
