/** Lists that change: notifications of a server, gathered. */
import type { Client } from '@modelcontextprotocol/client';

const debounce = 200;
const leastPause = 1_000;
const listenPauses = [1_000, 5_000, 30_000, 120_000] as const;
const ackLimit = 10_000;
const lasting = 5_000;

export type ListKind = 'tools' | 'resources' | 'prompts';

export interface ChangesPorts {
  readonly client: Client;
  readonly tell: (what: ListKind) => void;
  readonly log: (text: string) => void;
  /** Of the connection. */
  readonly signal: AbortSignal;
}

/** Tells 200 ms after the last of several, 1 s after the first at the latest, and at most once a second. */
export const createGatherer = (tell: () => void, signal: AbortSignal): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  let first = 0;
  let told = Number.NEGATIVE_INFINITY;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return () => {
    if (signal.aborted) return;
    const now = performance.now();
    if (timer === undefined) first = now;
    clearTimeout(timer);
    const due = Math.max(Math.min(now + debounce, first + leastPause), told + leastPause);
    timer = setTimeout(
      () => {
        timer = undefined;
        told = performance.now();
        tell();
      },
      Math.max(0, due - now),
    );
  };
};

/** On 2026-07-28 a server tells of changes only to those who listen. */
const listen = async (ports: ChangesPorts, gather: Readonly<Record<ListKind, () => void>>): Promise<void> => {
  const { client, signal } = ports;
  const has = client.getServerCapabilities();
  const told = kinds.filter((kind) => has?.[kind]?.listChanged === true);
  if (told.length === 0) return;
  const filter = Object.fromEntries(told.map((kind) => [`${kind}ListChanged`, true]));
  let failures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      const subscription = await client.listen(filter, { timeout: ackLimit, signal });
      if ((await subscription.closed) === 'local') return;
      // What has lasted begins anew.
      if (performance.now() - began > lasting) failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      ports.log(`Changes of its lists are not told: ${String(error)}`);
    }
    const pause = listenPauses[failures];
    if (pause === undefined) return;
    failures += 1;
    await sleep(pause, signal);
    // Something may have changed meanwhile.
    for (const kind of told) gather[kind]();
  }
};
const kinds: readonly ListKind[] = ['tools', 'resources', 'prompts'];

const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });

/** Before the client is connected. @returns begins to listen, once it is */
export const followChanges = (ports: ChangesPorts): (() => void) => {
  const { client, signal } = ports;
  const gather = {
    tools: createGatherer(() => ports.tell('tools'), signal),
    resources: createGatherer(() => ports.tell('resources'), signal),
    prompts: createGatherer(() => ports.tell('prompts'), signal),
  };
  client.setNotificationHandler('notifications/tools/list_changed', () => gather.tools());
  client.setNotificationHandler('notifications/resources/list_changed', () => gather.resources());
  client.setNotificationHandler('notifications/prompts/list_changed', () => gather.prompts());
  return () => {
    if (client.getProtocolEra() === 'modern') void listen(ports, gather);
  };
};
