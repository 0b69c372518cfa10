import assert from 'node:assert/strict';
import { reduceChat, type StepRecord, type StepStatus } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { verbOf } from '../../extension/shared/toolVerb.ts';
import { addChanges, changesOf, totalsOf } from '../../webview/changes.ts';
import {
  clock,
  dayLabel,
  duration,
  exactCost,
  exactNumber,
  plural,
  relativeTime,
  shortCost,
  shortNumber,
} from '../../webview/format.ts';
import { isMarkdown } from '../../webview/isMarkdown.ts';
import { groupSessions } from '../../webview/sessions.ts';
import { activityOf, decisionText, diffTitle, isToldByDiff, statusText } from '../../webview/words.ts';
import { at, chat, commandPrompt, diff, session, start, step, stepItem, user } from './samples.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

describe('webview numbers and times', () => {
  const tables: readonly (readonly [
    string,
    (value: number) => string,
    readonly (readonly [number, string])[],
  ])[] = [
    [
      'short numbers',
      shortNumber,
      [
        [0, '0'],
        [999, '999'],
        [1_000, '1k'],
        [1_240, '1.2k'],
        [9_949, '9.9k'],
        [9_950, '10k'],
        [31_240, '31k'],
        [999_499, '999k'],
        [999_500, '1M'],
        [1_440_000, '1.4M'],
      ],
    ],
    [
      'costs',
      shortCost,
      [
        [0, '$0'],
        [0.0004, '<$0.001'],
        [0.0043, '$0.004'],
        [0.0094, '$0.009'],
        [0.0096, '$0.01'],
        [0.0123, '$0.01'],
        [1.234, '$1.23'],
        [99.994, '$99.99'],
        [123.4, '$123'],
        [1_234, '$1,234'],
      ],
    ],
    [
      'exact costs',
      exactCost,
      [
        [0, '$0'],
        [0.0123, '$0.0123'],
        [0.000004, '$0.000004'],
        [1.5, '$1.50'],
        [1_234.5, '$1,234.50'],
      ],
    ],
    [
      'durations',
      duration,
      [
        [-5, '0 s'],
        [400, '0.4 s'],
        [4_200, '4.2 s'],
        [9_960, '10 s'],
        [59_400, '59 s'],
        [59_600, '1 min'],
        [185 * second, '3 min 5 s'],
      ],
    ],
    [
      'clocks',
      clock,
      [
        [-1, '0:00'],
        [7_999, '0:07'],
        [12 * minute + 40 * second, '12:40'],
        [hour + 2 * minute + 3 * second, '1:02:03'],
      ],
    ],
    [
      'ages',
      (age) => relativeTime(start - age, start),
      [
        [-minute, 'now'],
        [59 * second, 'now'],
        [5 * minute, '5 min'],
        [3 * hour, '3 h'],
        [50 * hour, '2 d'],
      ],
    ],
  ];
  for (const [name, format, rows] of tables) {
    it(`writes ${name}`, () => {
      for (const [value, text] of rows) assert.equal(format(value), text);
    });
  }

  it('writes counts', () => {
    assert.equal(plural(1, 'line'), '1 line');
    assert.equal(plural(1_200, 'line'), '1,200 lines');
    assert.equal(plural(2, 'other read', 'other reads'), '2 other reads');
    assert.equal(exactNumber(1_234_567), '1,234,567');
  });

  it('names days by the calendar, not by 24 hours', () => {
    const now = new Date(2026, 10, 22, 0, 30).getTime();
    assert.equal(dayLabel(now, now), 'Today');
    assert.equal(dayLabel(now + minute, now), 'Today');
    assert.equal(dayLabel(new Date(2026, 10, 21, 23, 50).getTime(), now), 'Yesterday');
    const third = new Date(2026, 10, 19, 12);
    assert.equal(dayLabel(third.getTime(), now), third.toLocaleDateString(undefined, { weekday: 'long' }));
    assert.equal(dayLabel(new Date(2026, 10, 1).getTime(), now), 'Last 30 days');
    assert.notEqual(dayLabel(new Date(2026, 7, 1).getTime(), now), 'Last 30 days');
  });
});

describe('webview list of chats', () => {
  const now = start;
  const sessions = [
    session('old', 'Old one', { updatedAt: now - 26 * hour }),
    session('other', 'Elsewhere', { folder: 'C:\\work\\website', updatedAt: now }),
    session('none', 'No folder', { folder: '', updatedAt: now }),
    session('new', 'New one', { updatedAt: now - minute }),
  ];
  const ids = (filter = '', folder = '/home/ada/date-tools') =>
    groupSessions(sessions, { filter, now, folder }).map(
      (group) => `${group.label}: ${group.sessions.map((each) => each.id).join(' ')}`,
    );

  it('shows this folder first, newest first, then the others', () => {
    assert.deepEqual(ids(), ['Today: new', 'Yesterday: old', 'In website: other', 'Without a folder: none']);
  });

  it('finds titles in any case', () => {
    assert.deepEqual(ids(' ONE '), ['Today: new', 'Yesterday: old']);
  });

  it('counts chats without a folder as its own where none is open', () => {
    assert.deepEqual(
      groupSessions(sessions, { filter: '', now, folder: '' }).map((group) => group.label),
      ['Today', 'In website', 'In date-tools'],
    );
  });

  it('tells folders of one name apart', () => {
    const folders = [
      '/home/me/a/website',
      '/home/me/b/website',
      '/home/me/b/website/api',
      'C:\\old\\api',
      '/website',
    ];
    const same = folders.map((folder, index) =>
      session(`s${index}`, 'A chat', { folder, updatedAt: now - index }),
    );
    const labels = (folder: string) =>
      groupSessions(same, { filter: '', now, folder }).map((group) => group.label);
    assert.deepEqual(labels('/home/me/b/website'), [
      'Today',
      'In a/website',
      'In website/api',
      'In old/api',
      'In /website',
    ]);
    assert.deepEqual(labels('/home/me/c'), [
      'In a/website',
      'In b/website',
      'In website/api',
      'In old/api',
      'In /website',
    ]);
  });
});

describe('webview changed files', () => {
  it('follows a file that is moved, and leads to its last change', () => {
    const edited = addChanges(new Map(), 'e1', [diff]);
    const moved = addChanges(edited, 'm1', [
      { ...diff, kind: 'moved', movedTo: 'lib/date.ts', added: 0, removed: 0 },
    ]);
    assert.deepEqual([...moved.values()], [{ path: 'lib/date.ts', added: 5, removed: 2, stepId: 'm1' }]);
    assert.deepEqual(totalsOf(moved), { files: 1, added: 5, removed: 2 });
  });

  it('counts completed steps only', () => {
    const edit = step('e1', 'edit_file', 'src/date.ts', 'write');
    assert.equal(changesOf([stepItem(edit, { diffs: [diff], status: 'failed' })]).size, 0);
    assert.equal(changesOf([stepItem(edit, { diffs: [diff] })]).size, 1);
  });

  it('passes over what was undone', () => {
    const other = { ...diff, path: 'src/other.ts' };
    const items = [
      stepItem(step('e1', 'edit_file', 'a', 'write'), { diffs: [diff], undo: { files: 1, unknown: [] } }),
      stepItem(step('e2', 'edit_file', 'b', 'write'), {
        diffs: [diff, other],
        undo: { files: 2, unknown: [], undoneAt: start },
      }),
    ];
    assert.deepEqual(
      [...changesOf(items).values()],
      [{ path: 'src/date.ts', added: 5, removed: 2, stepId: 'e1' }],
    );
  });
});

describe('webview words', () => {
  const stepRecord: StepRecord = {
    step: step('x', 'run_command', 'ls'),
    status: 'rejected',
    startedAt: 0,
    liveOutput: '',
    summary: '',
    diffs: [],
  };

  it('says who decided, and why', () => {
    const by = (decision: { approved: boolean; by: 'rule' | 'user' | 'telegram'; reason: string }) =>
      decisionText({ ...stepRecord, decision });
    assert.equal(by({ approved: false, by: 'user', reason: 'Too risky' }), 'Rejected by you: Too risky');
    assert.equal(
      by({ approved: false, by: 'rule', reason: 'nobody answered in time' }),
      'Rejected: nobody answered in time',
    );
    assert.equal(by({ approved: true, by: 'rule', reason: '' }), 'Ran without asking');
    assert.equal(
      by({ approved: true, by: 'rule', reason: 'rule npm test in this workspace' }),
      'Ran: rule npm test in this workspace',
    );
    for (const reason of ['rule: npm test in this workspace', 'rules: a in this chat, b in this chat'])
      assert.equal(by({ approved: true, by: 'rule', reason }), `Ran by ${reason}`);
    assert.equal(
      by({ approved: true, by: 'rule', reason: 'reads inside the workspace run' }),
      'Ran: reads inside the workspace run',
    );
    const byRule = { approved: true, by: 'rule', reason: 'smart mode: edits run' } as const;
    assert.equal(
      decisionText({ ...stepRecord, status: 'running', decision: byRule }),
      'Runs in smart mode: edits run',
    );
    assert.equal(by({ approved: true, by: 'telegram', reason: '' }), 'Approved from Telegram');
    assert.equal(decisionText(stepRecord), undefined);
    // Stopping the chat rejected it, and no rule did.
    const stopped = { approved: false, by: 'rule', reason: 'cancelled' } as const;
    assert.equal(decisionText({ ...stepRecord, status: 'cancelled', decision: stopped }), undefined);
    // Where it was answered, when no reason was given.
    assert.equal(by({ approved: false, by: 'user', reason: 'chat' }), 'Rejected by you in the chat');
    assert.equal(by({ approved: false, by: 'user', reason: 'dialog' }), 'Rejected by you in a dialog');
    assert.equal(
      by({ approved: true, by: 'user', reason: 'command, for this session' }),
      'Approved by you with a command, for this session',
    );
    assert.equal(
      by({ approved: true, by: 'user', reason: 'dialog, always allowed: npm test in this workspace' }),
      'Approved by you in a dialog, always allowed: npm test in this workspace',
    );
    // What a person writes may begin as a place does.
    assert.equal(
      by({ approved: false, by: 'user', reason: 'dialog, please, and not a page' }),
      'Rejected by you: dialog, please, and not a page',
    );
  });

  it('says in the line of a step that a person rejected it, and why', () => {
    const line = (status: StepStatus, decision?: StepRecord['decision']) =>
      statusText({ ...stepRecord, status, ...(decision === undefined ? {} : { decision }) });
    assert.equal(
      line('rejected', { approved: false, by: 'user', reason: 'Use pnpm' }),
      'Rejected by you: Use pnpm',
    );
    assert.equal(line('rejected', { approved: false, by: 'user', reason: 'dialog' }), 'Rejected by you');
    assert.equal(
      line('rejected', { approved: false, by: 'telegram', reason: 'No' }),
      'Rejected from Telegram: No',
    );
    assert.equal(line('rejected', { approved: false, by: 'rule', reason: 'no rule covers it' }), 'Rejected');
    assert.equal(line('cancelled', { approved: false, by: 'rule', reason: 'cancelled' }), 'Stopped');
    assert.equal(line('failed', { approved: true, by: 'user', reason: 'chat' }), 'Failed');
    assert.equal(line('interrupted'), 'Interrupted');
  });

  it('leaves a payload out only where the diff says exactly the same', () => {
    const told = (detail: string, diffs = [diff]) => isToldByDiff({ detail, diffs });
    assert.ok(told('src/date.ts: +5 -2'));
    assert.ok(told('src/date.ts (new file): +5 -2', [{ ...diff, kind: 'created' }]));
    assert.ok(!told('src/date.ts, through a link from x.ts: +5 -2'));
    assert.ok(!told('src/date.ts: +5 -2\nand more'));
    assert.ok(!told('src/date.ts: +5 -3'));
    assert.ok(!told('src/date.ts: +5 -2', [diff, diff]));
    assert.ok(!told('', []));
  });

  it('names changes and tools', () => {
    assert.equal(diffTitle({ ...diff, kind: 'created' }), 'New file src/date.ts');
    assert.equal(diffTitle({ ...diff, kind: 'moved', movedTo: 'x.ts' }), 'Moved src/date.ts to x.ts');
    assert.equal(verbOf('run_command'), 'Run');
    assert.equal(verbOf('mcp_weather'), 'mcp_weather');
    assert.equal(verbOf('memory__read_graph'), 'Use');
    assert.equal(verbOf('constructor'), 'constructor');
  });

  it('says what the agent does', () => {
    const run = step('w1', 'run_command', 'npm test', 'execute');
    const events: readonly (readonly [AgentEvent, string | undefined, string | undefined])[] = [
      [
        { ...at(0), type: 'JobStarted', sessionId: 's1', agentId: 'coder' },
        'working',
        'Waiting for the model',
      ],
      [
        { ...at(1), type: 'Retrying', attempt: 1, delayMs: 5_000, reason: 'Busy' },
        'retrying',
        'Busy. Attempt 2',
      ],
      [{ ...at(2), type: 'Thinking', text: 'hm' }, 'working', 'Thinking'],
      [{ ...at(3), type: 'Token', text: 'I run' }, 'working', 'Writing'],
      [
        { ...at(4), type: 'ApprovalRequired', step: run, prompt: commandPrompt },
        'waiting',
        'Waiting for your approval',
      ],
      [{ ...at(5), type: 'StepApproved', step: run, by: 'user', reason: '' }, 'working', 'Run npm test'],
      [{ ...at(6), type: 'JobCancelled' }, undefined, undefined],
    ];
    let state = chat([user('u1', 'Hi')]);
    for (const [event, kind, text] of events) {
      state = reduceChat(state, event);
      assert.equal(activityOf(state)?.kind, kind);
      assert.equal(activityOf(state)?.text, text);
    }
  });

  it('says of whatever a job in another window does that it is there', () => {
    const run = step('w1', 'run_command', 'npm test', 'execute');
    let state = chat([user('u1', 'Hi')]);
    for (const event of [
      { ...at(0), type: 'JobStarted', sessionId: 's1', agentId: 'coder', isElsewhere: true },
      { ...at(1), type: 'Retrying', attempt: 1, delayMs: 5_000, reason: 'Busy' },
      { ...at(2), type: 'Token', text: 'I run' },
      { ...at(3), type: 'ApprovalRequired', step: run, prompt: commandPrompt },
      { ...at(4), type: 'StepApproved', step: run, by: 'user', reason: '' },
    ] as const) {
      state = reduceChat(state, event);
      assert.match(activityOf(state)?.text ?? '', /another window/, event.type);
    }
  });
});

describe('what servers answer', () => {
  it('is drawn where it has links, tables, fences or headings, and else keeps its lines', () => {
    for (const text of [
      'See [it](https://x.example)',
      'a\n| A | B |\n| - | - |',
      '```json\n{}\n```',
      '# Title',
      '[sound, 1 KB](file:///tmp/a.wav)',
    ])
      assert.ok(isMarkdown(text), text);
    for (const text of ['one\ntwo', '{"a": [1](2)}', '#1 is first', 'a | b'])
      assert.ok(!isMarkdown(text), text);
  });
});
