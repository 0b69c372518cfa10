import assert from 'node:assert/strict';
import type { ApprovalPrompt } from '../../extension/shared/event.ts';
import type { ToWebviewBody } from '../../extension/shared/protocol.ts';
import type { Shown } from './harness.ts';
import {
  askedTogether,
  at,
  commandPrompt,
  editPrompt,
  event,
  snapshot,
  step,
  toolMessage,
  user,
} from './samples.ts';
import { focused, settle, show, untilComposerFocused } from './show.ts';

const minute = 60_000;
const run = step('w1', 'run_command', 'npm test -- date', 'execute', { command: 'npm test -- date' });
const open = snapshot([user('u1', 'Go')], {
  job: { id: 'j1', startedAt: Date.now(), isElsewhere: false },
});

const asked = (more: Partial<ApprovalPrompt> = {}, of = run): ToWebviewBody =>
  event({ ...at(1), type: 'ApprovalRequired', step: of, prompt: { ...commandPrompt, ...more } });

const why = (shown: Shown): Promise<string | null> => shown.page.textContent('[data-test=why]');
const menu = '[role=menu]';

describe('approvals: what stands around the question', () => {
  it('says that an edit can be undone, unless that is why it asks', async () => {
    const edit = step('w1', 'edit_file', 'a.ts', 'write');
    const shown = await show([open, asked(editPrompt('a.ts'), edit)]);
    assert.equal(await why(shown), 'Asks because no rule covers it · Can be undone');
    const reason = 'it could not be undone: a.ts is too large to be kept';
    await shown.push(open, asked({ ...editPrompt('a.ts'), reason }, edit));
    assert.equal(await why(shown), `Asks because ${reason}`);
  });

  for (const [name, left, text] of [
    ['nothing while there is much time', 6 * minute, ''],
    ['how much is left once it is little', 4.5 * minute, ' · expires in 4 min'],
    ['that it is about to', 30_000, ' · expires in less than a minute'],
    ['that it has', -1_000, ' · expired'],
  ] as const) {
    it(`says of when it expires: ${name}`, async () => {
      const shown = await show([open, asked({ expiresAt: Date.now() + left })]);
      assert.equal(await why(shown), `Asks because no rule covers it · Not sandboxed${text}`);
    });
  }

  for (const minutes of [5, 4]) {
    it(`says so by itself when less than ${minutes} minutes are left`, async () => {
      const shown = await show([open, asked({ expiresAt: Date.now() + minutes * minute + 300 })]);
      await shown.page.waitForFunction(
        (text) => document.querySelector('[data-test=why]')?.textContent?.endsWith(text),
        `expires in ${minutes - 1} min`,
      );
    });
  }
});

describe('approvals: the menu beside Approve', () => {
  it('goes by the arrow keys, round and round', async () => {
    const shown = await show([open, asked()]);
    const { keyboard } = shown.page;
    await shown.page.locator('[data-test=offers]').press('ArrowDown');
    assert.equal(await focused(shown), 'approve-session');
    assert.equal(await shown.page.getAttribute('[data-test=offers]', 'aria-expanded'), 'true');
    for (const [key, at] of [
      ['ArrowDown', 'approve-workspace'],
      ['ArrowDown', 'approve-session'],
      ['ArrowUp', 'approve-workspace'],
      ['Home', 'approve-session'],
      ['End', 'approve-workspace'],
    ] as const) {
      await keyboard.press(key);
      assert.equal(await focused(shown), at, key);
    }
    await keyboard.press('Enter');
    assert.deepEqual(await shown.posts('decide'), [
      { type: 'decide', stepId: 'w1', approved: true, scope: 'workspace' },
    ]);
    assert.equal(await shown.page.locator(menu).count(), 0);
    await shown.push(event({ ...at(2), type: 'StepApproved', step: run, by: 'user', reason: 'chat' }));
    await untilComposerFocused(shown);
  });

  it('opens at its end with the arrow up', async () => {
    const shown = await show([open, asked()]);
    await shown.page.locator('[data-test=offers]').press('ArrowUp');
    assert.equal(await focused(shown), 'approve-workspace');
  });

  it('closes with Escape, which then rejects nothing', async () => {
    const shown = await show([open, asked()]);
    await shown.page.locator('[data-test=offers]').press('Enter');
    await shown.page.keyboard.press('Escape');
    assert.equal(await shown.page.locator(menu).count(), 0);
    assert.equal(await focused(shown), 'offers');
    assert.equal((await shown.posts('decide')).length + (await shown.posts('stop')).length, 0);
  });

  it('closes with Tab and with a click elsewhere', async () => {
    const shown = await show([open, asked()]);
    await shown.page.click('[data-test=offers]');
    await shown.page.keyboard.press('Tab');
    assert.equal(await shown.page.locator(menu).count(), 0);
    assert.equal(await focused(shown), 'reject');
    await shown.page.click('[data-test=offers]');
    await shown.page.click('.approval-title');
    assert.equal(await shown.page.locator(menu).count(), 0);
    await shown.page.click('[data-test=offers]');
    await shown.page.click('[data-test=offers]');
    assert.equal(await shown.page.locator(menu).count(), 0);
    assert.equal((await shown.posts('decide')).length, 0);
  });

  it('lies within the view, above the button where there is no room below', async () => {
    const detail = Array.from({ length: 12 }, (_, index) => `echo ${index}`).join('\n');
    const shown = await show([open, asked({ detail })], { width: 250, height: 480 });
    await shown.page.click('[data-test=offers]');
    const box = await shown.page.locator(menu).boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.y >= 0, JSON.stringify(box));
    assert.ok(box.x + box.width <= 250 && box.y + box.height <= 480, JSON.stringify(box));
  });

  it('makes way for why nothing was approved', async () => {
    const shown = await show([open, asked()]);
    await shown.page.locator('[data-test=reason] input').fill('Use pnpm');
    await shown.page.locator('[data-test=offers]').press('ArrowDown');
    await shown.page.keyboard.press('Enter');
    assert.equal((await shown.posts('decide')).length, 0);
    assert.equal(await shown.page.locator(menu).count(), 0);
    assert.equal(await shown.page.locator('.approval [role=alert]').count(), 1);
  });
});

describe('approvals: asked together', () => {
  const three = [open, ...askedTogether('a.ts', 'b.ts', 'c.ts')];
  const title = (shown: Shown) => shown.page.textContent('.group-title');
  const decision = (stepId: string, approved: boolean, more: object = {}) => ({
    type: 'decide',
    stepId,
    approved,
    scope: 'once',
    ...more,
  });

  it('stand under one line that answers them all', async () => {
    const shown = await show(three);
    assert.equal(await title(shown), '3 edits wait together');
    assert.equal(await shown.page.locator('[data-test=approval]').count(), 3);
    await shown.page.getByRole('button', { name: 'Approve all: 3 edits' }).click();
    assert.deepEqual(await shown.posts('decide'), [
      decision('g0', true),
      decision('g1', true),
      decision('g2', true),
    ]);
    assert.equal(await shown.page.locator('[data-test=approve], [data-test=group]').count(), 0);
    assert.match((await shown.page.textContent('[data-test=answered]')) ?? '', /^Approved/);
    await untilComposerFocused(shown);
  });

  for (const [name, act, approved] of [
    ['Reject all', (shown: Shown) => shown.page.click('[data-test=reject-all]'), false],
    [
      'Escape in the line',
      (shown: Shown) => shown.page.locator('[data-test=approve-all]').press('Escape'),
      false,
    ],
    [
      'Ctrl+Enter in the line',
      (shown: Shown) => shown.page.locator('[data-test=reject-all]').press('Control+Enter'),
      true,
    ],
  ] as const) {
    it(`are answered by ${name}`, async () => {
      const shown = await show(three);
      await act(shown);
      assert.deepEqual(
        (await shown.posts('decide')).map((post) => [post.stepId, post.approved]),
        ['g0', 'g1', 'g2'].map((id) => [id, approved]),
      );
      assert.equal((await shown.posts('stop')).length, 0);
    });
  }

  it('can be answered again where an answer decided nothing', async () => {
    const shown = await show(three);
    await shown.page.click('[data-test=approve-all]');
    assert.equal(await shown.page.locator('[data-test=approve]').count(), 0);
    await shown.push({ type: 'undecided', stepId: 'g1' });
    await shown.page.locator('[data-item=g1] [data-test=approve]').click();
    assert.equal(await shown.page.locator('[data-test=approve]').count(), 0);
    assert.deepEqual((await shown.posts('decide')).slice(3), [decision('g1', true)]);
  });

  it('keep the buttons for all in sight, and what has the focus from under them', async () => {
    const shown = await show([open, ...askedTogether('a.ts', 'b.ts', 'c.ts', 'd.ts', 'e.ts')], {
      width: 260,
      height: 400,
    });
    const { page } = shown;
    await page.locator('[data-item=g4] [data-test=approve]').focus();
    await page.locator('.transcript').evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await settle(shown);
    const box = async (selector: string) =>
      (await page.locator(selector).boundingBox()) ?? assert.fail(selector);
    const top = (await box('.transcript')).y;
    const head = await box('[data-test=group]');
    assert.ok(Math.abs(head.y - top) < 1, `${head.y} at ${top}`);
    await page.locator('[data-item=g1] [data-test=review]').focus();
    await page.locator('[data-item=g1] [data-test=approve]').focus();
    await settle(shown);
    const below = await box('[data-item=g1] [data-test=approve]');
    const end = await box('[data-test=group]');
    assert.ok(below.y >= end.y + end.height - 1, `${below.y} under ${end.y + end.height}`);
  });

  it('can each be answered alone, and the line counts those that still wait', async () => {
    const shown = await show(three);
    const second = shown.page.locator('[data-item=g1]');
    await second.locator('[data-test=reason] input').fill('Not this one');
    await second.locator('[data-test=reject]').press('Escape');
    assert.deepEqual(await shown.posts('decide'), [decision('g1', false, { reason: 'Not this one' })]);
    assert.match((await second.textContent()) ?? '', /Rejected\. The agent reads it when its turn comes/);
    assert.equal(await title(shown), '2 edits wait together');
    // The focus stays in its card: a second Escape answers nothing and stops nothing.
    await shown.page.keyboard.press('Escape');
    assert.equal((await shown.posts('decide')).length, 1);
    assert.equal((await shown.posts('stop')).length, 0);
    await shown.clearPosts();
    await shown.page.click('[data-test=approve-all]');
    assert.deepEqual(await shown.posts('decide'), [decision('g0', true), decision('g2', true)]);
  });

  it('keep what is written in one while another goes on', async () => {
    const shown = await show(three);
    const last = shown.page.locator('[data-item=g2] [data-test=reason] input');
    await last.fill('Wait');
    const first = step('g0', 'edit_file', 'a.ts', 'write', { path: 'a.ts' });
    await shown.push(
      event({ ...at(3), type: 'StepApproved', step: first, by: 'user', reason: 'dialog' }),
      event({
        ...at(4),
        type: 'StepCompleted',
        step: first,
        result: toolMessage('g0', 'Edited.'),
        summary: '',
        diffs: [],
      }),
    );
    assert.equal(await title(shown), '2 edits wait together');
    assert.equal(await last.inputValue(), 'Wait');
    assert.equal(await focused(shown), 'reason');
  });

  it('are not approved together while a reason for rejecting one is written, and say why', async () => {
    const shown = await show(three);
    const reason = shown.page.locator('[data-item=g1] [data-test=reason] input');
    await reason.fill('Not this one');
    await shown.page.click('[data-test=approve-all]');
    assert.equal((await shown.posts('decide')).length, 0);
    assert.match(
      (await shown.page.textContent('[data-test=group] [role=alert]')) ?? '',
      /reason for rejecting/,
    );
    await reason.fill('');
    assert.equal(await shown.page.locator('[data-test=group] [role=alert]').count(), 0);
    await reason.fill('Not this one');
    await shown.page.click('[data-test=reject-all]');
    assert.deepEqual(await shown.posts('decide'), [
      decision('g0', false),
      decision('g1', false, { reason: 'Not this one' }),
      decision('g2', false),
    ]);
  });

  it('have no line for one alone', async () => {
    const shown = await show([open, ...askedTogether('a.ts')]);
    await settle(shown);
    assert.equal(await shown.page.locator('[data-test=approval]').count(), 1);
    assert.equal(await shown.page.locator('[data-test=group]').count(), 0);
  });
});
