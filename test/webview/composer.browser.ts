import assert from 'node:assert/strict';
import { messageTextLimit } from '../../extension/shared/message.ts';
import { at, diff, event, jobStarted, snapshot, step, stepItem, surroundings, user } from './samples.ts';
import { composer, settle, show, untilComposerFocused, written } from './show.ts';

const running = { job: { id: 'j7', startedAt: Date.now(), isElsewhere: false } };

describe('composer: keys', () => {
  it('sends with Enter, keeps the text until the host has it, then clears it', async () => {
    const shown = await show();
    await shown.page.fill(composer, 'Fix the date test');
    await shown.page.press(composer, 'Enter');
    const { requestId, ...sent } = await shown.posted('send');
    assert.deepEqual(sent, { type: 'send', sessionId: 's1', text: 'Fix the date test', images: [] });
    assert.equal(await written(shown), 'Fix the date test');
    // Drawn in the frame after the message went out.
    await shown.page.waitForSelector('[data-test=send]:disabled');
    await shown.push({ type: 'accepted', requestId });
    assert.equal(await written(shown), '');
  });

  it('breaks the line with Shift+Enter', async () => {
    const shown = await show();
    await shown.page.focus(composer);
    await shown.page.keyboard.type('One');
    await shown.page.keyboard.press('Shift+Enter');
    await shown.page.keyboard.type('two');
    assert.equal(await written(shown), 'One\ntwo');
    assert.equal((await shown.posts('send')).length, 0);
  });

  it('sends once, however often Enter is pressed, and nothing that is blank', async () => {
    const shown = await show();
    await shown.page.fill(composer, '  \n ');
    await shown.page.press(composer, 'Enter');
    await settle(shown);
    assert.equal((await shown.posts('send')).length, 0);
    await shown.page.fill(composer, 'Go');
    await shown.page.press(composer, 'Enter');
    await shown.page.press(composer, 'Enter');
    await settle(shown);
    assert.equal((await shown.posts('send')).length, 1);
  });

  it('does not send with the Enter that ends a composition', async () => {
    const shown = await show();
    await shown.page.fill(composer, '日本');
    await shown.page.$eval(composer, (element) => {
      element.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }),
      );
      element.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true }),
      );
    });
    await settle(shown);
    assert.equal((await shown.posts('send')).length, 0);
  });

  it('stops the running job with Escape and with its button, and posts nothing when none runs', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')])]);
    await shown.page.press(composer, 'Escape');
    await shown.push(jobStarted('u2', 'Go'));
    await shown.page.press(composer, 'Escape');
    await shown.page.click('[data-test=stop]');
    assert.deepEqual(await shown.posts('stop'), [
      { type: 'stop', jobId: 'j1' },
      { type: 'stop', jobId: 'j1' },
    ]);
    await shown.push(event({ ...at(1), type: 'JobCancelled' }));
    assert.equal(await shown.page.locator('[data-test=stop]').count(), 0);
    assert.equal(await shown.page.locator('[data-test=send]').count(), 1);
  });

  it('stops the running job with Escape wherever the focus is', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')]), jobStarted('u2', 'Go')]);
    const places = ['.transcript', '[data-test=agent]', '[data-test=send], [data-test=stop]'];
    for (const place of places) await shown.page.press(place, 'Escape');
    await shown.page.evaluate(
      () => document.activeElement instanceof HTMLElement && document.activeElement.blur(),
    );
    await shown.page.keyboard.press('Escape');
    assert.equal((await shown.posts('stop')).length, places.length + 1);
    // The Escape that ends a composition is the input method's.
    await shown.page.$eval(composer, (element) => {
      element.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Escape', isComposing: true, bubbles: true }),
      );
    });
    assert.equal((await shown.posts('stop')).length, places.length + 1);
  });

  it('leaves Escape to the list of changed files while that is open', async () => {
    const changed = stepItem(step('e1', 'edit_file', 'src/date.ts', 'write'), { diffs: [diff] });
    const shown = await show([snapshot([user('u1', 'Hi'), changed]), jobStarted('u2', 'Go')]);
    await shown.page.click('[data-test=changes]');
    await shown.page.waitForSelector('.changed-files');
    await shown.page.keyboard.press('Escape');
    await settle(shown);
    assert.equal(await shown.page.locator('.changed-files').count(), 0);
    assert.equal((await shown.posts('stop')).length, 0);
    await shown.page.keyboard.press('Escape');
    assert.equal((await shown.posts('stop')).length, 1);
  });

  it('recalls what was sent with the arrows, and comes back to what was being written', async () => {
    const shown = await show([snapshot([user('u1', 'First'), user('u2', 'Second\nline')])]);
    await shown.page.focus(composer);
    await shown.page.keyboard.type('New');
    await shown.page.keyboard.press('Home');
    const seen: string[] = [];
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowDown', 'ArrowDown']) {
      await shown.page.keyboard.press(key);
      await settle(shown, 30);
      seen.push(await written(shown));
    }
    assert.deepEqual(seen, ['Second\nline', 'First', 'First', 'Second\nline', 'New']);
  });

  it('leaves the arrows alone in the middle of a text', async () => {
    const shown = await show([snapshot([user('u1', 'First')])]);
    await shown.page.fill(composer, 'One\ntwo');
    await shown.page.press(composer, 'ArrowUp');
    await shown.page.press(composer, 'ArrowDown');
    await shown.page.press(composer, 'Shift+ArrowUp');
    assert.equal(await written(shown), 'One\ntwo');
  });
});

describe('composer: text', () => {
  it('grows with its text to 40 % of the height, then scrolls', async () => {
    const shown = await show();
    const height = () => shown.page.$eval(composer, (element) => element.getBoundingClientRect().height);
    const empty = await height();
    await shown.page.fill(composer, 'a\nb\nc');
    const three = await height();
    await shown.page.fill(composer, 'line\n'.repeat(100));
    assert.ok(three > empty + 20, `${empty} to ${three}`);
    assert.equal(Math.round(await height()), 280);
  });

  it('keeps a refused message and says why; the reason can be dismissed', async () => {
    const shown = await show();
    await shown.page.fill(composer, 'Go on');
    await shown.page.press(composer, 'Enter');
    const { requestId } = await shown.posted('send');
    await shown.push({ type: 'refused', requestId, message: 'This chat is running in another window.' });
    assert.equal(await written(shown), 'Go on');
    const refusal = shown.page.locator('[data-test=refusal]');
    assert.equal(await refusal.getAttribute('role'), 'alert');
    assert.match((await refusal.textContent()) ?? '', /running in another window/);
    await refusal.getByRole('button', { name: 'Dismiss' }).click();
    await settle(shown);
    assert.equal(await refusal.count(), 0);
    assert.ok(await shown.page.isEnabled('[data-test=send]'));
  });

  it('says of a message that is too long how long it may be, and sends it once it is shorter', async () => {
    const shown = await show();
    await shown.page.fill(composer, 'x'.repeat(messageTextLimit + 1));
    await shown.page.press(composer, 'Enter');
    await settle(shown);
    assert.equal((await shown.posts('send')).length, 0);
    assert.equal(
      await shown.page.getByRole('alert').textContent(),
      'This message has 1,000,001 characters; at most 1,000,000 can be sent. Shorten it, or put the text into a file and name the file here.',
    );
    await shown.page.press(composer, 'Backspace');
    await settle(shown);
    assert.equal(await shown.page.getByRole('alert').count(), 0);
    await shown.page.press(composer, 'Enter');
    assert.equal((await shown.posted('send')).text.length, messageTextLimit);
  });

  it('keeps what is typed while a message is under way', async () => {
    const shown = await show();
    await shown.page.fill(composer, 'First');
    await shown.page.press(composer, 'Enter');
    const { requestId } = await shown.posted('send');
    await shown.page.press(composer, 'End');
    await shown.page.keyboard.type('Second');
    await shown.push({ type: 'accepted', requestId });
    assert.equal(await written(shown), 'Second');
  });

  it('survives a reload of the view, before the host has answered', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')])]);
    await shown.page.fill(composer, 'Half a thought\nand more');
    await settle(shown);
    await shown.reload();
    assert.equal(await written(shown), 'Half a thought\nand more');
    await shown.push(snapshot([user('u1', 'Hi')]));
    assert.equal(await written(shown), 'Half a thought\nand more');
  });

  it('takes the focus when the host says so', async () => {
    const shown = await show();
    await shown.page.locator(composer).blur();
    await shown.push({ type: 'focusComposer' });
    await untilComposerFocused(shown);
  });
});

describe('composer: bar', () => {
  it('asks the host to choose agent and model', async () => {
    const shown = await show();
    await shown.page.click('[data-test=agent]');
    await shown.page.click('[data-test=model]');
    assert.equal((await shown.posts('pickAgent')).length, 1);
    assert.equal((await shown.posts('pickModel')).length, 1);
    assert.equal(
      await shown.page.getAttribute('[data-test=model]', 'aria-label'),
      'Model: Gemini: gemini-3-flash. Choose another',
    );
  });

  it('follows the surroundings', async () => {
    const shown = await show();
    await shown.push({
      type: 'surroundings',
      surroundings: { ...surroundings, agentName: 'Reviewer', modelLabel: 'OpenAI: gpt-x', isDemo: true },
    });
    assert.equal(await shown.page.textContent('[data-test=agent]'), 'Reviewer');
    assert.equal(await shown.page.textContent('[data-test=model]'), 'gpt-x (demo)');
    assert.equal(await shown.page.getAttribute(composer, 'placeholder'), 'Ask Reviewer');
  });

  it('names no agent before it knows one', async () => {
    const shown = await show([]);
    assert.equal(await shown.page.locator('[data-test=agent], [data-test=model]').count(), 0);
    assert.ok(await shown.page.isVisible('[data-test=loading]'));
  });

  const usage = { input: 31_240, output: 2_180, cachedInput: 20_000, cacheWrite: 0, reasoning: 900 };
  const tokens = 'This chat so far: 31,240 tokens in (20,000 from cache), 2,180 out (900 reasoning)';
  for (const [name, costUsd, unpriced, text, title] of [
    ['as far as all prices are known', 0.0123, 0, '33k tokens / $0.01', '$0.0123'],
    ['at least', 0.0123, 3, '33k tokens / ≥ $0.01', '$0.0123, price of 3 requests not known'],
    ['in tokens where no price is known', 0, 1, '33k tokens', 'price of 1 request not known'],
  ] as const) {
    it(`shows what the chat has cost, ${name}, exactly on hover`, async () => {
      const shown = await show([snapshot([user('u1', 'Hi')], { ...running, usage, costUsd, unpriced })]);
      const shownUsage = shown.page.locator('[data-test=usage]');
      assert.equal(await shownUsage.textContent(), text);
      assert.equal(await shownUsage.getAttribute('title'), `${tokens}\n${title}`);
    });
  }

  for (const [mode, label, says] of [
    ['ask', 'Ask', 'It asks you before it changes a file or runs a command.'],
    ['smart', 'Smart', 'and asks you before it runs a command.'],
    ['autopilot', 'Autopilot', 'and asks you before it runs a command outside the sandbox.'],
  ] as const) {
    it(`names the mode ${mode}, says what it means, and lets one choose another`, async () => {
      const shown = await show([snapshot([], {}, { mode })]);
      await shown.page.getByText(says).waitFor();
      await shown.page.getByRole('button', { name: `Approvals: ${label}. Choose another mode` }).click();
      assert.deepEqual(await shown.posts('pickMode'), [{ type: 'pickMode' }]);
      const colours = await shown.page.$eval('[data-test=mode]', (element) => [
        getComputedStyle(element).color,
        getComputedStyle(element.previousElementSibling ?? element).color,
      ]);
      assert.equal(colours[0] !== colours[1], mode === 'autopilot');
    });
  }

  for (const mode of ['ask', 'autopilot'] as const) {
    it(`keeps agent, model, mode ${mode} and cost in a bar of 250 pixels`, async () => {
      const shown = await show(
        [
          snapshot(
            [user('u1', 'Hi')],
            { usage, costUsd: 12.34, unpriced: 1 },
            { mode, agentName: 'Documentation writer' },
          ),
        ],
        { width: 250 },
      );
      for (const name of ['agent', 'model', 'mode', 'usage', 'send']) {
        const box = await shown.page.locator(`[data-test=${name}]`).boundingBox();
        assert.ok(
          box !== null && box.width >= 20 && box.x + box.width <= 250 - 12,
          `${name} ${JSON.stringify(box)}`,
        );
      }
    });
  }
});
