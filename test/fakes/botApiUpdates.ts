/** The updates of one bot: kept until a poll names a higher offset, given to one poll at a time. */
export type FakeUpdate = Readonly<Record<string, unknown>> & { readonly update_id: number };

export interface FakePoll {
  readonly offset: number;
  readonly limit: number;
  readonly allowed?: readonly string[];
  answer(updates: readonly FakeUpdate[]): void;
  /** Another poll has come. */
  conflict(): void;
}

/** What getUpdates leaves out unless it is asked for. */
const unasked = new Set(['chat_member', 'message_reaction', 'message_reaction_count']);

export const createUpdates = (firstId: number) => {
  let nextId = firstId;
  let committed = 0;
  let waiting: FakeUpdate[] = [];
  let again: FakeUpdate[] = [];
  const all = new Map<number, FakeUpdate>();
  let allowed: readonly string[] = [];
  let hanging: FakePoll | undefined;

  const isAllowed = (update: FakeUpdate): boolean =>
    Object.keys(update).every(
      (kind) => kind === 'update_id' || (allowed.length === 0 ? !unasked.has(kind) : allowed.includes(kind)),
    );

  const take = (poll: FakePoll): readonly FakeUpdate[] => {
    const taken = [...again, ...waiting].slice(0, poll.limit);
    again = again.filter((update) => !taken.includes(update));
    return taken;
  };

  const wake = (): void => {
    const poll = hanging;
    if (poll === undefined) return;
    const taken = take(poll);
    if (taken.length === 0) return;
    hanging = undefined;
    poll.answer(taken);
  };

  return {
    committed: () => committed,
    pending: () => waiting.map((update) => update.update_id),
    polls: () => (hanging === undefined ? 0 : 1),
    endPolls: (): void => {
      const poll = hanging;
      hanging = undefined;
      poll?.answer([]);
    },
    add: (content: object): number => {
      const update: FakeUpdate = { update_id: nextId, ...content };
      nextId = update.update_id + 1;
      all.set(update.update_id, update);
      if (isAllowed(update)) waiting.push(update);
      wake();
      return update.update_id;
    },
    redeliver: (updateId: number): void => {
      const update = all.get(updateId);
      if (update === undefined) throw new Error(`No update ${updateId}`);
      // One that no poll has confirmed comes anyway, and never before those that came before it.
      if (!waiting.includes(update)) again.push(update);
      wake();
    },
    expire: (): void => {
      waiting = [];
    },
    /** @returns ends it unanswered: its time is over, or its connection */
    poll: (poll: FakePoll): (() => void) => {
      hanging?.conflict();
      hanging = undefined;
      if (poll.allowed !== undefined) allowed = poll.allowed;
      if (poll.offset < 0) waiting = waiting.slice(poll.offset);
      else {
        committed = Math.max(committed, poll.offset);
        waiting = waiting.filter((update) => update.update_id >= poll.offset);
      }
      hanging = poll;
      wake();
      return () => {
        if (hanging === poll) hanging = undefined;
      };
    },
  };
};
