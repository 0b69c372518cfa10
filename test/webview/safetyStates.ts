/** What the view shows of approvals, undo and budgets. */
import type { ErrorAction, ErrorKind } from '../../extension/shared/event.ts';
import {
  askedTogether,
  assistant,
  at,
  commandPrompt,
  diff,
  event,
  snapshot,
  start,
  step,
  stepItem,
  toolMessage,
  user,
} from './samples.ts';
import type { State } from './sessionStates.ts';

const question = user('u1', 'The date test fails on the 31st. Find out why, and fix it.');
const openJob = { job: { id: 'j1', startedAt: Date.now() - 95_000, isElsewhere: false } };
const usage = { input: 31_240, output: 2_180, cachedInput: 20_000, cacheWrite: 0, reasoning: 900 };
const totals = { usage, contextTokens: 12_410, costUsd: 0.0123, unpriced: 0 };

const run = step('w1', 'run_command', 'npm test -- date', 'execute', { command: 'npm test -- date' });
const edit = (id: string, path: string) => step(id, 'edit_file', path, 'write', { path });

const edited = stepItem(edit('e1', 'src/date.ts'), {
  diffs: [diff],
  decision: {
    approved: true,
    by: 'user',
    reason: 'dialog, always allowed: edits to src/** in this workspace',
  },
  undo: { files: 1, unknown: [] },
});

const built = stepItem(step('c1', 'run_command', 'npm run build', 'execute', { command: 'npm run build' }), {
  endedAt: start + 4_200,
  summary: 'exit code 0',
  decision: { approved: true, by: 'rule', reason: 'rule npm run build in this workspace' },
  undo: { files: 12, unknown: ['dist/large.bin', 'coverage/lcov.info'] },
  result: toolMessage('c1', 'built in 4 s'),
});

const undone = stepItem(edit('e2', 'src/calendar.ts'), {
  diffs: [{ ...diff, path: 'src/calendar.ts' }],
  decision: { approved: true, by: 'rule', reason: 'smart mode: edits inside the workspace run' },
  undo: { files: 1, unknown: [], undoneAt: start + 60_000 },
});

const lost = stepItem(step('c2', 'run_command', 'make', 'execute', { command: 'make' }), {
  summary: 'exit code 0',
  undo: { files: 0, unknown: ['a.out'] },
});

const work = [question, edited, built, undone, lost, assistant('a1', 'Fixed, and built.')];

const ended = (name: string, kind: ErrorKind, message: string, actions: readonly ErrorAction[]): State => ({
  name,
  messages: [
    snapshot(
      [
        question,
        edited,
        {
          id: 'n1',
          jobId: 'j1',
          kind: 'notice',
          at: start,
          notice: { kind: 'failed', error: { kind, message, actions } },
        },
      ],
      { ...totals, unpriced: 3 },
    ),
  ],
});

export const safetyStates: readonly State[] = [
  {
    name: 'approval-menu',
    messages: [
      snapshot([question], { ...totals, ...openJob }),
      event({
        ...at(2),
        type: 'ApprovalRequired',
        step: run,
        prompt: { ...commandPrompt, expiresAt: Date.now() + 4.5 * 60_000 },
      }),
    ],
    act: (shown) => shown.page.click('[data-test=offers]'),
  },
  {
    name: 'approval-group',
    messages: [
      snapshot([question], { ...totals, ...openJob }),
      ...askedTogether('src/date.ts', 'src/calendar.ts', 'test/date.test.ts'),
    ],
  },
  {
    name: 'approval-group-answered',
    messages: [
      snapshot([question], { ...totals, ...openJob }),
      ...askedTogether('src/date.ts', 'src/calendar.ts', 'test/date.test.ts'),
    ],
    act: async (shown) => {
      await shown.page.locator('[data-test=approve]').last().click();
      await shown.page.locator('[data-test=reason] input').first().fill('Not like this');
      await shown.page.click('[data-test=approve-all]');
    },
  },
  {
    name: 'undo',
    messages: [snapshot(work, totals, { mode: 'smart' })],
    act: (shown) => shown.page.hover('[data-item=e1]'),
  },
  {
    name: 'undo-open',
    messages: [snapshot(work, totals, { mode: 'autopilot' })],
    act: async (shown) => {
      const toggles = shown.page.locator('.step-toggle');
      for (let index = (await toggles.count()) - 1; index >= 0; index -= 1) await toggles.nth(index).click();
      await shown.page.locator('[data-test=restore-before]').first().focus();
    },
  },
  ended(
    'budget',
    'budget',
    'This chat has reached its limit of $1 a day. Everything so far is kept. Raise the limit to go on.',
    ['raiseBudget', 'openSettings'],
  ),
  ended(
    'repeating',
    'repeating',
    'The agent did the same thing 5 times in a row, so it was stopped. Everything so far is kept.',
    ['continue'],
  ),
  ended(
    'approval-expired',
    'approvalExpired',
    'Nobody answered within 30 minutes, so the step was not run. Continue, and the agent asks again.',
    ['continue'],
  ),
];
