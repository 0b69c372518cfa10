/** States of the list of chats, and of a chat that is not simply looked at at its end: see states.ts. */
import type { ToWebviewBody } from '../../extension/shared/protocol.ts';
import type { Shown } from './harness.ts';
import {
  assistant,
  commandPrompt,
  foundIn,
  hit,
  session,
  sessionsOf,
  snapshot,
  step,
  stepItem,
  user,
} from './samples.ts';

export interface State {
  readonly name: string;
  readonly messages: readonly ToWebviewBody[];
  /** What the person does then. */
  readonly act?: (shown: Shown) => Promise<void>;
}

const hour = 3_600_000;
const day = 24 * hour;
const ago = (time: number) => ({ updatedAt: Date.now() - time });

const flaky = session('s1', 'Fix the flaky date test', { status: 'waiting', ...ago(60_000) });
const monad = session('s6', 'What is a monad', { folder: '', status: 'interrupted', ...ago(40 * day) });
const sessions = [
  session('s0', 'How we release', { isPinned: true, ...ago(9 * day) }),
  flaky,
  session('s2', 'Add a script that checks the types and runs before every commit', {
    status: 'running',
    ...ago(2 * hour),
  }),
  session('s3', 'Explain the calendar module', ago(1.2 * day)),
  session('s4', 'Rename everything', { status: 'failed', ...ago(1.3 * day) }),
  session('s5', 'Look at the deployment', { folder: '/home/ada/website', ...ago(3 * day) }),
  monad,
];
const archived = [
  session('a1', 'Fix the flaky date test (before the edit of 12:30)', { shelf: 'archived', ...ago(hour) }),
  session('a2', 'Try the new bundler', { shelf: 'archived', ...ago(20 * day) }),
];
const deleted = [
  session('d1', 'Notes about nothing much, in a chat with a long title', { shelf: 'deleted', ...ago(hour) }),
  session('d2', 'A test', { shelf: 'deleted', ...ago(5 * day) }),
];

const talk = (count: number, from: number) =>
  Array.from({ length: count }, (_, index) => {
    const row = from + index;
    return index % 2 === 0
      ? user(`i${row}`, `Question ${row}`, row)
      : assistant(
          `i${row}`,
          'An answer that takes a line or two of a narrow sidebar, as most do. '.repeat(3),
          row,
        );
  });

const chat = snapshot([
  user('u1', 'The date test fails on the 31st.', 1),
  assistant('a1', 'It overflows.', 2),
]);
const listed = [chat, { type: 'showSessions' }, sessionsOf(sessions)] as const;

const found = [
  foundIn(
    flaky,
    [
      hit(12, 'user', 'The date test fails on the 31st. Find out why.', 'date', flaky.updatedAt),
      hit(14, 'assistant', '…The helper adds a month to the date with setMonth, which overflows…', 'date'),
      hit(15, 'step', '…src/date.ts: export const addMonth = (date: Date): Date => {…', 'date'),
    ],
    { titleRanges: [[14, 18]], moreHits: 4 },
  ),
  foundIn(
    { ...session('a2', 'Update the bundler', { shelf: 'archived' }), ...ago(20 * day) },
    [hit(3, 'assistant', '…every dependency is up to date now.', 'date')],
    { titleRanges: [[2, 6]] },
  ),
];

const search = async (shown: Shown, text: string): Promise<string> => {
  await shown.page.fill('[data-test=search]', text);
  return (await shown.posted('search')).requestId;
};

export const sessionStates: readonly State[] = [
  { name: 'sessions', messages: listed },
  { name: 'sessions-none', messages: [chat, { type: 'showSessions' }, sessionsOf([])] },
  {
    name: 'sessions-focus',
    messages: [chat, { type: 'showSessions' }, sessionsOf(sessions, 'active', true)],
    act: async ({ page }) => {
      for (let press = 0; press < 3; press += 1) await page.keyboard.press('ArrowDown');
    },
  },
  {
    name: 'sessions-found',
    messages: listed,
    act: async (shown) => {
      const requestId = await search(shown, 'date');
      await shown.push({
        type: 'found',
        requestId,
        isFirst: true,
        sessions: found,
        isDone: false,
        hasMore: false,
      });
      await shown.page.keyboard.press('ArrowDown');
      await shown.page.keyboard.press('ArrowDown');
    },
  },
  {
    name: 'sessions-nothing-found',
    messages: listed,
    act: async (shown) => {
      const requestId = await search(shown, 'xylophone');
      await shown.push({
        type: 'found',
        requestId,
        isFirst: true,
        sessions: [],
        isDone: true,
        hasMore: false,
      });
    },
  },
  {
    name: 'sessions-search-failed',
    messages: listed,
    act: async (shown) => {
      const requestId = await search(shown, 'date');
      await shown.push({
        type: 'searchFailed',
        requestId,
        message: 'The chats could not be searched: the history is damaged.',
      });
    },
  },
  {
    name: 'sessions-archive',
    messages: listed,
    act: async (shown) => {
      await shown.page.click('[data-test=shelf-archived]');
      await shown.push(sessionsOf(archived, 'archived'));
      await shown.page.locator('[data-test=session]').first().hover();
    },
  },
  {
    name: 'sessions-deleted',
    messages: listed,
    act: async (shown) => {
      await shown.page.click('[data-test=shelf-deleted]');
      await shown.push(sessionsOf(deleted, 'deleted'));
    },
  },
  {
    name: 'sessions-rename',
    messages: listed,
    act: async ({ page }) => {
      for (let press = 0; press < 3; press += 1) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('F2');
    },
  },
  {
    name: 'sessions-undo',
    messages: listed,
    act: async ({ page }) => {
      for (let press = 0; press < 3; press += 1) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Delete');
      await page.waitForSelector('[data-test=undo-bar]');
    },
  },
];

const open = { id: 'j1', startedAt: Date.now() - 95_000, isElsewhere: true };

/** Of the chat itself. */
export const placeStates: readonly State[] = [
  {
    name: 'editing',
    messages: [chat],
    act: async ({ page }) => {
      await page.hover('[data-test=user]');
      await page.getByRole('button', { name: 'Edit and send again' }).click();
      await page.waitForSelector('[data-test=editing]');
    },
  },
  {
    name: 'message-actions',
    messages: [chat],
    act: ({ page }) => page.hover('[data-test=assistant]'),
  },
  {
    name: 'title-edit',
    messages: [chat],
    act: ({ page }) => page.dblclick('[data-test=title]'),
  },
  {
    name: 'middle',
    messages: [
      { ...snapshot(talk(100, 5_000), { hasOlder: true, hasNewer: true }), focusRow: 5_050 } as ToWebviewBody,
    ],
  },
  {
    name: 'elsewhere',
    messages: [
      snapshot(
        [
          user('u1', 'Run the tests', 1),
          stepItem(
            step('w1', 'run_command', 'npm test -- date', 'execute', { command: 'npm test -- date' }),
            {
              status: 'running',
              startedAt: Date.now() - 42_000,
            },
          ),
        ],
        { job: open },
      ),
    ],
  },
  {
    name: 'elsewhere-waiting',
    messages: [
      snapshot(
        [
          user('u1', 'Run the tests', 1),
          stepItem(
            step('w1', 'run_command', 'npm test -- date', 'execute', { command: 'npm test -- date' }),
            {
              status: 'waiting',
              prompt: commandPrompt,
            },
          ),
        ],
        { job: open },
      ),
    ],
  },
  {
    name: 'untrusted',
    messages: [snapshot([user('u1', 'Hi', 1), assistant('a1', 'Hello.', 2)], {}, { isTrusted: false })],
  },
  {
    name: 'archived',
    messages: [snapshot([user('u1', 'Hi', 1), assistant('a1', 'Hello.', 2)], {}, { shelf: 'archived' })],
  },
  {
    name: 'deleted',
    messages: [snapshot([user('u1', 'Hi', 1), assistant('a1', 'Hello.', 2)], {}, { shelf: 'deleted' })],
  },
];
