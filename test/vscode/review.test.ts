import assert from 'node:assert/strict';
import type { StepRecord } from '../../extension/shared/chat.ts';
import { answers, executed, messages, resetVscode, told } from '../fakes/vscode.ts';
import { activate, closeTabs, opened, Uri } from '../fakes/vscodeDocuments.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import {
  approve,
  change,
  createReviewRig,
  disposeReviews,
  requestOf,
  reviewing,
  right,
  settle,
  sides,
  stepOf,
  until,
} from './reviewRig.ts';

const { stepIdOf } = await loadWithVscode(() => import('../../extension/vscode/review.ts'));

describe('the review of a step', () => {
  beforeEach(resetVscode);
  afterEach(disposeReviews);

  it('shows a diff whose right side can be changed, and only that', async () => {
    const { review } = createReviewRig([requestOf('one', [change('src/a.ts', 'a\n', 'b\n')])]);
    await review.open('one');
    const [call] = executed.filter(([name]) => name === 'vscode.diff');
    assert.equal(call?.[3], 'src/a.ts (current ↔ proposed, waiting for your approval)');
    assert.deepEqual(
      sides().map((document) => [document.uri.path, document.getText(), document.isReadonly]),
      [
        ['/src/a.ts', 'a\n', true],
        ['/src/a.ts', 'b\n', false],
      ],
    );
    assert.deepEqual(
      sides().map(({ uri }) => stepIdOf(uri)),
      ['one', 'one'],
    );
    assert.equal(stepIdOf(Uri.file('/src/a.ts')), undefined);
    assert.deepEqual(review.activeSteps(), ['one']);
    assert.equal(review.accepted('one'), undefined);
  });

  it('shows a new file against nothing, and one to be deleted as it is', async () => {
    const { review } = createReviewRig([
      requestOf('new', [change('n.ts', undefined, 'n\n')]),
      requestOf('old', [change('o.ts', 'o\n', undefined)]),
    ]);
    await review.open('new');
    assert.deepEqual(
      sides().map((document) => document.getText()),
      ['', 'n\n'],
    );
    assert.deepEqual(reviewing(), [true, true]);
    await closeTabs(opened.tabs);
    await review.open('old');
    assert.deepEqual(
      sides().map((document) => [document.getText(), document.isReadonly]),
      [
        ['o\n', true],
        ['', true],
      ],
    );
    assert.deepEqual(reviewing(), [true, false]);
  });

  for (const [name, keep] of [
    ['as it is typed, unsaved', async () => undefined],
    ['after it was saved', () => right().save()],
  ] as const) {
    it(`gives what the person made of it to whoever approves: ${name}`, async () => {
      const { review, decide, decisions } = createReviewRig([
        requestOf('one', [change('src/a.ts', 'a\r\nz\r\n', 'b\r\nz\r\n')]),
      ]);
      await review.open('one');
      right().type('c\nz\n');
      await keep();
      assert.deepEqual(opened.savePrompts, []);
      assert.equal(await decide('one', { ...approve, surface: 'chat' }), true);
      assert.deepEqual(decisions, [
        { ...approve, surface: 'chat', accepted: [{ file: '/folder/src/a.ts', text: 'c\nz\n' }] },
      ]);
    });
  }

  describe('that was changed and is not in sight', () => {
    /** A stray key, and the tab is closed. */
    const closed = async (after = 'b\nc\n', typed = 'b\nx\n') => {
      const rig = createReviewRig([requestOf('one', [change('src/a.ts', 'a\n', after)])]);
      await rig.review.open('one');
      right().type(typed);
      await right().save();
      await closeTabs(opened.tabs);
      return rig;
    };
    const approveInChat = { ...approve, surface: 'chat' };

    it('is shown before it is approved: closing the question approves nothing', async () => {
      const { decide, decisions, waiting } = await closed();
      assert.equal(await decide('one', approveInChat), false);
      assert.deepEqual([decisions, waiting.length], [[], 1]);
      assert.deepEqual(messages, [
        {
          text: 'Edit src/a.ts? It was changed in the review. Approve it as changed?',
          detail: 'What was typed in the review, against what the agent proposed:\n\nsrc/a.ts\n b\n-c\n+x',
          isModal: true,
          buttons: ['Review', 'Approve as Changed', 'Approve as Proposed'],
        },
      ]);
    });

    for (const [button, accepted] of [
      ['Approve as Changed', { accepted: [{ file: '/folder/src/a.ts', text: 'b\nx\n' }] }],
      ['Approve as Proposed', {}],
    ] as const) {
      it(`is answered by ${button}`, async () => {
        const { decide, decisions } = await closed();
        answers.push(button);
        assert.equal(await decide('one', approveInChat), true);
        assert.deepEqual(decisions, [{ ...approveInChat, ...accepted }]);
      });
    }

    it('can be looked at, and is then approved as it is seen', async () => {
      const { decide, decisions } = await closed();
      answers.push('Review');
      assert.equal(await decide('one', approveInChat), false);
      assert.equal(right().getText(), 'b\nx\n');
      assert.equal(await decide('one', approveInChat), true);
      assert.equal(decisions[0]?.accepted?.[0]?.text, 'b\nx\n');
      assert.equal(messages.length, 1);
    });

    it('is only looked at where a dialog cannot show it', async () => {
      const { decide } = await closed('b\n', 'line\n'.repeat(100));
      await decide('one', approveInChat);
      assert.deepEqual(messages[0]?.buttons, ['Review', 'Approve as Proposed']);
      assert.match(messages[0]?.detail ?? '', /More than a dialog can show: choose Review/);
    });

    it('is rejected where nothing is left of it', async () => {
      const { decide, decisions } = await closed('b\n', 'a\n');
      answers.push('Reject');
      await decide('one', approveInChat);
      assert.match(messages[0]?.text ?? '', /Nothing is left of it: reject it\?$/);
      assert.equal(decisions[0]?.approved, false);
    });

    it('is asked in front of it too, where a dialog showed what was proposed', async () => {
      const { review, decide } = createReviewRig([requestOf('one', [change('a.ts', 'a\n', 'b\n')])]);
      await review.open('one');
      right().type('c\n');
      assert.equal(await decide('one', { ...approve, surface: 'dialog' }), false);
      assert.equal(messages.length, 1);
    });

    it('is rejected without a question', async () => {
      const { decide, decisions } = await closed();
      await decide('one', { ...approveInChat, approved: false });
      assert.deepEqual([messages.length, decisions[0]?.approved], [0, false]);
    });
  });

  it('keeps what is typed, so that the person may close it and is asked nothing', async () => {
    const group = requestOf('one', [change('a.ts', 'a\n', 'b\n'), change('b.ts', undefined, 'c\n')]);
    const { review } = createReviewRig([group], { saveDelay: 0 });
    await review.open('one');
    right().type('typed\n');
    await until(() => !right().isDirty);
    await closeTabs(opened.tabs);
    assert.deepEqual(opened.savePrompts, []);
    assert.deepEqual(review.accepted('one'), [{ file: '/folder/b.ts', text: 'typed\n' }]);
  });

  it('keeps what is typed into another review right after the first one', async () => {
    const requests = ['one', 'two'].map((id) => requestOf(id, [change(`${id}.ts`, 'a\n', 'b\n')]));
    const { review } = createReviewRig(requests, { saveDelay: 50 });
    await review.open('one');
    right().type('typed\n');
    await review.open('two');
    right().type('typed too\n');
    await until(() => !right().isDirty);
  });

  it('has what was saved last again when it is opened anew', async () => {
    const { review } = createReviewRig([requestOf('one', [change('a.ts', 'a\n', 'b\n')])]);
    await review.open('one');
    right().type('c\n');
    await right().save();
    right().type('dropped\n');
    await closeTabs(opened.tabs);
    assert.deepEqual(opened.savePrompts, ['/a.ts']);
    await review.open('one');
    assert.equal(right().getText(), 'c\n');
  });

  it('adds nothing to an answer where nothing was changed, or to a no', async () => {
    const requests = ['one', 'two'].map((id) => requestOf(id, [change('a.ts', 'a\n', 'b\n')]));
    const { review, decide, decisions } = createReviewRig(requests);
    await review.open('one');
    await decide('one', approve);
    await review.open('two');
    right().type('c\n');
    await decide('two', { ...approve, approved: false });
    assert.deepEqual(decisions, [approve, { ...approve, approved: false }]);
  });

  it('takes an approval of nothing for a no', async () => {
    const { review, decide, decisions } = createReviewRig([requestOf('one', [change('a.ts', 'a\n', 'b\n')])]);
    await review.open('one');
    right().type('a\n');
    assert.ok(review.leavesNothing('one'));
    await decide('one', { ...approve, scope: 'session' });
    assert.deepEqual(decisions, [
      {
        ...approve,
        approved: false,
        scope: 'once',
        reason: 'Every change of it was left out in the review.',
      },
    ]);
  });

  it('closes once it is answered, and asks nothing about what was typed', async () => {
    const { review, decide, errors } = createReviewRig([requestOf('one', [change('a.ts', 'a\n', 'b\n')])]);
    await review.open('one');
    right().type('c\n');
    await decide('one', approve);
    await settle();
    assert.deepEqual([opened.tabs, opened.savePrompts, errors], [[], [], []]);
    assert.deepEqual(reviewing(), [false, false]);
    // Opened again it shows what was accepted, for looking only.
    await review.open('one');
    assert.deepEqual(
      sides().map((document) => [document.getText(), document.isReadonly]),
      [
        ['a\n', true],
        ['c\n', true],
      ],
    );
    assert.deepEqual(review.activeSteps(), []);
    assert.equal(review.accepted('one'), undefined);
  });

  it('knows whether the active tab is one', async () => {
    const { review } = createReviewRig([requestOf('one', [change('a.ts', 'a\n', 'b\n')])]);
    await review.open('one');
    assert.deepEqual(reviewing(), [true, true]);
    activate(undefined);
    assert.deepEqual(reviewing(), [false, false]);
    activate(opened.tabs[0]);
    assert.deepEqual(reviewing(), [true, true]);
  });

  it('shows the files of one step, and steps asked together, in one editor', async () => {
    const { review, decide, decisions } = createReviewRig([
      requestOf('one', [change('a.ts', 'a\n', 'A\n'), change('b.ts', undefined, 'B\n')], 'group'),
      requestOf('two', [change('c.ts', 'c\n', 'C\n')], 'group'),
      requestOf('three', [
        change('a.ts', 'a\n', '1\n'),
        change('b.ts', undefined, '2\n'),
        change('c.ts', 'c', ''),
      ]),
    ]);
    await review.open('two');
    assert.deepEqual(
      opened.tabs.map(({ label }) => label),
      ['a.ts, b.ts and 1 more: waiting for your approval (3 files)'],
    );
    assert.deepEqual(review.activeSteps(), ['one', 'two']);
    assert.deepEqual(reviewing(), [true, true]);
    // Another one of the same name is told apart.
    await review.open('three');
    assert.deepEqual(review.activeSteps(), ['three']);
    activate(opened.tabs[0]);
    right().type('C!\n');
    await decide('one', approve);
    await settle();
    // It stays for the step that still waits.
    assert.deepEqual(review.activeSteps(), ['two']);
    assert.equal(opened.tabs.length, 2);
    await decide('two', approve);
    await settle();
    assert.deepEqual(
      decisions.map(({ accepted }) => accepted?.map(({ file }) => file)),
      [undefined, undefined],
    );
    assert.deepEqual(review.activeSteps(), ['three']);
    assert.equal(opened.tabs.length, 1);
  });

  it('shows the exact question and all of the input of a step that edits nothing', async () => {
    const request = requestOf('one', []);
    const { review } = createReviewRig([
      {
        ...request,
        step: stepOf('one', 'run_command'),
        prompt: { ...request.prompt, detail: 'npm test\n\nFolder: /w' },
      },
    ]);
    await review.open('one');
    const text = right().getText();
    assert.ok(
      text.startsWith('Edit src/a.ts?\n\nnpm test\n\nFolder: /w\n\nWhy it asks: no rule covers it\n\n'),
    );
    assert.ok(
      text.endsWith(`\n\nInput of run_command:\n\n${JSON.stringify(request.step.input, undefined, 2)}\n`),
    );
    assert.equal(right().uri.path, '/.anycowork-step/run_command.txt');
    assert.ok(right().isReadonly);
    assert.deepEqual(reviewing(), [true, false]);
  });

  const record: StepRecord = {
    step: stepOf('far'),
    status: 'waiting',
    startedAt: 0,
    summary: '',
    liveOutput: '',
    diffs: [],
    prompt: {
      ...requestOf('far', []).prompt,
      diffs: [{ path: 'a.ts', kind: 'changed', added: 1, removed: 1, patch: '-a\n+b', omittedLines: 3 }],
    },
  };

  it('shows what is known of a step that waits in another window, to be answered too', async () => {
    const { review } = createReviewRig([], { elsewhere: [record], record });
    await review.open('far');
    assert.match(right().getText(), /--- a\.ts\n\+\+\+ a\.ts\n-a\n\+b\n… 3 more lines/);
    assert.deepEqual(review.activeSteps(), ['far']);
    assert.deepEqual(reviewing(), [true, false]);
  });

  it('shows the stored patch of a finished step, and says where there is none', async () => {
    const finished = { ...record, status: 'completed' as const, diffs: record.prompt?.diffs ?? [] };
    await createReviewRig([], { record: finished }).review.open('far');
    assert.match(right().getText(), /^--- a\.ts/);
    assert.equal(right().uri.path, '/edit_file.diff');
    assert.equal(opened.contexts.get('anycowork.isReviewing'), false);
    await createReviewRig([]).review.open('none');
    assert.deepEqual(told, ['This step is not there any more.']);
  });
});
