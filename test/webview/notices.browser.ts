import assert from 'node:assert/strict';
import { errorActions, type JobError } from '../../extension/shared/event.ts';
import { actionLabels } from '../../webview/words.ts';
import { at, event, jobStarted, snapshot, user } from './samples.ts';
import { composer, show, untilComposerFocused, written } from './show.ts';

const failed = (error: JobError) => [
  snapshot([user('u1', 'Hi')]),
  jobStarted('u2', 'Go'),
  event({ ...at(1), type: 'JobFailed', error }),
];

describe('empty chat', () => {
  it('leads to the key when there is none, and to another model', async () => {
    const shown = await show([snapshot([], {}, { hasKey: false })]);
    assert.equal(await shown.page.getAttribute('[data-test=empty]', 'data-state'), 'no-key');
    assert.match((await shown.page.textContent('[data-test=empty]')) ?? '', /Gemini needs an API key/);
    await shown.page.click('[data-test=act-setKey]');
    await shown.page.click('[data-test=act-changeModel]');
    assert.deepEqual(
      (await shown.posts('act')).map(({ action }) => action),
      ['setKey', 'changeModel'],
    );
  });

  it('goes on as soon as the key is there, and keeps what was written', async () => {
    const shown = await show([snapshot([], {}, { hasKey: false })]);
    await shown.page.fill(composer, 'Explain this');
    await shown.push(snapshot());
    assert.equal(await shown.page.getAttribute('[data-test=empty]', 'data-state'), 'new');
    assert.equal(await written(shown), 'Explain this');
  });

  for (const [state, around, test, action] of [
    ['untrusted', { isTrusted: false }, 'act-manageTrust', 'manageTrust'],
    ['no-folder', { folderName: undefined as never, suggestions: [] }, 'act-openFolder', 'openFolder'],
    ['new', { isDemo: true }, 'act-setKey', 'setKey'],
  ] as const) {
    it(`offers ${action} in the state ${state}`, async () => {
      const shown = await show([snapshot([], {}, around)]);
      assert.equal(await shown.page.getAttribute('[data-test=empty]', 'data-state'), state);
      await shown.page.click(`[data-test=${test}]`);
      assert.deepEqual(await shown.posted('act'), { type: 'act', action, sessionId: 's1' });
      // One sentence and at most two buttons.
      assert.ok((await shown.page.locator('[data-test=empty] vscode-button').count()) <= 2);
    });
  }

  it('puts a suggestion into the composer, where it can still be changed', async () => {
    const shown = await show();
    assert.equal(await shown.page.locator('[data-test=suggestion]').count(), 3);
    await shown.page.getByRole('button', { name: 'Explain what this project does' }).click();
    await untilComposerFocused(shown);
    assert.equal(await written(shown), 'Explain what this project does');
    assert.equal((await shown.posts('send')).length, 0);
  });

  it('is gone with the first message', async () => {
    const shown = await show([snapshot(), jobStarted('u1', 'Hi')]);
    assert.equal(await shown.page.locator('[data-test=empty]').count(), 0);
    assert.equal(await shown.page.textContent('[data-test=user]'), 'Hi');
  });
});

describe('errors', () => {
  for (const action of errorActions) {
    it(`offer ${action} and post it`, async () => {
      const shown = await show(
        failed({ kind: 'network', message: 'It broke. Your message is kept.', actions: [action] }),
      );
      const notice = shown.page.locator('[data-test=notice]');
      assert.match((await notice.textContent()) ?? '', /It broke\. Your message is kept\./);
      await notice.getByRole('button', { name: actionLabels[action] }).click();
      assert.deepEqual(await shown.posted('act'), { type: 'act', action, sessionId: 's1' });
    });
  }

  for (const [kind, icon] of [
    ['budget', 'warning'],
    ['repeating', 'warning'],
    ['approvalExpired', 'warning'],
    ['network', 'error'],
  ] as const) {
    it(`draws ${kind} as ${icon === 'error' ? 'a failure' : 'a question'}`, async () => {
      const shown = await show(failed({ kind, message: 'It stopped.', actions: ['continue'] }));
      assert.equal(await shown.page.locator(`[data-test=notice] > .codicon-${icon}`).count(), 1);
    });
  }

  it('offer nothing any more when the chat went on', async () => {
    const shown = await show([...failed({ kind: 'auth', message: 'No key.', actions: ['setKey', 'retry'] })]);
    assert.equal(await shown.page.locator('[data-test=notice] vscode-button').count(), 2);
    await shown.page.locator('[data-test=act-retry]').focus();
    await shown.push(jobStarted('u3', 'Again'));
    assert.equal(await shown.page.locator('[data-test=notice]').count(), 1);
    assert.equal(await shown.page.locator('[data-test=notice] vscode-button').count(), 0);
    await untilComposerFocused(shown);
  });

  it('say in a chat of a folder that is not trusted how to go on', async () => {
    const shown = await show([snapshot([user('u1', 'Hi', 1)], {}, { isTrusted: false })]);
    assert.match((await shown.page.textContent('[data-test=untrusted]')) ?? '', /not trusted/);
    await shown.page.click('[data-test=manage-trust]');
    assert.equal((await shown.posted('act')).action, 'manageTrust');
  });

  it('say that the chat cannot be saved, above the composer', async () => {
    const shown = await show([snapshot([], {}, { storageProblem: 'The chat cannot be saved.' })]);
    assert.equal(await shown.page.getByRole('alert').textContent(), 'The chat cannot be saved.');
  });

  it('count down to the next attempt', async () => {
    const shown = await show([
      snapshot([user('u1', 'Hi')], { job: { id: 'j1', startedAt: Date.now(), isElsewhere: false } }),
      event({
        jobId: 'j1',
        at: Date.now(),
        type: 'Retrying',
        attempt: 1,
        delayMs: 20_000,
        reason: 'Gemini is busy',
      }),
    ]);
    assert.match(
      (await shown.page.textContent('.status-text')) ?? '',
      /^Gemini is busy\. Attempt 2, in (20|19) s$/,
    );
  });
});
