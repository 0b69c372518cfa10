import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { fillWith, inSequence, type Rig, reportFailure, startRig } from './rig.ts';

const heron = 'say The heron stands in the reed bed and waits for a fish.';
const otter = 'say The otter dives under the bridge with a fish of its own.';

describe('chats as a person lives in them', () => {
  inSequence();
  let rig: Rig;

  before(async () => {
    rig = await startRig({ model: await startPuppetModel(), width: 1400, height: 900 });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  const history = async (): Promise<Frame> => {
    await rig.workbench.runCommand('AnyCowork: Show Chat History');
    const frame = await rig.workbench.frameWith('[data-test=sessions]');
    await frame.locator('[data-test=search]').first().waitFor();
    return frame;
  };
  const rows = (frame: Frame): Locator => frame.locator('[data-test=session]');
  const titles = async (frame: Frame): Promise<string[]> =>
    (await frame.locator('[data-test=session] .session-title').allInnerTexts()).map((text) => text.trim());
  const closeList = async (frame: Frame): Promise<void> => {
    await frame.locator('[data-test=sessions]').press('Escape');
    await frame.locator('[data-test=sessions]').waitFor({ state: 'hidden' });
  };
  const newChat = async (text: string, answer: string): Promise<Frame> => {
    await rig.workbench.runCommand('AnyCowork: New Chat');
    const frame = await rig.workbench.openView();
    await frame.locator('[data-test=empty]').first().waitFor();
    await rig.send(text);
    return rig.answer(answer);
  };

  it('keeps three chats', async () => {
    // An agent that repeats itself would be stopped.
    const look = ['.', 'src', 'test'].map((path) => `list_directory {"path":"${path}"}`).join(' ;; ');
    const long = [...Array.from({ length: 30 }, () => `call ${look}`), 'say The kingfisher sits.'].join('\n');
    await rig.send(otter);
    await rig.answer('The otter dives');
    await newChat(long, 'The kingfisher sits');
    await newChat(heron, 'The heron stands');
    const frame = await history();
    await until('three rows', async () => (await rows(frame).count()) === 3);
    await closeList(frame);
  });

  it('finds a word in an answer while it is typed, and opens the chat there', async () => {
    const frame = await history();
    await frame.locator('[data-test=search]').pressSequentially('reed be', { delay: 20 });
    const hit = frame.locator('[data-test=hit]').first();
    await hit.waitFor();
    const marked = await hit.locator('mark').allInnerTexts();
    assert.deepEqual(marked, ['reed', 'be']);
    assert.equal(await rows(frame).count(), 1);
    await rig.workbench.screenshot('sessions-1-search');
    await frame.locator('[data-test=search]').fill('otter brid');
    await until('the other chat', async () => (await titles(frame))[0]?.startsWith('say The otter'));
    await frame.locator('[data-test=hit]').first().click();
    await rig.answer('The otter dives');
    assert.equal(await frame.locator('[data-test=assistant]', { hasText: 'heron' }).count(), 0);
    await rig.workbench.screenshot('sessions-2-opened-at-hit');
  });

  it('renames, pins, archives, deletes and takes back, by key and by mouse', async () => {
    const frame = await history();
    const row = rows(frame).filter({ hasText: 'heron' });
    await row.locator('.session-open').focus();
    await rig.workbench.page.keyboard.press('F2');
    await frame
      .locator('[data-test=title-field] input, input[data-test=title-field]')
      .first()
      .fill('Birds of the pond');
    await rig.workbench.page.keyboard.press('Enter');
    await until('the new title', async () => (await titles(frame)).includes('Birds of the pond'));

    const renamed = rows(frame).filter({ hasText: 'Birds of the pond' });
    await renamed.hover();
    await renamed.getByRole('button', { name: /^Pin/ }).click();
    await until('the pinned chat first', async () => (await titles(frame))[0] === 'Birds of the pond');
    await rig.workbench.screenshot('sessions-3-pinned');

    const other = rows(frame).filter({ hasText: 'otter' });
    await other.locator('.session-open').focus();
    await rig.workbench.page.keyboard.press('Delete');
    await frame.locator('[data-test=undo-bar]').waitFor();
    await until('one row less', async () => (await rows(frame).filter({ hasText: 'otter' }).count()) === 0);
    await rig.workbench.screenshot('sessions-4-deleted');
    await frame.locator('[data-test=undo]').click();
    await until('the row again', async () => (await rows(frame).filter({ hasText: 'otter' }).count()) === 1);

    await other.locator('.session-open').focus();
    await rig.workbench.page.keyboard.press('Delete');
    await frame.locator('[data-test=shelf-deleted]').click();
    await until('the deleted chat', async () =>
      (await titles(frame)).some((title) => title.includes('otter')),
    );
    await rig.workbench.screenshot('sessions-5-deleted-shelf');
    await rows(frame)
      .first()
      .getByRole('button', { name: /^Restore/ })
      .click();
    await frame.locator('[data-test=shelf-active]').click();
    await until('the restored chat', async () =>
      (await titles(frame)).some((title) => title.includes('otter')),
    );
    await closeList(frame);
  });

  it('offers the actions of a chat in the native menu', async () => {
    const frame = await history();
    await rows(frame).filter({ hasText: 'otter' }).locator('.session-open').click({ button: 'right' });
    const { page } = rig.workbench;
    const entry = page.locator('.context-view .action-label', { hasText: 'Archive Chat' });
    await entry.waitFor();
    await rig.workbench.screenshot('sessions-6-menu');
    // A menu that has only just opened takes no click.
    await until('the menu closed', async () => {
      await entry.click({ timeout: 1_000 }).catch(() => undefined);
      return !(await entry.isVisible());
    });
    await until('one row less', async () => (await rows(frame).filter({ hasText: 'otter' }).count()) === 0);
    await frame.locator('[data-test=shelf-archived]').click();
    await until('it in the archive', async () =>
      (await titles(frame)).some((title) => title.includes('otter')),
    );
    await closeList(frame);
  });

  it('edits a message and sends it again; the chat as it was is in the archive', async () => {
    await rig.workbench.runCommand('AnyCowork: Open Chat from History…');
    await rig.workbench.pick('Birds of the pond');
    const frame = await rig.answer('The heron stands');
    const message = frame.locator('[data-test=user]').first();
    await message.hover();
    await message.getByRole('button', { name: /^Edit/ }).click();
    await frame.locator('[data-test=editing]').waitFor();
    const composer = frame.locator('[data-test=composer]');
    assert.equal(await composer.inputValue(), heron);
    await rig.workbench.screenshot('sessions-7-editing');
    await fillWith(composer, 'say The grebe carries its young.');
    await composer.press('Enter');
    await rig.answer('The grebe carries');
    assert.equal(await frame.locator('[data-test=user]').count(), 1);
    const list = await history();
    await list.locator('[data-test=shelf-archived]').click();
    await until('the chat as it was', async () =>
      (await titles(list)).some((title) =>
        /^Birds of the pond \(before the edit of \d\d:\d\d\)$/.test(title),
      ),
    );
    await rows(list).filter({ hasText: 'before the edit' }).locator('.session-open').click();
    await rig.answer('The heron stands');
    await list.locator('[data-test=archived]').waitFor();
    await rig.workbench.screenshot('sessions-8-archived');
  });

  it('forks a chat and has an answer made anew', async () => {
    await rig.workbench.runCommand('AnyCowork: Open Chat from History…');
    await rig.workbench.pick('Birds of the pond');
    let frame = await rig.answer('The grebe carries');
    await frame.locator('[data-test=assistant]').first().hover();
    await frame.locator('[data-test=assistant]').first().getByRole('button', { name: /^Fork/ }).click();
    await until('the fork', async () => {
      frame = await rig.workbench.frameWith('[data-test=composer]');
      return (await frame.locator('[data-test=title]').innerText()).includes('Fork of Birds of the pond');
    });
    await rig.send('say Only in the fork.');
    await rig.answer('Only in the fork');
    const answer = frame.locator('[data-test=assistant]').last();
    await answer.hover();
    await answer.getByRole('button', { name: /^Retry/ }).click();
    await until('the answer once more', async () => {
      const texts = await frame.locator('[data-test=assistant]').allInnerTexts();
      return texts.length === 2 && texts[1]?.includes('Only in the fork') === true;
    });
    await rig.workbench.screenshot('sessions-9-fork');
  });

  it('exports a chat and imports it again', async () => {
    const file = path.join(rig.folder, 'pond.json');
    await rig.workbench.runCommand('AnyCowork: Export Chat…');
    await rig.workbench.pick('Birds of the pond');
    await rig.workbench.pick('JSON');
    await rig.workbench.enterPath(file);
    await until('the file', () => existsSync(file));
    const exported: unknown = JSON.parse(readFileSync(file, 'utf8'));
    assert.ok(typeof exported === 'object' && exported !== null && 'format' in exported);
    assert.equal(exported.format, 'anycowork-chat');
    await rig.workbench.runCommand('AnyCowork: Import Chat…');
    await rig.workbench.enterPath(file);
    const frame = await rig.workbench.openView();
    await until('the imported chat', async () => (await frame.locator('[data-test=user]').count()) === 1);
    await rig.answer('The grebe carries');
    await rig.workbench.screenshot('sessions-10-imported');
  });

  it('searches from the palette and opens what was found', async () => {
    await rig.workbench.runCommand('AnyCowork: Search Chats…');
    const input = rig.workbench.page.locator('.quick-input-widget:visible .quick-input-box input');
    await input.pressSequentially('kingfish', { delay: 20 });
    await until('a hit', async () => (await rig.workbench.picks()).length > 0);
    await rig.workbench.page
      .locator('.quick-input-list .monaco-list-row', { hasText: 'kingfisher' })
      .first()
      .waitFor();
    await rig.workbench.screenshot('sessions-11-palette-search');
    await input.press('Enter');
    await rig.answer('The kingfisher sits');
  });

  it('checks the storage and shows what takes the space', async () => {
    await rig.workbench.runCommand('AnyCowork: Check Storage');
    await rig.workbench.notification('Everything is in order');
    await rig.workbench.page.locator('.monaco-editor .view-line', { hasText: 'Journal' }).first().waitFor();
    await rig.workbench.screenshot('sessions-12-check');
    await rig.workbench.runCommand('AnyCowork: Manage Storage…');
    await until('the parts', async () => (await rig.workbench.picks()).length > 2);
    await rig.workbench.screenshot('sessions-13-manage');
    await rig.workbench.page.keyboard.press('Escape');
  });
});
