import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelEvent } from '../../extension/core/provider.ts';
import type { TelegramStore } from '../../extension/core/telegramStore.ts';
import type { Tool } from '../../extension/core/tool.ts';
import { type Message, textOf } from '../../extension/shared/message.ts';
import { createLeases } from '../../extension/telegram/lease.ts';
import { createTelegramManager } from '../../extension/telegram/manager.ts';
import { house } from '../core/house.ts';
import { call, callReply, type ScriptedReply, textReply } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';

/** Says `Answer to: …`; for `run …` it calls the tool first, and for `wait` it answers only when it is stopped. */
export const obedient: ScriptedReply = async function* (request, signal): AsyncGenerator<ModelEvent> {
  const last = request.messages.at(-1);
  const said = textOf(lastUser(request.messages)?.content ?? []).trim();
  if (said === 'wait') {
    yield { type: 'text', text: 'Waiting' };
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
  if (said.startsWith('run ') && last?.role === 'user') {
    yield* callReply(call(`call-${request.messages.length}`, 'run_command', { command: said.slice(4) }));
    return;
  }
  const result = last?.role === 'tool' ? ` (${last.outcome})` : '';
  yield* textReply(`Answer to: ${said}${result}`);
};

const lastUser = (messages: readonly Message[]) => messages.findLast(({ role }) => role === 'user');

/** The core of a window with bots, on a Bot API at this address. */
export const startBots = async (options: {
  readonly apiRoot: string | (() => string);
  /** Of several windows: the same for all of them. */
  readonly leaseFolder?: string;
  readonly replies?: number;
  /** What all windows share, beside the folder of leases. */
  readonly shared?: { readonly telegram: TelegramStore; readonly tokens: Map<string, string> };
  /** Absent: one that every bot of the tests works in. */
  folders?(): readonly string[];
}) => {
  const folder = options.leaseFolder ?? (await mkdtemp(path.join(tmpdir(), 'anycowork-bots-')));
  const tool: Tool = fakeTool('run_command', {
    effect: 'execute',
    run: async () => output('it ran'),
  });
  const inside = house(
    Array.from({ length: options.replies ?? 1_000 }, () => obedient),
    [tool],
    {
      approvalExpiry: () => 600_000,
      now: Date.now,
    },
  );
  const tokens = options.shared?.tokens ?? new Map<string, string>();
  const manager = createTelegramManager({
    store: options.shared?.telegram ?? inside.store.telegram,
    history: inside.store,
    chats: inside.chats,
    jobs: inside.jobs,
    approvals: inside.approvals,
    agents: inside.agents,
    listModels: async () => [
      { id: 'fake', name: 'Fake' },
      { id: 'fake-large', name: 'Fake Large' },
    ],
    transcribe: async () => undefined,
    readWorkspaceFile: async (name) => ({ name, bytes: new TextEncoder().encode(name), kind: 'document' }),
    saveReceived: async (name) => `received/${name}`,
    leases: createLeases({
      folder,
      owner: `${process.pid}-${Math.random()}`,
      stateOf: () => 'unknown',
      place: () => 'the other window',
      // Beats of 30 ms: nobody waits here to see that one has ended.
      setTimer: (run, milliseconds) => {
        const timer = setTimeout(run, milliseconds / 100);
        return () => clearTimeout(timer);
      },
      now: Date.now,
      logError: (error) => void inside.errors.push(error),
    }),
    tokens: {
      get: async (id) => tokens.get(id),
      set: async (id, token) => void tokens.set(id, token),
      remove: async (id) => void tokens.delete(id),
    },
    apiRoot: () => (typeof options.apiRoot === 'string' ? options.apiRoot : options.apiRoot()),
    folders: options.folders ?? (() => ['/folder']),
    isTrusted: () => inside.folder.isTrusted,
    assumedPrice: () => ({ input: 5, output: 25 }),
    redact: (text) =>
      [...tokens.values()].reduce((clean, token) => clean.replaceAll(token, '[redacted]'), text),
    schedules: { list: async () => [], runNow: async () => undefined },
    rememberAutoStart: async () => undefined,
    onRunning: () => undefined,
    newId: () => crypto.randomUUID(),
    now: Date.now,
    logError: (error) => void inside.errors.push(error),
  });
  return {
    ...inside,
    manager,
    setToken: async (id: string, token: string) => void tokens.set(id, token),
    stop: async () => {
      await manager.close();
      await inside.jobs.close();
      inside.approvals.close();
      if (options.leaseFolder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Asks until there is an answer. @throws after 30 s */
export const eventually = async <T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> => {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
