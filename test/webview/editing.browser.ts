import assert from 'node:assert/strict';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { Shown } from './harness.ts';
import { assistant, at, event, jobStarted, snapshot, user } from './samples.ts';
import { composer, focused, settle, show, untilComposerFocused, written } from './show.ts';

const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const withPicture: ChatItem = {
  id: 'u2',
  jobId: 'j2',
  row: 3,
  kind: 'user',
  message: {
    role: 'user',
    id: 'u2',
    createdAt: 0,
    content: [
      { type: 'text', text: 'What is in this?' },
      { type: 'image', mediaType: 'image/png', data: png, name: 'shot.png' },
    ],
  },
};

const talk = [
  user('u1', 'First question', 1),
  assistant('a1', 'First answer.', 2),
  withPicture,
  assistant('a2', 'A dot.', 4),
];
const running = { job: { id: 'j3', startedAt: Date.now(), isElsewhere: false } };

const act = async (shown: Shown, of: 'user' | 'assistant', index: number, name: RegExp): Promise<void> => {
  const message = shown.page.locator(`[data-test=${of}]`).nth(index);
  await message.hover();
  // Forced: a button that says why it cannot be pressed counts as disabled.
  await message.getByRole('button', { name }).click({ force: true });
};

const edit = async (shown: Shown, index: number): Promise<void> => {
  await act(shown, 'user', index, /^Edit/);
  await untilComposerFocused(shown);
};

const banner = '[data-test=editing]';

describe('editing an earlier message', () => {
  it('sends it in its place, pictures and all, and gives back what was being written', async () => {
    const shown = await show([snapshot(talk)]);
    await shown.page.fill(composer, 'Half a thought');
    await edit(shown, 1);
    assert.equal(await written(shown), 'What is in this?');
    assert.equal(await shown.page.locator('[data-test=chip]').count(), 1);
    assert.match(
      (await shown.page.textContent(banner)) ?? '',
      /^Editing an earlier message\. Sending it replaces what came after; the chat as it was is kept in the archive\./,
    );
    await shown.page.fill(composer, 'What is in this picture?');
    await shown.page.press(composer, 'Enter');
    const { requestId, ...post } = await shown.posted('send');
    assert.deepEqual(post, {
      type: 'send',
      sessionId: 's1',
      text: 'What is in this picture?',
      images: [{ mediaType: 'image/png', data: png, name: 'shot.png' }],
      replaces: 'u2',
    });
    await shown.push(snapshot([...talk.slice(0, 2), user('u3', 'What is in this picture?', 5)]), {
      type: 'accepted',
      requestId,
    });
    assert.equal(await written(shown), 'Half a thought');
    assert.equal(await shown.page.locator(`${banner}, [data-test=chip]`).count(), 0);
    await shown.page.press(composer, 'Enter');
    await settle(shown);
    assert.equal((await shown.posts('send')).at(-1)?.replaces, undefined);
  });

  for (const [name, cancel] of [
    ['Escape', (shown: Shown) => shown.page.keyboard.press('Escape')],
    ['its button', (shown: Shown) => shown.page.click('[data-test=cancel-edit]')],
  ] as const) {
    it(`is left by ${name}, with what was being written back in its place`, async () => {
      const shown = await show([snapshot(talk)]);
      await shown.page.fill(composer, 'Half a thought');
      await edit(shown, 0);
      await edit(shown, 1);
      await cancel(shown);
      await settle(shown);
      assert.equal(await written(shown), 'Half a thought');
      assert.equal(await shown.page.locator(`${banner}, [data-test=chip]`).count(), 0);
      await untilComposerFocused(shown);
    });
  }

  it('keeps the edited text when it was refused, and outlives a reload of the view', async () => {
    const shown = await show([snapshot(talk)]);
    await shown.page.fill(composer, 'Half a thought');
    await edit(shown, 0);
    await shown.page.fill(composer, 'Another question');
    await shown.page.press(composer, 'Enter');
    const { requestId } = await shown.posted('send');
    await shown.push({ type: 'refused', requestId, message: 'This chat is running in another window.' });
    assert.equal(await written(shown), 'Another question');
    assert.equal(await shown.page.locator(banner).count(), 1);
    await shown.reload();
    await shown.push(snapshot(talk));
    assert.equal(await written(shown), 'Another question');
    await shown.page.click('[data-test=cancel-edit]');
    await settle(shown);
    assert.equal(await written(shown), 'Half a thought');
  });

  it('ends with the chat that is left, and loses no changed text', async () => {
    const shown = await show([snapshot(talk)]);
    await shown.page.fill(composer, 'Half a thought');
    await edit(shown, 0);
    await shown.push(snapshot([user('x1', 'Elsewhere')], { sessionId: 's2' }));
    assert.equal(await written(shown), 'Half a thought');
    assert.equal(await shown.page.locator(banner).count(), 0);
    await shown.push(snapshot(talk));
    await edit(shown, 0);
    await shown.page.fill(composer, 'A better question');
    await shown.push(snapshot([user('x1', 'Elsewhere')], { sessionId: 's2' }));
    assert.equal(await written(shown), 'Half a thought\nA better question');
  });

  it('cannot be begun, nor an answer made anew, while the agent works; the button says why', async () => {
    const shown = await show([snapshot(talk, running)]);
    for (const [of, name] of [
      ['user', /^Edit/],
      ['assistant', /^Retry/],
    ] as const) {
      await act(shown, of, 0, name);
      const button = shown.page.locator(`[data-test=${of}]`).first().getByRole('button', { name });
      assert.equal(await button.getAttribute('aria-disabled'), 'true');
      assert.match((await button.getAttribute('title')) ?? '', /The agent is still working\. Stop it first/);
    }
    await settle(shown);
    assert.equal(await shown.page.locator(banner).count(), 0);
    assert.equal((await shown.posts('retryFrom')).length, 0);
    await shown.push(event({ jobId: 'j3', at: 1, type: 'JobCompleted', message: '' }));
    await edit(shown, 0);
    assert.equal(await shown.page.locator(banner).count(), 1);
    // A job that begins meanwhile, in another window say, keeps it from being sent.
    await shown.push(jobStarted('u9', 'Go'));
    assert.match((await shown.page.textContent(banner)) ?? '', /can be sent once the agent is done/);
    await shown.page.press(composer, 'Enter');
    assert.equal((await shown.posts('send')).length, 0);
    // The first Escape is for the edit, the second for the agent.
    await shown.page.keyboard.press('Escape');
    await settle(shown);
    assert.equal((await shown.posts('stop')).length, 0);
    await shown.page.keyboard.press('Escape');
    assert.equal((await shown.posts('stop')).length, 1);
  });

  it('begins from a menu, as soon as the message is there', async () => {
    const shown = await show([snapshot([user('x1', 'Elsewhere')], { sessionId: 's2' })]);
    await shown.push({ type: 'editMessage', sessionId: 's1', itemId: 'u1' });
    assert.equal(await shown.page.locator(banner).count(), 0);
    await shown.push(snapshot(talk));
    assert.equal(await written(shown), 'First question');
    assert.equal(await shown.page.locator(banner).count(), 1);
  });
});

describe('what else can be done with a message', () => {
  it('is forking, answering again, and what the native menu offers', async () => {
    const shown = await show([snapshot(talk)]);
    await act(shown, 'user', 0, /^Fork/);
    await act(shown, 'assistant', 0, /^Fork/);
    await act(shown, 'assistant', 1, /^Retry/);
    assert.deepEqual(
      (await shown.posts('fork')).map(({ sessionId, itemId }) => [sessionId, itemId]),
      [
        ['s1', 'u1'],
        ['s1', 'a1'],
      ],
    );
    assert.deepEqual(await shown.posts('retryFrom'), [{ type: 'retryFrom', sessionId: 's1', itemId: 'a2' }]);
    const contexts = await shown.page
      .locator('.transcript [data-vscode-context]')
      .evaluateAll((all) =>
        all.map((element) => JSON.parse(element.getAttribute('data-vscode-context') ?? '')),
      );
    assert.deepEqual(contexts.slice(0, 2), [
      {
        webviewSection: 'message',
        sessionId: 's1',
        itemId: 'u1',
        kind: 'user',
        preventDefaultContextMenuItems: false,
      },
      {
        webviewSection: 'message',
        sessionId: 's1',
        itemId: 'a1',
        kind: 'assistant',
        preventDefaultContextMenuItems: false,
      },
    ]);
  });
});

describe('the title of a chat', () => {
  it('is changed by a double click or F2, and by the host', async () => {
    const shown = await show([snapshot(talk)]);
    const title = shown.page.locator('[data-test=title]');
    const field = shown.page.locator('[data-test=title-field]');
    await title.click();
    await settle(shown);
    assert.equal(await field.count(), 0);
    await title.dblclick();
    await field.fill('Not this');
    await shown.page.keyboard.press('Escape');
    await settle(shown);
    assert.equal(await focused(shown), 'title');
    assert.equal((await shown.posts('changeSession')).length, 0);
    await shown.page.keyboard.press('F2');
    await field.fill('What the dot means');
    await shown.page.keyboard.press('Enter');
    await settle(shown);
    assert.deepEqual(await shown.posts('changeSession'), [
      { type: 'changeSession', sessionId: 's1', change: { title: 'What the dot means' } },
    ]);
    assert.equal(await title.textContent(), 'What the dot means');
    await shown.push({ type: 'title', sessionId: 's2', title: 'Of another' });
    assert.equal(await title.textContent(), 'What the dot means');
    const evil = '<img src=x onerror="window.pwned=1">';
    await shown.push({ type: 'title', sessionId: 's1', title: evil });
    assert.equal(await title.textContent(), evil);
    assert.equal(await shown.page.locator('.header img').count(), 0);
  });

  it('is no place to stop the agent from by Escape', async () => {
    const shown = await show([snapshot(talk, running)]);
    await shown.page.dblclick('[data-test=title]');
    await shown.page.keyboard.press('Escape');
    await settle(shown);
    assert.equal((await shown.posts('stop')).length, 0);
  });
});

describe('where a chat lies', () => {
  it('is said of an archived one, which can be written in', async () => {
    const shown = await show([snapshot(talk, {}, { shelf: 'archived' })]);
    assert.match(
      (await shown.page.textContent('[data-test=archived]')) ?? '',
      /^This chat is in the archive\. Sending a message brings it back\.$/,
    );
    await shown.page.fill(composer, 'Go on');
    await shown.page.press(composer, 'Enter');
    assert.equal((await shown.posts('send')).length, 1);
  });

  it('is said of a deleted one, which has to be restored first', async () => {
    const shown = await show([snapshot(talk, {}, { shelf: 'deleted' })]);
    await shown.page.fill(composer, 'Go on');
    await shown.page.press(composer, 'Enter');
    assert.equal((await shown.posts('send')).length, 0);
    await shown.page.click('[data-test=restore-chat]');
    assert.deepEqual(await shown.posts('changeSession'), [
      { type: 'changeSession', sessionId: 's1', change: { shelf: 'active' } },
    ]);
  });
});

describe('a job of another window', () => {
  it('is said to be there, and is stopped as any other', async () => {
    const shown = await show([snapshot(talk, { job: { ...running.job, isElsewhere: true } })]);
    assert.match((await shown.page.textContent('[data-test=status]')) ?? '', /^Working in another window/);
    await shown.page.click('[data-test=stop]');
    assert.deepEqual(await shown.posts('stop'), [{ type: 'stop', jobId: 'j3' }]);
    await shown.push(event({ ...at(1), jobId: 'j3', type: 'JobCancelled' }));
    assert.equal(await shown.page.locator('[data-test=status]').count(), 0);
  });
});
