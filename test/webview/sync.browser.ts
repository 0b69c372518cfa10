import assert from 'node:assert/strict';
import type { ToWebview, ToWebviewBody } from '../../extension/shared/protocol.ts';
import { assistant, jobStarted, session, snapshot, token, user } from './samples.ts';
import { composer, settle, show, written } from './show.ts';

const numbered = (seq: number, message: ToWebviewBody) => ({ ...message, seq }) as ToWebview;
const shownText = (text: string | null) => (text ?? '').replaceAll(/\s+/g, ' ');

describe('sync: messages of the host', () => {
  for (const [name, seqs] of [
    ['is lost', [1, 3]],
    ['comes twice', [1, 1]],
    ['is overtaken', [2, 1]],
  ] as const) {
    it(`asks for one snapshot when a message ${name}, and shows nothing wrong meanwhile`, async () => {
      const shown = await show([]);
      await shown.pushRaw(numbered(0, snapshot([user('u1', 'Hi'), assistant('a1', 'Before.')])));
      await shown.clearPosts();
      await shown.pushRaw(...seqs.map((seq) => numbered(seq, token(`piece-${seq} `))));
      await shown.posted('ready');
      // What still comes belongs to a state this view does not have.
      await shown.pushRaw(numbered(4, token('later')), numbered(5, token('and later')));
      assert.equal((await shown.posts('ready')).length, 1);
      const text = (await shown.page.textContent('.transcript')) ?? '';
      assert.match(text, /Before\./);
      assert.doesNotMatch(text, /later/);
      assert.ok(text.split('piece-1').length <= 2);

      await shown.pushRaw(numbered(0, snapshot([user('u1', 'Hi'), assistant('a2', 'All of it.')])));
      await shown.pushRaw(numbered(1, jobStarted('u2', 'Next')), numbered(2, token('Goes on.')));
      assert.match(shownText(await shown.page.textContent('.transcript')), /All of it\..*Next.*Goes on\./);
      assert.equal((await shown.posts('ready')).length, 1);
    });
  }

  it('ignores what comes before the first snapshot', async () => {
    const shown = await show([]);
    await shown.pushRaw(numbered(1, token('early')), numbered(2, token('early too')));
    assert.ok(await shown.page.isVisible('[data-test=loading]'));
    await shown.push(snapshot([user('u1', 'Hi')]), token('In time.'));
    const text = (await shown.page.textContent('.transcript')) ?? '';
    assert.match(text, /In time\./);
    assert.doesNotMatch(text, /early/);
  });

  it('sends nothing twice when the answer to a message was lost', async () => {
    const shown = await show([]);
    await shown.pushRaw(numbered(0, snapshot([user('u1', 'Hi')])));
    await shown.page.fill(composer, 'Next');
    await shown.page.press(composer, 'Enter');
    await shown.posted('send');
    await shown.clearPosts();
    // `accepted` was 1 and never came.
    await shown.pushRaw(numbered(2, token('x')));
    await shown.posted('ready');
    await shown.pushRaw(numbered(0, snapshot([user('u1', 'Hi'), user('u2', 'Next')])));
    assert.equal(await written(shown), '');
    await shown.page.press(composer, 'Enter');
    await settle(shown);
    assert.equal((await shown.posts('send')).length, 0);
  });

  it('asks for a snapshot when it is shown again', async () => {
    const shown = await show();
    const become = (hidden: boolean) =>
      shown.page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await become(true);
    assert.equal((await shown.posts('ready')).length, 0);
    await become(false);
    assert.equal((await shown.posts('ready')).length, 1);
  });

  for (const [name, before] of [
    ['before anything was shown', []],
    [
      'in the place of another chat',
      [snapshot([user('u1', 'Hi')], { job: { id: 'j1', startedAt: 0, isElsewhere: false } })],
    ],
  ] as const) {
    it(`says that the chat cannot be shown, ${name}, and tries again when the person wants it`, async () => {
      const shown = await show(before);
      await shown.page.fill(composer, 'Half a thought');
      await shown.push({ type: 'failed', message: 'The chat could not be shown. It is kept.' });
      const failure = shown.page.getByRole('alert');
      assert.match((await failure.textContent()) ?? '', /^The chat could not be shown\. It is kept\./);
      assert.equal(await shown.page.locator('[data-test=loading], [data-test=user], .status').count(), 0);
      await shown.page.press(composer, 'Enter');
      await shown.page.click('[data-test=act-openLog]');
      assert.equal((await shown.posted('act')).action, 'openLog');
      assert.equal((await shown.posts('send')).length, 0);
      // Nobody asks in the background.
      await settle(shown, 5_500);
      assert.equal((await shown.posts('ready')).length, 0);
      const retry = shown.page.locator('[data-test=act-retry]');
      await retry.click();
      await retry.click();
      await settle(shown);
      assert.equal((await shown.posts('ready')).length, 1);
      assert.equal(await failure.count(), 1);
      await shown.push(snapshot([user('u1', 'Hi')]));
      assert.equal(await failure.count(), 0);
      assert.equal(await shown.page.textContent('[data-test=user]'), 'Hi');
      assert.equal(await written(shown), 'Half a thought');
    });
  }

  it('opens the list of chats while none can be shown', async () => {
    const shown = await show([]);
    await shown.push({ type: 'failed', message: 'The chat could not be shown.' }, { type: 'showSessions' });
    await shown.push({
      type: 'sessions',
      shelf: 'active',
      hasMore: false,
      sessions: [session('s1', 'Another')],
    });
    assert.equal(await shown.page.textContent('.session-title'), 'Another');
  });

  it('asks again when no snapshot comes', async () => {
    const shown = await show([]);
    assert.equal((await shown.posts('ready')).length, 0);
    await shown.page.waitForFunction(() => window.posts.some((post) => post.type === 'ready'), undefined, {
      timeout: 8_000,
    });
    await shown.push(snapshot([user('u1', 'Hi')]));
    assert.ok(await shown.page.isVisible('[data-test=user]'));
  });
});
