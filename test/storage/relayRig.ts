import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Relay } from '../../extension/core/relay.ts';
import { type ChatState, emptyChat, reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { createRelay, type RelayOptions } from '../../extension/storage/relay.ts';
import { model, uniqueName } from './support.ts';

export interface Window {
  readonly relay: Relay;
  readonly errors: unknown[];
}

/** Windows on one folder, which are closed and gone after each test. */
export const windows = (context: Mocha.Suite) => {
  let folder = '';
  const opened: Relay[] = [];
  context.beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'anycowork-relay-'));
  });
  context.afterEach(async () => {
    await Promise.all(opened.splice(0).map((relay) => relay.close()));
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder: () => folder,
    file: (name: string) => path.join(folder, 'live', name),
    open: (changes: Partial<RelayOptions> = {}): Window => {
      const errors: unknown[] = [];
      const relay = createRelay({
        folder,
        ownerId: uniqueName(),
        place: () => 'team-calendar',
        newId: uniqueName,
        now: Date.now,
        logError: (error) => errors.push(error),
        ...changes,
      });
      opened.push(relay);
      return { relay, errors };
    },
  };
};

/** Looks again until it is true. */
export const eventually = async (what: string, isTrue: () => boolean, patience = 30_000): Promise<void> => {
  const deadline = performance.now() + patience;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain: ${what}`);
    await pause(5);
  }
};

export interface Follower {
  readonly events: AgentEvent[];
  readonly state: () => ChatState;
  readonly isLost: () => boolean;
  readonly following: Awaited<ReturnType<Relay['follow']>>;
}

/** Follows a job as soon as there is anything of it. */
export const followed = async ({ relay }: Window, jobId: string): Promise<Follower> => {
  const events: AgentEvent[] = [];
  let state = emptyChat('', model);
  let isLost = false;
  const listener = {
    onEvent: (event: AgentEvent) => {
      events.push(event);
      state = reduceChat(state, event);
    },
    onLost: () => {
      isLost = true;
    },
  };
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const following = await relay.follow(jobId, listener);
    if (following !== undefined) return { events, state: () => state, isLost: () => isLost, following };
    await pause(10);
  }
  throw new Error(`There is nothing to follow of ${jobId}`);
};

export const token = (jobId: string, text: string, at = 10): AgentEvent => ({
  type: 'Token',
  jobId,
  at,
  text,
});
