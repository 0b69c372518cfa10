import assert from 'node:assert/strict';
import type { StepUndo } from '../../extension/shared/undo.ts';
import type { Shown } from './harness.ts';
import { assistant, at, diff, event, snapshot, start, step, stepItem, user } from './samples.ts';
import { settle, show } from './show.ts';

const edit = step('e1', 'edit_file', 'src/date.ts', 'write', { path: 'src/date.ts' });
const withUndo = (undo: StepUndo) =>
  snapshot([user('u1', 'Go'), stepItem(edit, { diffs: [diff], undo }), assistant('a1', 'Done.')]);

const isSeen = (shown: Shown, selector: string): Promise<boolean> =>
  shown.page.$eval(selector, (element) => getComputedStyle(element).opacity === '1');
const line = (shown: Shown) => shown.page.textContent('[data-test=step] .step-toggle');
const unfold = (shown: Shown) => shown.page.click('[data-test=step] .step-toggle');

describe('undo of a step', () => {
  it('is offered in its line where the pointer or the focus is, and moves nothing', async () => {
    const shown = await show([withUndo({ files: 2, unknown: [] })], { width: 300 });
    const button = shown.page.getByRole('button', { name: 'Undo Edit src/date.ts: 2 files' });
    assert.equal(await isSeen(shown, '[data-test=undo-step]'), false);
    const before = await shown.page.locator('.step-toggle').boundingBox();
    await shown.page.hover('.step-line');
    assert.equal(await isSeen(shown, '[data-test=undo-step]'), true);
    assert.deepEqual(await shown.page.locator('.step-toggle').boundingBox(), before);
    await shown.page.mouse.move(0, 0);
    await button.focus();
    assert.equal(await isSeen(shown, '[data-test=undo-step]'), true);
    await shown.page.keyboard.press('Enter');
    assert.deepEqual(await shown.posts('undoStep'), [{ type: 'undoStep', sessionId: 's1', stepId: 'e1' }]);
  });

  it('is offered in its details, with what cannot be put back', async () => {
    const shown = await show([withUndo({ files: 1, unknown: ['a.txt', 'b.txt'] })]);
    await unfold(shown);
    assert.equal(
      await shown.page.textContent('[data-test=unknown]'),
      'Also changed, and cannot be put back: a.txt, b.txt',
    );
    await shown.page.getByRole('button', { name: 'Undo (1 file)' }).click();
    assert.equal((await shown.posts('undoStep')).length, 1);
  });

  it('is not offered where nothing can be put back', async () => {
    const shown = await show([withUndo({ files: 0, unknown: ['a.txt'] })]);
    await unfold(shown);
    assert.equal(await shown.page.locator('[data-test=undo-step], [data-test=undo-details]').count(), 0);
    assert.equal(
      await shown.page.textContent('[data-test=unknown]'),
      'Changed, and cannot be put back: a.txt',
    );
  });

  it('comes with the result of a running step', async () => {
    const shown = await show([snapshot([user('u1', 'Go')])]);
    await shown.push(
      event({ ...at(1), type: 'StepApproved', step: edit, by: 'rule', reason: 'smart mode: edits run' }),
      event({
        ...at(2),
        type: 'StepCompleted',
        step: edit,
        result: {
          role: 'tool',
          id: 'r',
          callId: 'c',
          toolName: 't',
          content: [],
          outcome: 'completed',
          createdAt: 0,
        },
        summary: '',
        diffs: [diff],
        undo: { files: 1, unknown: [] },
      }),
    );
    assert.equal(await shown.page.locator('[data-test=undo-step]').count(), 1);
    assert.equal(
      await shown.page.getAttribute('.step-toggle', 'title'),
      'edit_file: src/date.ts\nRan in smart mode: edits run',
    );
    // The message before it can be gone back to at once.
    assert.equal(await shown.page.locator('[data-test=restore-before]').count(), 1);
  });

  it('once done is said in its place, and lets one see what it was', async () => {
    const shown = await show([withUndo({ files: 1, unknown: [], undoneAt: start })]);
    assert.match((await line(shown)) ?? '', /Undone$/);
    assert.equal(await shown.page.locator('[data-test=undo-step]').count(), 0);
    // The header counts only what still stands.
    assert.equal(await shown.page.locator('[data-test=changes]').count(), 0);
    await unfold(shown);
    await shown.page.click('[data-test=show-undone]');
    assert.deepEqual(await shown.posts('undoStep'), [{ type: 'undoStep', sessionId: 's1', stepId: 'e1' }]);
  });
});

describe('undo of a step by the keyboard', () => {
  const steps = (...undone: readonly (number | undefined)[]) =>
    snapshot([
      user('u1', 'Go'),
      ...undone.map((undoneAt, index) =>
        stepItem(step(`e${index}`, 'edit_file', `${index}.ts`, 'write'), {
          diffs: [diff],
          undo: { files: 1, unknown: [], ...(undoneAt === undefined ? {} : { undoneAt }) },
        }),
      ),
      assistant('a1', 'Done.'),
    ]);
  const heard = (shown: Shown) => shown.page.textContent('[data-test=announcements]');
  const hasFocus = (shown: Shown, selector: string) =>
    shown.page.waitForFunction((at) => document.activeElement?.matches(at) === true, selector);

  for (const [name, button] of [
    ['its line', '[data-item=e0] [data-test=undo-step]'],
    ['its details', '[data-item=e0] [data-test=undo-details]'],
  ] as const) {
    it(`keeps the focus in the step where the button in ${name} goes, and says so`, async () => {
      const shown = await show([steps(undefined, undefined)]);
      await shown.page.click('[data-item=e0] .step-toggle');
      await shown.page.locator(button).focus();
      await shown.page.keyboard.press('Enter');
      await shown.push(steps(start, undefined));
      await hasFocus(shown, '[data-item=e0] .step-toggle');
      await shown.page.waitForFunction(
        () => document.querySelector('[data-test=announcements]')?.textContent === 'Undone: Edit 0.ts',
      );
    });
  }

  it('says nothing of what was undone before, nor in another chat', async () => {
    const shown = await show([steps(start, undefined)]);
    await shown.push(steps(start, undefined));
    await settle(shown, 300);
    assert.equal(await heard(shown), '');
  });
});

describe('restoring files to before a message', () => {
  const undoable = (id: string, undo: StepUndo = { files: 1, unknown: [] }) =>
    stepItem(step(id, 'edit_file', id, 'write'), { diffs: [diff], undo });
  const restorable = (shown: Shown): Promise<readonly (string | null)[]> =>
    shown.page.$$eval('[data-test=restore-before]', (buttons) =>
      buttons.map((button) => button.closest('[data-item]')?.getAttribute('data-item') ?? null),
    );

  it('is offered where a later step can be undone', async () => {
    const shown = await show([
      snapshot([
        user('u1', 'One'),
        undoable('e1'),
        user('u2', 'Two'),
        user('u3', 'Three'),
        undoable('e2'),
        undoable('e3', { files: 1, unknown: [], undoneAt: start }),
        user('u4', 'Four'),
        undoable('e4', { files: 0, unknown: ['x'] }),
      ]),
    ]);
    assert.deepEqual(await restorable(shown), ['u1', 'u2', 'u3']);
    await shown.page.locator('[data-item=u2] [data-test=restore-before]').focus();
    await shown.page.keyboard.press('Enter');
    assert.deepEqual(await shown.posts('restoreBefore'), [
      { type: 'restoreBefore', sessionId: 's1', itemId: 'u2' },
    ]);
  });

  it('waits until the agent is done', async () => {
    const job = { id: 'j1', startedAt: start, isElsewhere: false };
    const shown = await show([snapshot([user('u1', 'One'), undoable('e1')], { job })]);
    const button = shown.page.locator('[data-test=restore-before]');
    assert.equal(await button.getAttribute('aria-disabled'), 'true');
    await button.dispatchEvent('click');
    await settle(shown);
    assert.equal((await shown.posts('restoreBefore')).length, 0);
  });
});
