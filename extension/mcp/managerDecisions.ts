/** What a person decides about a server: each is on record before it counts. */
import { McpError, type McpServers } from '../core/mcp.ts';
import { createOneAtATime } from '../core/oneAtATime.ts';
import type { McpDefinitions, McpServerConfig } from '../shared/mcp.ts';
import { changeHash } from './changes.ts';
import { mcpEntry } from './managerAudit.ts';
import type { ManagerBase } from './managerBase.ts';
import { asApproved, remoteOf } from './openServer.ts';
import { type Approved, type BookEntry, barWords, isApproved } from './serverBook.ts';
import type { McpRecord, RemoteServer } from './types.ts';
import { unlessAborted } from './waits.ts';

/** A configuration that changes each time it is asked about is not started. */
const mostQuestions = 5;

export type Decisions = Pick<
  McpServers,
  | 'consent'
  | 'start'
  | 'stop'
  | 'restart'
  | 'setEnabled'
  | 'setToolEnabled'
  | 'setOwnWords'
  | 'setAllowsSampling'
  | 'acceptChanges'
  | 'pendingHash'
  | 'signIn'
  | 'signOut'
  | 'forgetInputs'
> & {
  /** Tokens of the server are kept. */
  isSignedIn(entry: BookEntry): Promise<boolean>;
};

/** For the record of decisions: variables stand in it as they are written. */
const whatRuns = ({ transport }: McpServerConfig): object =>
  transport.type === 'stdio'
    ? { command: transport.command, args: transport.args, cwd: transport.cwd }
    : { url: transport.url };

export const createDecisions = (base: ManagerBase): Decisions => {
  const { ports, book, inputs, runOf } = base;
  const { configs, records, people, signIns, now, redact } = ports;
  const inTurn = createOneAtATime();

  const audit = (
    entry: BookEntry,
    what: string,
    about: object = {},
    outcome?: 'approved' | 'changed',
  ): Promise<void> => {
    const { detail, ...rest } = mcpEntry(now(), entry, what, about, outcome);
    return ports.audit({ ...rest, detail: redact(detail) });
  };

  /** Of one that has been approved, whether or not it may run just now. @throws McpError */
  const decided = async (
    name: string,
  ): Promise<BookEntry & { readonly hash: string; readonly record: McpRecord }> => {
    const entry = await book.named(name);
    const { hash, record, bar } = entry;
    if (hash === undefined || record === undefined) {
      throw new McpError(barWords(name, bar ?? { kind: 'unapproved', hasChanged: false }));
    }
    return { ...entry, hash, record };
  };

  const changeRecord = (hash: string, change: (record: McpRecord) => McpRecord): Promise<void> =>
    records.change(hash, (record) => {
      if (record === undefined) {
        throw new McpError('The approval of this server has been taken back meanwhile: start it again.');
      }
      return change(record);
    });

  const askToApprove = async (name: string): Promise<Approved> => {
    for (let question = 0; question < mostQuestions; question += 1) {
      const entry = await book.named(name);
      if (isApproved(entry)) return entry;
      const { bar, config, source, key } = entry;
      if (bar?.kind !== 'unapproved') {
        throw new McpError(barWords(name, bar ?? { kind: 'unapproved', hasChanged: true }));
      }
      const consent = await configs.consent(config);
      if (!(await people.approveServer(name, source, consent, bar.hasChanged))) {
        throw new McpError(`The MCP server ${name} was not approved, and not started.`);
      }
      // What is started is what was shown: where it is another one by now, that is shown.
      const shown = await book.named(name);
      if (shown.hash !== consent.hash || shown.key !== key) continue;
      await audit(shown, 'approved', whatRuns(config), 'approved');
      await records.change(consent.hash, (record) => ({
        isOwnWords: false,
        allowsSampling: false,
        disabledTools: [],
        ...record,
        name,
        approvedAt: now(),
      }));
      await records.setLastHash(key, consent.hash);
      const kept = await book.named(name);
      if (kept.hash === consent.hash) return asApproved(kept, consent.hash);
    }
    throw new McpError(
      `The MCP server ${name} was not started: what it starts or connects to changes each time you are asked about it. Look at ${(await book.named(name)).source.label}.`,
    );
  };

  /** Asked about where that is needed. */
  const toRun = async (name: string, signal: AbortSignal | undefined): Promise<Approved> => {
    base.closing.throwIfAborted();
    const entry = await book.named(name);
    if (isApproved(entry)) return entry;
    return unlessAborted(
      inTurn(() => {
        signal?.throwIfAborted();
        return unlessAborted(askToApprove(name), signal);
      }),
      signal,
    );
  };

  const remote = async (
    config: McpServerConfig,
    isPersonHere: boolean,
    signal?: AbortSignal,
  ): Promise<RemoteServer | undefined> => {
    if (config.transport.type === 'stdio') return undefined;
    const resolved = configs.resolve(config, inputs.reader(config, isPersonHere));
    return remoteOf(config.name, await unlessAborted(resolved, signal));
  };
  const remoteOnly = (name: string, server: RemoteServer | undefined): RemoteServer => {
    if (server !== undefined) return server;
    throw new McpError(
      `The MCP server ${name} is a program on this computer: there is nothing to sign in at.`,
    );
  };

  /** What is there now, where it is not what was accepted. */
  const differing = ({ key, name, hash, record }: BookEntry): McpDefinitions | undefined => {
    if (hash === undefined || record?.definitions === undefined) return undefined;
    return runOf({ key, name }).live(hash);
  };

  const start: Decisions['start'] = async (name, signal) => {
    const entry = await toRun(name, signal);
    await runOf(entry).start(entry.hash, signal);
  };
  const restart = async (name: string, why: string, signal?: AbortSignal): Promise<void> => {
    await runOf(await book.named(name)).stop(why);
    await start(name, signal);
  };

  return {
    consent: async (name) => configs.consent((await book.named(name)).config),
    start,
    stop: async (name) => runOf(await book.named(name)).stop('was stopped by the person', true),
    restart: (name) => restart(name, 'is restarted'),
    setEnabled: async (name, isEnabled) => {
      const entry = await book.named(name);
      await audit(entry, isEnabled ? 'enabled' : 'disabled');
      await records.setDisabled(entry.key, !isEnabled);
      if (!isEnabled) await runOf(entry).stop('was stopped: it is disabled');
      base.changed();
    },
    setToolEnabled: async (name, tool, isEnabled) => {
      const entry = await decided(name);
      const known = [...(entry.record.definitions?.tools ?? []), ...(differing(entry)?.tools ?? [])];
      if (!known.some((each) => each.name === tool) && !entry.record.disabledTools.includes(tool)) {
        throw new McpError(`The MCP server ${name} has no tool ${tool}.`);
      }
      await audit(entry, `the tool ${tool} turned ${isEnabled ? 'on' : 'off'}`);
      await changeRecord(entry.hash, (record) => {
        const others = record.disabledTools.filter((each) => each !== tool);
        return { ...record, disabledTools: isEnabled ? others : [...others, tool].sort() };
      });
      base.changed();
    },
    setOwnWords: async (name, isOwnWords) => {
      const entry = await decided(name);
      await audit(
        entry,
        isOwnWords ? 'what it answers counts as own words' : 'what it answers counts as words of others',
      );
      await changeRecord(entry.hash, (record) => ({ ...record, isOwnWords }));
      base.changed();
    },
    setAllowsSampling: async (name, allows) => {
      const entry = await decided(name);
      await audit(
        entry,
        allows ? 'may ask for answers of the model' : 'may not ask for answers of the model',
      );
      await changeRecord(entry.hash, (record) => ({ ...record, allowsSampling: allows }));
      base.changed();
      // A server hears when it is connected to whether it may. One that works is not disturbed for that.
      const run = runOf(entry);
      const session = run.session();
      if (allows === entry.record.allowsSampling || session === undefined || session.calls.size > 0) return;
      await run.stop('is restarted, since what it may ask for has changed');
      base.beginSoon(await base.approved(name));
    },
    pendingHash: async (name) => {
      const entry = await book.named(name);
      return changeHash(entry.hash ?? '', entry.record?.definitions, differing(entry));
    },
    acceptChanges: async (name, hash) => {
      const entry = await decided(name);
      const live = differing(entry);
      const changedAgain = (): McpError =>
        new McpError(
          `What the MCP server ${name} offers has changed again since you looked: nothing was accepted. Look at it again.`,
        );
      if (live === undefined || changeHash(entry.hash, entry.record.definitions, live) !== hash)
        throw changedAgain();
      const tools = live.tools.map((tool) => ({ name: tool.name, hash: tool.hash }));
      await audit(entry, 'its changes were accepted', { tools }, 'approved');
      await changeRecord(entry.hash, (record) => {
        // Another window, or the server, may have been faster than the record.
        if (changeHash(entry.hash, record.definitions, differing(entry)) !== hash) throw changedAgain();
        return { ...record, definitions: live };
      });
      base.changed();
    },
    signIn: async (name, signal) => {
      const entry = await toRun(name, signal);
      const server = remoteOnly(name, await remote(entry.config, true, signal));
      // The address is the one that was approved.
      asApproved(await book.named(name), entry.hash);
      await signIns.signIn(server, AbortSignal.any([signal, base.closing]));
      await audit(entry, 'signed in', whatRuns(entry.config));
      await restart(name, 'is restarted after the sign-in', signal);
    },
    signOut: async (name) => {
      const entry = await book.named(name);
      const server = remoteOnly(name, await remote(entry.config, false));
      await audit(entry, 'signed out', whatRuns(entry.config));
      await signIns.signOut(server);
      await runOf(entry).stop('was stopped: you signed out', true);
      base.changed();
    },
    forgetInputs: async (name) => {
      await inputs.forget((await book.named(name)).config);
      base.log.write(name, 'info', 'The values that were typed for it were forgotten.');
      base.changed();
    },
    isSignedIn: async ({ config, bar }) => {
      if (config === undefined || bar?.kind === 'untrusted' || bar?.kind === 'invalid') return false;
      try {
        const server = await remote(config, false);
        return server !== undefined && (await signIns.isSignedIn(server));
      } catch {
        // A value is missing: then nobody has signed in with it.
        return false;
      }
    },
  };
};
