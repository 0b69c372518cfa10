import assert from 'node:assert/strict';
import { snapshot, user } from './samples.ts';
import { composer, settle, show } from './show.ts';

const prompts = [
  {
    server: 'everything',
    name: 'args-prompt',
    id: 'mcp.everything.args-prompt',
    description: 'A prompt with arguments',
    argumentHint: '<city> [state]',
  },
];
const choices = [
  { server: 'notes', uri: 'note://1', name: 'First note', description: 'What was said', isTemplate: false },
  { server: 'notes', uri: 'note://{day}', name: 'Note of a day', isTemplate: true },
];
const item = '[data-test=slash-item]';

describe('composer: MCP resources and prompts', () => {
  it('asks for resources behind an @, attaches the chosen one, and sends it', async () => {
    const shown = await show([snapshot([], {}, {})]);
    const { page } = shown;
    await page.fill(composer, '');
    await page.locator(composer).pressSequentially('Read @fir');
    const asked = await shown.posted('findResources');
    assert.equal(asked.text, 'fir');
    await shown.push({ type: 'resources', requestId: asked.requestId, choices });
    await page.waitForSelector(item);
    assert.match(await page.innerText(item), /@notes:First note/);
    assert.equal(await page.getAttribute('[data-test=slash-menu]', 'aria-label'), 'Resources of MCP servers');
    await page.press(composer, 'ArrowDown');
    await page.press(composer, 'ArrowUp');
    await page.press(composer, 'Enter');
    const attach = await shown.posted('attachResource');
    assert.deepEqual([attach.server, attach.uri, attach.isTemplate], ['notes', 'note://1', false]);
    assert.equal(await page.inputValue(composer), 'Read ');
    await page.waitForSelector('[data-test=attaching-chip]');
    const chip = {
      id: 'a1',
      kind: 'resource' as const,
      server: 'notes',
      label: 'First note',
      uri: 'note://1',
    };
    await shown.push({ type: 'attached', requestId: attach.requestId, chip: { ...chip, images: 1 } });
    await page.waitForSelector('[data-test=attached-chip]');
    assert.match(await page.innerText('[data-test=attached-chip]'), /First note\s+notes, 1 picture/);
    await page.click('[data-test=open-attached]');
    assert.equal((await shown.posted('openAttached')).id, 'a1');
    await page.press(composer, 'Enter');
    assert.deepEqual((await shown.posted('send')).attached, ['a1']);
  });

  it('leaves the caret where it is typed, also when it has been read', async () => {
    const shown = await show([snapshot([], {}, {})]);
    const { page } = shown;
    await page.fill(composer, 'Read  now');
    await page.locator(composer).evaluate((field) => {
      if (field instanceof HTMLTextAreaElement) field.setSelectionRange(5, 5);
    });
    await page.keyboard.type('@fir');
    const { requestId } = await shown.posted('findResources');
    await shown.push({ type: 'resources', requestId, choices });
    await page.waitForSelector(item);
    await page.keyboard.press('Enter');
    const attach = await shown.posted('attachResource');
    await page.waitForSelector('[data-test=attaching-chip]');
    await page.keyboard.type('it');
    const chip = { id: 'a1', kind: 'resource' as const, server: 'notes', label: 'First', uri: 'note://1' };
    await shown.push({ type: 'attached', requestId: attach.requestId, chip: { ...chip, images: 0 } });
    await page.waitForSelector('[data-test=attached-chip]');
    await page.keyboard.type(' all');
    assert.equal(await page.inputValue(composer), 'Read it all now');
  });

  it('lists prompts behind a slash, and has the host ask for their arguments', async () => {
    const shown = await show([snapshot([], {}, { prompts })]);
    const { page } = shown;
    await page.locator(composer).pressSequentially('/mcp.ev');
    await page.waitForSelector(item);
    assert.match(await page.innerText(item), /\/mcp\.everything\.args-prompt\s+<city> \[state\]/);
    await page.press(composer, 'Tab');
    const attach = await shown.posted('attachPrompt');
    assert.deepEqual([attach.server, attach.name], ['everything', 'args-prompt']);
    assert.equal(await page.inputValue(composer), '');
    await shown.push({ type: 'notAttached', requestId: attach.requestId, message: 'It has gone.' });
    await page.waitForSelector('text=It has gone.');
    assert.equal(await page.locator('[data-test=attaching-chip]').count(), 0);
  });

  it('takes a chip away by its button', async () => {
    const shown = await show([snapshot([], {}, { prompts })]);
    const { page } = shown;
    await page.locator(composer).pressSequentially('/mcp');
    await page.click(item);
    const { requestId } = await shown.posted('attachPrompt');
    const label = '/mcp.everything.args-prompt';
    const chip = { id: 'a1', kind: 'prompt' as const, server: 'everything', label, uri: 'args-prompt' };
    await shown.push({ type: 'attached', requestId, chip: { ...chip, images: 0 } });
    await page.click('[data-test=remove-attached]');
    await page.waitForSelector('[data-test=attached-chip]', { state: 'detached' });
    await settle(shown);
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-test')), 'composer');
  });

  it('shows what a message came with, to be read', async () => {
    const asked = user('u1', 'Read it');
    assert.ok(asked.kind === 'user');
    const attached = [
      {
        id: 'a1',
        kind: 'resource' as const,
        server: 'notes',
        label: 'First note',
        uri: 'note://1',
        text: 'Words',
      },
    ];
    const shown = await show([snapshot([{ ...asked, message: { ...asked.message, attached } }])]);
    await shown.page.click('[data-test=user-attached] button');
    const { id, itemId } = await shown.posted('openAttached');
    assert.deepEqual([id, itemId], ['a1', asked.id]);
  });
});
