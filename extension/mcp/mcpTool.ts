/** A tool of a server, as an ordinary step: asked about, run and shown as every other. */
import { createHash } from 'node:crypto';
import { McpError } from '../core/mcp.ts';
import { markedLines } from '../core/shownText.ts';
import { type PreparedStep, type StepAccess, type Tool, ToolError, type ToolOutput } from '../core/tool.ts';
import type { McpToolDefinition } from '../shared/mcp.ts';
import type { JsonObject, JsonValue } from '../shared/message.ts';
import { modelSchema } from './modelSchema.ts';
import { nameLine, plainText, serverTaint } from './plainText.ts';
import { outputOf, type ResultPorts } from './results.ts';
import type { McpConnection, McpProgress } from './types.ts';

/** Characters of a description that a model reads. */
const descriptionLimit = 8_000;
const shownArgumentsLength = 60;
const mostProgressLines = 1_000;

/** Of a server that a person has approved, one tool that they have accepted. */
export interface McpToolPorts extends ResultPorts {
  /** As it is configured. */
  readonly server: string;
  /** What is started or where it connects, without secrets: for the question. */
  readonly about: string;
  /** The accepted one. */
  readonly definition: McpToolDefinition;
  /** As `modelNames` says. */
  readonly modelName: string;
  /** Of the server's command or address: `McpConsent.hash`. */
  readonly serverHash: string;
  /** In milliseconds; progress begins it anew. */
  readonly callTimeoutMs: number;
  /** Whether the person said that what the server answers are their own words, at this moment. */
  isOwnWords(): boolean | Promise<boolean>;
  /**
   * A connection that lives, begun now where there is none.
   * @param emit what is going on meanwhile, a line each
   * @throws McpError, ToolError, the signal's reason
   */
  connection(signal: AbortSignal, emit: (text: string) => void): Promise<McpConnection>;
  /** Hash of the definition the connected server has now; undefined: it has no such tool any more. Asked once connected. */
  liveHash(): string | undefined | Promise<string | undefined>;
}

/** A step of it has `access.outside`. */
export interface McpTool extends Tool {
  readonly server: string;
  readonly definition: McpToolDefinition;
}

/** What rules are bound to: another command, address or definition is another tool. */
export const outsideHash = (serverHash: string, definitionHash: string): string =>
  createHash('sha256')
    .update(JSON.stringify([serverHash, definitionHash]))
    .digest('hex');

/** `50 % copying`; empty where nothing is said. */
export const progressLine = ({ progress, total, message }: McpProgress): string => {
  const part =
    total !== undefined && total > 0 && Number.isFinite(progress / total)
      ? `${Math.round(Math.min(1, Math.max(0, progress / total)) * 100)} %`
      : '';
  const text = message === undefined ? '' : nameLine(plainText(message), 200);
  return (
    [part, text].filter((each) => each !== '').join(' ') || (Number.isFinite(progress) ? `${progress}` : '')
  );
};

/** Passes on what is new, a line each, and not without end. */
const progressLines = (emit: (text: string) => void): ((progress: McpProgress) => void) => {
  let last = '';
  let count = 0;
  return (progress) => {
    const line = progressLine(progress);
    if (line === '' || line === last || count > mostProgressLines) return;
    last = line;
    count += 1;
    emit(count > mostProgressLines ? '(more progress is not shown)\n' : `${line}\n`);
  };
};

const valueText = (value: JsonValue): string =>
  typeof value === 'string' ? value : JSON.stringify(value).slice(0, 1_000);

/** `city: Paris, days: 3`, as much of it as a line holds. */
const argumentsText = (input: JsonObject): string =>
  nameLine(
    Object.entries(input)
      .slice(0, 10)
      .map(([name, value]) => `${name}: ${valueText(value).slice(0, 1_000)}`)
      .join(', '),
    shownArgumentsLength,
  );

/** What a server says of its tool stands in the question, and neither answers it nor takes an answer away. */
const hintLines = ({ hints }: McpToolDefinition): readonly string[] =>
  [
    ...(hints.destructive === true ? ['it may destroy or overwrite things'] : []),
    ...(hints.readOnly === true ? ['it only reads (nobody has checked that)'] : []),
    ...(hints.openWorld === true ? ['it reaches out to others, such as the internet'] : []),
    ...(hints.idempotent === true ? ['doing it again changes nothing more (nobody has checked that)'] : []),
  ].map((text) => `The server says: ${text}`);

const detailOf = ({ server, about, definition }: McpToolPorts, input: JsonObject): string =>
  [
    `The tool ${nameLine(definition.name)} of the MCP server ${nameLine(server)}`,
    ...(definition.title === undefined || definition.title === definition.name
      ? []
      : [`The server calls it: ${nameLine(definition.title)}`]),
    `Server: ${nameLine(about, 2_000)}`,
    `Input:\n${markedLines(JSON.stringify(input, undefined, 2))}`,
    ...hintLines(definition),
    'What it changes cannot be undone from here.',
  ].join('\n\n');

const descriptionOf = ({ server, definition }: McpToolPorts): string => {
  const text = plainText(definition.description.slice(0, 2 * descriptionLimit)).trim();
  const cut =
    text.length <= descriptionLimit ? text : `${text.slice(0, descriptionLimit - 1)}…`.toWellFormed();
  return cut === '' ? `The tool ${nameLine(definition.name)} of the MCP server ${nameLine(server)}.` : cut;
};

const checkLive = async ({ server, definition, liveHash }: McpToolPorts): Promise<void> => {
  const live = await liveHash();
  if (live === definition.hash) return;
  const name = `${nameLine(definition.name)} of the MCP server ${nameLine(server)}`;
  throw new ToolError(
    live === undefined
      ? `The server has no tool ${nameLine(definition.name)} any more. Go on without it, or tell the person.`
      : `The tool ${name} is not the one that the person accepted: the server has changed it. It was not called, and is hidden until the person has looked at the change under MCP Servers. Go on without it, or tell them.`,
  );
};

const runOf =
  (ports: McpToolPorts, input: JsonObject): PreparedStep['run'] =>
  async (signal, emit): Promise<ToolOutput> => {
    signal.throwIfAborted();
    const { server, definition, callTimeoutMs: timeoutMs } = ports;
    const ends = async (output: Omit<ToolOutput, 'taint'>): Promise<ToolOutput> =>
      (await ports.isOwnWords()) ? output : { ...output, taint: serverTaint(server) };
    try {
      const connection = await ports.connection(signal, emit);
      await checkLive(ports);
      signal.throwIfAborted();
      const onProgress = progressLines(emit);
      const result = await connection.callTool(
        { name: definition.name, input, timeoutMs, onProgress },
        signal,
      );
      return await ends(await outputOf(definition.name, result, ports));
    } catch (error) {
      if (signal.aborted || !(error instanceof McpError)) throw error;
      // No ToolError: it may have the server's words in it, and then what comes behind has to know.
      const text = plainText(error.message);
      return ends({ content: [{ type: 'text', text }], isError: true, summary: 'failed', diffs: [] });
    }
  };

export const createMcpTool = (ports: McpToolPorts): McpTool => {
  const { server, definition, modelName, serverHash } = ports;
  const called = `${nameLine(definition.name, 80)} (${nameLine(server, 60)})`;
  const access: StepAccess = {
    paths: [],
    outside: { server, definition: outsideHash(serverHash, definition.hash) },
  };
  return {
    server,
    definition,
    spec: {
      name: modelName,
      description: descriptionOf(ports),
      inputSchema: modelSchema(definition.inputSchema),
    },
    prepare: async (input, signal) => {
      signal.throwIfAborted();
      const shown = argumentsText(input);
      return {
        title: shown === '' ? called : `${called} ${shown}`,
        effect: 'network',
        targets: [called],
        access,
        approval: { title: `Use ${called}?`, detail: detailOf(ports, input), diffs: [] },
        changes: [],
        run: runOf(ports, input),
      };
    },
  };
};
