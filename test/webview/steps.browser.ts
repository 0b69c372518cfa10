import assert from 'node:assert/strict';
import type { AgentEvent, ApprovalPrompt, Step } from '../../extension/shared/event.ts';
import type { ToWebviewBody } from '../../extension/shared/protocol.ts';
import type { Shown } from './harness.ts';
import {
  at,
  commandPrompt,
  diff,
  event,
  patch,
  snapshot,
  step,
  stepItem,
  toolMessage,
  user,
} from './samples.ts';
import { focused, settle, show, untilComposerFocused } from './show.ts';

const run = step('w1', 'run_command', 'npm test -- date', 'execute', { command: 'npm test -- date' });
const job = { job: { id: 'j1', startedAt: Date.now(), isElsewhere: false } };
const open = snapshot([user('u1', 'Go')], job);

const asked = (prompt: ApprovalPrompt = commandPrompt, of: Step = run): ToWebviewBody =>
  event({ ...at(1), type: 'ApprovalRequired', step: of, prompt });
const approved = (more: Partial<Extract<AgentEvent, { type: 'StepApproved' }>> = {}): ToWebviewBody =>
  event({ ...at(2), type: 'StepApproved', step: run, by: 'user', reason: '', ...more });

const status = (shown: Shown): Promise<string | null> =>
  shown.page.getAttribute('[data-test=step]', 'data-status');
const line = (shown: Shown): Promise<string | null> =>
  shown.page.textContent('[data-test=step] .step-toggle');
const unfold = async (shown: Shown): Promise<void> => {
  await shown.page.click('[data-test=step] .step-toggle');
  await settle(shown);
};
const details = (shown: Shown): Promise<string | null> => shown.page.textContent('.step-details');

const why = (shown: Shown): Promise<string | null> => shown.page.textContent('[data-test=why]');

describe('steps: waiting for an approval', () => {
  it('shows the exact payload and what each answer covers', async () => {
    const shown = await show([open, asked()]);
    assert.equal(await status(shown), 'waiting');
    assert.equal(await shown.page.textContent('.approval-title'), 'Run npm test?');
    assert.equal(
      await shown.page.textContent('.payload'),
      'npm test -- date\n\nFolder: /home/ada/date-tools',
    );
    assert.equal(await why(shown), 'Asks because no rule covers it · Not sandboxed');
    assert.equal(await shown.page.locator('.caution').count(), 0);
    assert.equal(await shown.page.textContent('.status-text'), 'Waiting for your approval');
  });

  it('offers nothing to be allowed where every use has to be asked, and warns', async () => {
    const shown = await show([
      open,
      asked({ ...commandPrompt, offers: [], reason: '.git is protected', isCautioned: true }),
    ]);
    assert.equal(await shown.page.locator('[data-test=offers]').count(), 0);
    assert.equal(await shown.page.textContent('.caution'), 'Asks because .git is protected');
    assert.equal(await shown.page.locator('.caution .codicon-warning').count(), 1);
    assert.equal(await why(shown), 'Not sandboxed');
  });

  for (const [name, act, decision] of [
    ['Approve', (shown: Shown) => shown.page.click('[data-test=approve]'), { approved: true, scope: 'once' }],
    [
      'Approve for this chat',
      async (shown: Shown) => {
        await shown.page.click('[data-test=offers]');
        await shown.page.getByRole('menuitem', { name: /^Approve for this chat/ }).click();
      },
      { approved: true, scope: 'session' },
    ],
    [
      'Always allow',
      async (shown: Shown) => {
        await shown.page.click('[data-test=offers]');
        await shown.page
          .getByRole('menuitem', { name: 'Always allow: npm test -- date in this workspace' })
          .click();
      },
      { approved: true, scope: 'workspace' },
    ],
    ['Reject', (shown: Shown) => shown.page.click('[data-test=reject]'), { approved: false, scope: 'once' }],
    [
      'Ctrl+Enter',
      (shown: Shown) => shown.page.locator('[data-test=reject]').press('Control+Enter'),
      { approved: true, scope: 'once' },
    ],
    [
      'Ctrl+Enter after a reason',
      async (shown: Shown) => {
        await shown.page.locator('[data-test=reason] input').fill('Use pnpm');
        await shown.page.keyboard.press('Control+Enter');
      },
      { approved: false, scope: 'once', reason: 'Use pnpm' },
    ],
    [
      'Ctrl+Enter in the empty field for a reason',
      (shown: Shown) => shown.page.locator('[data-test=reason] input').press('Control+Enter'),
      { approved: false, scope: 'once' },
    ],
    [
      'Escape in the card',
      (shown: Shown) => shown.page.locator('[data-test=reject]').press('Escape'),
      { approved: false, scope: 'once' },
    ],
    [
      'Reject with a reason',
      async (shown: Shown) => {
        await shown.page.locator('[data-test=reason] input').fill(' Use pnpm ');
        await shown.page.click('[data-test=reject]');
      },
      { approved: false, scope: 'once', reason: 'Use pnpm' },
    ],
    [
      'Enter after a reason',
      async (shown: Shown) => {
        await shown.page.locator('[data-test=reason] input').fill('Not now');
        await shown.page.keyboard.press('Enter');
      },
      { approved: false, scope: 'once', reason: 'Not now' },
    ],
  ] as const) {
    it(`${name} answers, once`, async () => {
      const shown = await show([open, asked()]);
      await act(shown);
      await settle(shown);
      await shown.page.locator('[data-test=approve]').dispatchEvent('click');
      await shown.page.locator('[data-test=reject]').dispatchEvent('click');
      await settle(shown);
      assert.deepEqual(await shown.posts('decide'), [{ type: 'decide', stepId: 'w1', ...decision }]);
      assert.equal((await shown.posts('stop')).length, 0);
    });
  }

  it('does not send a reason for rejecting along with an approval', async () => {
    const shown = await show([open, asked()]);
    await shown.page.locator('[data-test=reason] input').fill('Hm');
    await shown.page.click('[data-test=approve]');
    assert.deepEqual(await shown.posted('decide'), {
      type: 'decide',
      stepId: 'w1',
      approved: true,
      scope: 'once',
    });
  });

  for (const [key, at] of [
    ['Control+Enter', 'review'],
    ['Enter', 'approve'],
    ['Space', 'approve-workspace'],
  ] as const) {
    it(`approves nothing with ${key} on ${at} while a reason for rejecting is written, and says why`, async () => {
      const shown = await show([open, asked()]);
      const reason = shown.page.locator('[data-test=reason] input');
      await reason.fill('Use pnpm');
      if (at === 'approve-workspace') await shown.page.click('[data-test=offers]');
      await shown.page.locator(`[data-test=${at}]`).press(key);
      await settle(shown);
      assert.equal((await shown.posts('decide')).length, 0);
      assert.match((await shown.page.textContent('.approval [role=alert]')) ?? '', /reason for rejecting/);
      await reason.fill(' ');
      await settle(shown);
      assert.equal(await shown.page.locator('.approval [role=alert]').count(), 0);
      await shown.page.locator('[data-test=approve]').press(key === 'Space' ? 'Space' : 'Enter');
      assert.equal((await shown.posted('decide')).approved, true);
    });
  }

  it('opens the review without answering', async () => {
    const shown = await show([open, asked()]);
    await shown.page.click('[data-test=review]');
    assert.deepEqual(await shown.posted('review'), { type: 'review', stepId: 'w1' });
    assert.equal((await shown.posts('decide')).length, 0);
  });

  it('never cuts a long payload silently', async () => {
    const detail = Array.from({ length: 40 }, (_, index) => `echo ${index}`).join('\n');
    const shown = await show([open, asked({ ...commandPrompt, detail })]);
    assert.equal((await shown.page.textContent('.payload'))?.split('\n').length, 12);
    await shown.page.getByRole('button', { name: '+28 lines' }).click();
    await settle(shown);
    assert.equal(await shown.page.textContent('.payload'), detail);
    await shown.page.getByRole('button', { name: 'Open', exact: true }).click();
    assert.deepEqual(await shown.posted('review'), { type: 'review', stepId: 'w1' });
  });

  it('shows the beginning of a diff, its counts, and the way to the rest', async () => {
    const long = { ...diff, patch: `${patch}\n${patch}`, omittedLines: 30 };
    const shown = await show([open, asked({ ...commandPrompt, diffs: [long] })]);
    assert.equal(await shown.page.locator('.diff-line').count(), 12);
    assert.equal((await shown.page.textContent('.diff-title .diff-counts'))?.trim(), '+5 \u22122');
    await shown.page.getByRole('button', { name: '38 more lines, open the diff' }).click();
    assert.deepEqual(await shown.posted('review'), { type: 'review', stepId: 'w1' });
  });

  it('goes when it is answered elsewhere, and leaves the focus in the view', async () => {
    const shown = await show([open, asked()]);
    await shown.page.locator('[data-test=reject]').focus();
    await shown.push(approved({ by: 'telegram' }));
    assert.equal(await shown.page.locator('[data-test=approval]').count(), 0);
    assert.equal(await status(shown), 'running');
    await untilComposerFocused(shown);
  });

  it('takes no focus away while the person writes', async () => {
    const shown = await show([open]);
    await shown.page.focus('[data-test=composer]');
    await shown.push(asked());
    assert.equal(await focused(shown), 'composer');
  });
});

describe('steps: running', () => {
  it('shows a clock, the last lines of live output, and a way to stop', async () => {
    const shown = await show([open, approved({ at: Date.now() - 65_000 })]);
    const progress = (text: string) => event({ ...at(3), type: 'StepProgress', stepId: 'w1', text });
    await shown.push(progress('one\ntwo\nthree\n'), progress('four\nfi'), progress('ve\n'));
    assert.equal(await status(shown), 'running');
    assert.equal(await shown.page.textContent('.step-tail'), 'two\nthree\nfour\nfive');
    assert.match((await line(shown)) ?? '', /^Running: Runnpm test -- date1:0\d$/);
    assert.match((await shown.page.textContent('[data-test=status]')) ?? '', /Run npm test -- date/);
    await shown.page.locator('[data-test=step]').getByRole('button', { name: 'Stop' }).click();
    assert.deepEqual(await shown.posted('stop'), { type: 'stop', jobId: 'j1' });
  });

  it('opens to its input and everything it has printed', async () => {
    const shown = await show([open, approved()]);
    await shown.push(event({ ...at(3), type: 'StepProgress', stepId: 'w1', text: 'a\nb\nc\nd\ne\nf\n' }));
    await unfold(shown);
    assert.equal(await shown.page.locator('.step-tail').count(), 0);
    assert.equal(await details(shown), 'Approved by youcommandnpm test -- dateoutputa\nb\nc\nd\ne\nf\n');
  });

  it('becomes a finished step in the place where it stood', async () => {
    const shown = await show([open, asked(), approved()]);
    await unfold(shown);
    await shown.push(
      event({
        ...at(4_300),
        type: 'StepCompleted',
        step: run,
        result: toolMessage('w1', '12 passing'),
        summary: 'exit code 0',
        diffs: [],
      }),
    );
    assert.equal(await status(shown), 'completed');
    assert.match((await line(shown)) ?? '', /^Done: Runnpm test -- dateexit code 04\.3 s$/);
    assert.match((await details(shown)) ?? '', /12 passing/);
    assert.equal(await shown.page.locator('[data-test=step]').count(), 1);
  });

  it('is interrupted when its job ends without its result', async () => {
    const shown = await show([open, approved(), event({ ...at(9), type: 'JobCancelled' })]);
    assert.equal(await status(shown), 'interrupted');
    assert.equal(await shown.page.locator('[data-test=status]').count(), 0);
    assert.match(
      (await shown.page.textContent('[data-test=notice]')) ?? '',
      /Stopped\. What was done so far is kept/,
    );
  });
});

describe('steps: finished', () => {
  const finished = (more: Parameters<typeof stepItem>[1]) =>
    snapshot([user('u1', 'Go'), stepItem(run, more)]);

  it('says what failed', async () => {
    const shown = await show([
      finished({ status: 'failed', summary: 'exit code 2', result: toolMessage('w1', 'boom', 'failed') }),
    ]);
    assert.match((await line(shown)) ?? '', /^Failed: .*exit code 2$/);
    await unfold(shown);
    assert.match((await details(shown)) ?? '', /boom/);
  });

  for (const [by, text] of [
    ['user', 'Rejected by you: Too risky'],
    ['rule', 'Rejected: Too risky'],
    ['telegram', 'Rejected from Telegram: Too risky'],
  ] as const) {
    it(`says that it was ${text.toLowerCase()}`, async () => {
      const shown = await show([
        finished({
          status: 'rejected',
          decision: { approved: false, by, reason: 'Too risky' },
          result: toolMessage('w1', 'The person said no.', 'rejected'),
        }),
      ]);
      const ending = by === 'rule' ? 'Rejected' : text;
      assert.ok((await line(shown))?.endsWith(`date${ending}`), String(await line(shown)));
      assert.equal(
        await shown.page.getAttribute('.step-toggle', 'title'),
        `run_command: npm test -- date\n${text}`,
      );
      await unfold(shown);
      assert.equal(await shown.page.textContent('.step-decision'), text);
    });
  }

  it('says on hover who approved it', async () => {
    const shown = await show([finished({ decision: { approved: true, by: 'user', reason: 'chat' } })]);
    assert.equal(
      await shown.page.getAttribute('.step-toggle', 'title'),
      'run_command: npm test -- date\nApproved by you in the chat',
    );
  });

  it('keeps one line in a narrow panel, whatever the reason for rejecting says', async () => {
    const reason = 'This would change the lock file, which we do by hand, so use pnpm instead of npm here';
    const shown = await show(
      [finished({ status: 'rejected', decision: { approved: false, by: 'user', reason } })],
      { width: 250 },
    );
    const box = await shown.page.locator('.step-line').boundingBox();
    assert.ok(box !== null && box.height <= 28 && box.x + box.width <= 250, JSON.stringify(box));
    const target = await shown.page.locator('.step-target').boundingBox();
    assert.ok(target !== null && target.width >= 30, JSON.stringify(target));
  });

  it('shows what it changed, and leads to the diff', async () => {
    const edit = step('e1', 'edit_file', 'src/date.ts', 'write', { path: 'src/date.ts' });
    const shown = await show([
      snapshot([user('u1', 'Go'), stepItem(edit, { diffs: [diff], result: toolMessage('e1', 'Edited.') })]),
    ]);
    assert.equal((await shown.page.textContent('.step-line .diff-counts'))?.trim(), '+5 \u22122');
    await shown.page.getByRole('button', { name: 'Review the change of src/date.ts' }).click();
    assert.deepEqual(await shown.posted('review'), { type: 'review', stepId: 'e1' });
    // The header counts it too, and leads to the same place.
    await shown.clearPosts();
    await shown.page.click('[data-test=changes]');
    await shown.page.getByRole('button', { name: /^src\/date\.ts/ }).click();
    assert.deepEqual(await shown.posts('review'), [{ type: 'review', stepId: 'e1' }]);
  });

  it('shows a picture it returned', async () => {
    const data =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const result = {
      ...toolMessage('w1', ''),
      content: [{ type: 'image', mediaType: 'image/png', data }],
    } as const;
    const shown = await show([finished({ result })]);
    await unfold(shown);
    assert.equal(
      await shown.page.$eval(
        '.step-image',
        (element) => element instanceof HTMLImageElement && element.naturalWidth,
      ),
      1,
    );
  });

  it('folds finished reads into one line that opens', async () => {
    const reads = ['a.ts', 'b.ts', 'c.ts'].map((name) =>
      stepItem(step(name, 'read_file', name), { summary: '3 lines' }),
    );
    const shown = await show([snapshot([user('u1', 'Go'), ...reads])]);
    assert.equal(await shown.page.locator('[data-test=step]').count(), 0);
    const fold = shown.page.getByRole('button', { name: 'Read 3 files' });
    await fold.click();
    await settle(shown);
    assert.equal(await fold.getAttribute('aria-expanded'), 'true');
    assert.equal(await shown.page.locator('[data-test=step]').count(), 3);
  });
});
