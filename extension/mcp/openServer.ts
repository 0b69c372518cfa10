/** Opens the connection to a server, if it is still exactly what was approved. */
import type { SetTimer } from '../core/approvals.ts';
import { type McpConfigs, McpError, type McpLog, type ResolvedTransport } from '../core/mcp.ts';
import type { McpDefinitions } from '../shared/mcp.ts';
import { tidyDefinitions } from './changes.ts';
import type { McpInputs } from './inputs.ts';
import type { Questions } from './questions.ts';
import { type Approved, type BookEntry, barWords, isApproved, type ServerBook } from './serverBook.ts';
import type { Attempt, Opened } from './serverRun.ts';
import type { McpConnect, McpConnection, McpEra, McpHandlers, McpRecords, McpSignIns } from './types.ts';
import { unlessAborted, withLimit } from './waits.ts';

/** Milliseconds from the first byte until its tools are listed. */
export const openLimit = 90_000;
/** What a server spoke longer ago is found out anew. */
const eraLimit = 7 * 24 * 3_600_000;
/** Files that change all the time are not waited for. */
const mostLooks = 20;

export interface OpenPorts {
  readonly configs: Pick<McpConfigs, 'resolve'>;
  readonly book: ServerBook;
  readonly records: McpRecords;
  readonly inputs: McpInputs;
  readonly connect: McpConnect;
  readonly signIns: McpSignIns;
  readonly questions: Questions;
  readonly log: McpLog;
  /** Counts what has changed of files, decisions, trust and folders. */
  version(): number;
  /** @throws McpError once the window is being closed, which counts as such a change */
  assertOpen(): void;
  isTrusted(): boolean;
  roots: McpHandlers['roots'];
  now(): number;
  readonly setTimer: SetTimer;
  readonly listChanged: (connection: McpConnection, what: 'resources' | 'prompts') => void;
}

/** @throws McpError where it may not run now, or is another one than `hash` names */
export const asApproved = (entry: BookEntry, hash: string): Approved => {
  const { name, bar } = entry;
  if (bar !== undefined) throw new McpError(barWords(name, bar));
  if (!isApproved(entry) || entry.hash !== hash) {
    throw new McpError(barWords(name, { kind: 'unapproved', hasChanged: true }));
  }
  return entry;
};

/** Tokens are kept for the address. */
export const remoteOf = (name: string, transport: ResolvedTransport) => {
  if (transport.type === 'stdio') return undefined;
  const { url, headers, oauth } = transport;
  return { name, url, headers, ...(oauth === undefined ? {} : { oauth }) };
};

export const createOpen = (ports: OpenPorts) => {
  const { configs, book, records, inputs, signIns, now, setTimer } = ports;

  /** What is to be connected to, and when it was last seen that this is what was approved. */
  const prepare = async (name: string, { hash, isPersonHere }: Attempt, signal: AbortSignal) => {
    const { config } = asApproved(await book.named(name), hash);
    const reader = inputs.reader(config, isPersonHere);
    const transport = await unlessAborted(configs.resolve(config, reader), signal);
    const remote = remoteOf(name, transport);
    const auth = remote === undefined ? undefined : await unlessAborted(signIns.provider(remote), signal);
    // Typing a value may take long: it must be the same still.
    const version = ports.version();
    const entry = asApproved(await book.named(name), hash);
    signal.throwIfAborted();
    ports.assertOpen();
    return { entry, transport, auth, version };
  };

  const keep = async (hash: string, live: McpDefinitions, era: McpEra): Promise<void> => {
    await records.change(hash, (record) => {
      // What was not approved is not made so by having been started.
      if (record === undefined) throw new McpError('Its approval has been taken back meanwhile.');
      return {
        ...record,
        definitions: record.definitions ?? live,
        // The day counts on which it was really found out.
        ...(record.era?.kind === era.kind && era.at - record.era.at < eraLimit ? {} : { era }),
      };
    });
  };

  return async (name: string, attempt: Attempt, signal: AbortSignal): Promise<Opened> => {
    let prepared = await prepare(name, attempt, signal);
    for (let look = 1; prepared.version !== ports.version(); look += 1) {
      if (look === mostLooks) {
        throw new McpError(
          `The MCP server ${name} was not started: its configuration changes all the time. Start it again.`,
        );
      }
      prepared = await prepare(name, attempt, signal);
    }
    // Nothing is waited for from here until it is connected to: what is started is what was looked at.
    const { entry, transport, auth } = prepared;
    const { config, record, hash } = entry;
    const write = (...[level, text]: Parameters<McpHandlers['log']>): void =>
      ports.log.write(name, level, text);
    let connection: McpConnection | undefined;
    const handlers: McpHandlers = {
      ...ports.questions.handlers(attempt, {
        allowsSampling: record.allowsSampling,
        isSamplingAllowed: async () => (await records.get(hash))?.allowsSampling === true,
        log: write,
      }),
      roots: () => (ports.isTrusted() ? ports.roots() : []),
      log: write,
      listChanged: (what) => {
        if (what === 'tools') attempt.toolsChanged();
        else if (connection !== undefined) ports.listChanged(connection, what);
      },
    };
    const { era } = record;
    const words = `The MCP server ${name} was not ready within ${openLimit / 1_000} s. Look at its log, and restart it.`;
    const opening = async (inner: AbortSignal): Promise<Opened> => {
      const opened = await ports.connect(
        {
          name,
          transport,
          protocol: config.protocol,
          ...(era !== undefined && now() - era.at < eraLimit ? { prior: era } : {}),
          ...(auth === undefined ? {} : { auth }),
          handlers,
        },
        inner,
      );
      connection = opened;
      try {
        inner.throwIfAborted();
        const { has, instructions, era: kind } = opened.facts;
        const tools = has.tools ? await unlessAborted(opened.listTools(inner), inner) : [];
        const live = tidyDefinitions({ ...(instructions === undefined ? {} : { instructions }), tools });
        await keep(hash, live, { kind, at: now() });
        inner.throwIfAborted();
        return { connection: opened, live, isProcess: transport.type === 'stdio' };
      } catch (error) {
        await opened.close();
        throw error;
      }
    };
    return withLimit(setTimer, openLimit, words, signal, (inner) => {
      const work = opening(inner);
      attempt.began(work);
      return work;
    });
  };
};
