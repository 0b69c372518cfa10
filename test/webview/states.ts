/** Every state the view can be in, by name: looked at by the accessibility test and by gallery.ts. */
import type { Shown } from './harness.ts';
import { mcpStates } from './mcpStates.ts';
import { safetyStates } from './safetyStates.ts';
import {
  assistant,
  at,
  commandPrompt,
  diff,
  event,
  jobStarted,
  patch,
  reply,
  snapshot,
  start,
  step,
  stepItem,
  token,
  toolMessage,
  user,
} from './samples.ts';
import { placeStates, type State, sessionStates } from './sessionStates.ts';
import { skillStates } from './skillStates.ts';

const question = user('u1', 'The date test fails on the 31st. Find out why, and fix it.');

const longAnswer = `The helper adds a month with \`setMonth\`, which **overflows**: from 31 January it lands on 3 March.

### What happens

1. \`addMonth\` in \`src/date.ts:14\` copies the date.
2. It calls \`setMonth(getMonth() + 1)\`:
   \`\`\`ts
   next.setMonth(next.getMonth() + 1); // 31 January + 1 month = 3 March
   \`\`\`
3. The test compares with 28 February.

\`\`\`typescript
import { daysInMonth } from './calendar';

/** The same day of the next month, or its last day. */
export const addMonth = (date: Date, count = 1): Date => {
  const next = new Date(date);
  const day = next.getDate();
  next.setDate(1);
  if (count === 0) return date;
  return new Date(\`\${next.getFullYear()}-01-\${day}\`);
};
\`\`\`

| case | before | after |
|:-----|:------:|------:|
| 31 January | 3 March | 28 February |
| 30 January | 2 March | 28 February |
| a rather long description of a case | x | y |

> Months without a 31st clamp to their last day.

- [x] read the test
- [ ] run it

See [the documentation](https://developer.mozilla.org/en-US/docs/Web/JavaScript) and [the helper](src/date.ts#L14).`;

const longCode = `\`\`\`python\n${Array.from({ length: 45 }, (_, index) => `print(${index})  # line ${index}`).join('\n')}\n\`\`\``;

const readSteps = ['src/date.ts', 'src/calendar.ts', 'test/date.test.ts'].map((path, index) =>
  stepItem(step(`r${index}`, 'read_file', path), { summary: '120 lines' }),
);

const edit = stepItem(
  step('e1', 'edit_file', 'src/date.ts', 'write', { path: 'src/date.ts', edits: [{ old: 'a', new: 'b' }] }),
  {
    diffs: [diff],
    summary: '+5 -2',
    decision: { approved: true, by: 'user', reason: 'for this session' },
    result: toolMessage('e1', 'Edited src/date.ts: 1 replacement.'),
  },
);

const run = stepItem(
  step('c1', 'run_command', 'npm test -- date', 'execute', { command: 'npm test -- date' }),
  {
    endedAt: start + 4_200,
    summary: 'exit code 0',
    decision: { approved: true, by: 'rule', reason: 'npm test in this workspace' },
    result: toolMessage('c1', '  date\n    ok addMonth clamps\n\n  12 passing (40ms)'),
  },
);

const thinkingItem = {
  id: 't1',
  jobId: 'j1',
  kind: 'assistant',
  streaming: false,
  thinkingMs: 4_200,
  message: reply('t1', 'I read the helper and the test.', {
    content: [
      {
        type: 'thinking',
        text: '**Looking at the helper**\n\nsetMonth overflows when the day does not exist.',
      },
      { type: 'text', text: 'I read the helper and the test.' },
    ],
  }),
} as const;

const usage = { input: 31_240, output: 2_180, cachedInput: 20_000, cacheWrite: 0, reasoning: 900 };
const totals = { usage, contextTokens: 12_410 };

const work = [
  question,
  thinkingItem,
  ...readSteps,
  edit,
  run,
  assistant('a2', 'Fixed: `addMonth` now clamps to the last day of the month. All 12 tests pass.'),
];

const openJob = { job: { id: 'j1', startedAt: Date.now() - 95_000, isElsewhere: false } };

const waitingStep = step('w1', 'run_command', 'npm test -- date', 'execute', { command: 'npm test -- date' });

const openEvery = async (shown: Shown, selector: string): Promise<void> => {
  // From the last, because opening one draws others below it.
  const count = await shown.page.locator(selector).count();
  for (let index = count - 1; index >= 0; index -= 1) await shown.page.locator(selector).nth(index).click();
};

export const states: readonly State[] = [
  { name: 'loading', messages: [] },
  {
    name: 'unreadable',
    messages: [
      snapshot(work, totals),
      {
        type: 'failed',
        message:
          'The chat could not be shown. The history could not be read. What was saved is kept, and so is what you have typed.',
      },
    ],
  },
  { name: 'empty', messages: [snapshot()] },
  { name: 'empty-demo', messages: [snapshot([], {}, { isDemo: true, modelLabel: 'Scripted demo' })] },
  { name: 'empty-no-key', messages: [snapshot([], {}, { hasKey: false })] },
  {
    name: 'empty-no-folder',
    messages: [snapshot([], {}, { folderName: undefined, suggestions: [] } as never)],
  },
  { name: 'empty-untrusted', messages: [snapshot([], {}, { isTrusted: false })] },
  {
    name: 'answer',
    messages: [snapshot([question, assistant('a1', longAnswer), assistant('a2', longCode)], totals)],
  },
  { name: 'work', messages: [snapshot(work, totals)] },
  {
    name: 'work-open',
    messages: [snapshot(work, totals)],
    act: (shown) => openEvery(shown, '.thinking-line, .step-toggle'),
  },
  {
    name: 'changed-files',
    messages: [snapshot(work, totals)],
    act: (shown) => shown.page.click('[data-test=changes]'),
  },
  {
    name: 'streaming',
    messages: [
      snapshot([]),
      jobStarted('u1', 'What does this project do?'),
      event({ ...at(1), type: 'Thinking', text: 'Let me look.' }),
      token('It parses dates.\n\n```ts\nconst x = 1;\n', 2_000),
    ],
  },
  {
    name: 'approval-command',
    messages: [
      snapshot([question, ...readSteps], { ...totals, ...openJob }),
      event({ ...at(2), type: 'ApprovalRequired', step: waitingStep, prompt: commandPrompt }),
    ],
  },
  {
    name: 'approval-edit',
    messages: [
      snapshot([question, thinkingItem], { ...totals, ...openJob }),
      event({
        ...at(2),
        type: 'ApprovalRequired',
        step: step('w2', 'edit_file', '.vscode/settings.json', 'write'),
        prompt: {
          title: 'Change .vscode/settings.json?',
          detail: '.vscode/settings.json: +5 -2',
          diffs: [{ ...diff, path: '.vscode/settings.json', patch: `${patch}\n${patch}`, omittedLines: 30 }],
          offers: [],
          reason: '.vscode is protected: it can make VS Code run things',
          isCautioned: true,
        },
      }),
    ],
  },
  {
    name: 'approval-long',
    messages: [
      snapshot([question], openJob),
      event({
        ...at(2),
        type: 'ApprovalRequired',
        step: waitingStep,
        prompt: {
          ...commandPrompt,
          detail: Array.from({ length: 40 }, (_, line) => `echo line ${line}`).join('\n'),
        },
      }),
    ],
  },
  {
    name: 'running',
    messages: [
      snapshot([question, ...readSteps, edit], {
        ...totals,
        job: { id: 'j1', startedAt: Date.now() - 75_000, isElsewhere: false },
      }),
      event({
        jobId: 'j1',
        at: Date.now() - 42_000,
        type: 'StepApproved',
        step: waitingStep,
        by: 'user',
        reason: '',
      }),
      event({
        ...at(4),
        type: 'StepProgress',
        stepId: 'w1',
        text: 'compiling\n  ok 1 addMonth\n  ok 2 daysInMonth\n  ok 3 leap years are handled, also those divisible by 400\n  ok 4 x\n',
      }),
    ],
  },
  {
    name: 'retrying',
    messages: [
      snapshot([question], { job: { id: 'j1', startedAt: Date.now() - 5_000, isElsewhere: false } }),
      event({
        jobId: 'j1',
        at: Date.now(),
        type: 'Retrying',
        attempt: 1,
        delayMs: 20_000,
        reason: 'Gemini asked to wait',
      }),
    ],
  },
  {
    name: 'failed',
    messages: [
      snapshot([
        question,
        ...(['failed', 'rejected', 'cancelled', 'interrupted'] as const).map((status) =>
          stepItem(
            step(`x-${status}`, 'run_command', 'npm run build', 'execute', { command: 'npm run build' }),
            {
              status,
              summary: status === 'failed' ? 'exit code 2' : '',
              ...(status === 'rejected' && {
                decision: {
                  approved: false,
                  by: 'user',
                  reason: 'Use pnpm, npm would write its own lock file',
                },
              }),
            },
          ),
        ),
        stepItem(step('own', 'mcp_weather_forecast', 'Vienna, next 7 days', 'network'), {
          summary: '7 days',
        }),
        {
          id: 'n1',
          jobId: 'j1',
          kind: 'notice',
          at: start,
          notice: {
            kind: 'failed',
            error: {
              kind: 'auth',
              message:
                'Gemini did not accept the API key. Your message is kept. Set another key, then try again.',
              actions: ['setKey', 'retry'],
            },
          },
        },
      ]),
    ],
  },
  {
    name: 'stopped',
    messages: [
      snapshot([
        question,
        assistant('a1', 'I will look at the'),
        { id: 'n0', jobId: 'j0', kind: 'notice', at: start, notice: { kind: 'cancelled' } },
        user('u2', 'Go on'),
        {
          id: 'n1',
          jobId: 'j1',
          kind: 'notice',
          at: start,
          notice: {
            kind: 'interrupted',
            error: {
              kind: 'interrupted',
              message:
                'The window closed while the agent was working. What it had done is kept. Continue, or ask something else.',
              actions: ['continue'],
            },
          },
        },
      ]),
    ],
  },
  {
    name: 'refused',
    messages: [
      snapshot(
        [question, assistant('a1', 'Done.')],
        {},
        {
          storageProblem:
            'The chat cannot be saved: another window is using it. Close that window, or copy your text.',
        },
      ),
    ],
    act: async (shown) => {
      await shown.page.fill('[data-test=composer]', 'A message that is kept\nwith a second line');
      await shown.page.keyboard.press('Enter');
      const { requestId } = await shown.posted('send');
      await shown.push({ type: 'refused', requestId, message: 'This chat is running in another window.' });
    },
  },
  ...safetyStates,
  ...skillStates,
  ...mcpStates,
  ...sessionStates,
  ...placeStates,
  {
    name: 'scrolled-up',
    messages: [
      snapshot(
        [question, assistant('a1', longAnswer), question, assistant('a2', longCode)].map((item, index) => ({
          ...item,
          id: `i${index}`,
        })),
        totals,
      ),
    ],
    act: async (shown) => {
      await shown.page.mouse.move(100, 200);
      await shown.page.mouse.wheel(0, -600);
      await shown.page.waitForSelector('[data-test=new-messages]');
      await shown.push(event({ ...at(1), type: 'TurnCompleted', message: reply('late', 'Something new.') }));
    },
  },
];
