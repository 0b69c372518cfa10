import assert from 'node:assert/strict';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { askInChat } from '../support/askInChat.ts';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until, Workbench } from '../support/workbench.ts';
import { fillWith, inSequence, type Rig, reportFailure, startRig } from './rig.ts';
import { keptItems, lagBetween, loadWholeChat, recordGrowth, storedItems } from './windowsRig.ts';

const long = Array.from({ length: 1_500 }, (_, index) => `word${index}`).join(' ');
const readCalls = 50;
const replies = 20;
/** One message of the person, the replies with their calls, and the last answer. */
const rowsOfJob = 1 + replies * (1 + readCalls) + 1;

/** Taking turns: an agent that makes the same call or two again and again is stopped. */
const readFiles = ['package.json', 'README.md', 'src/dates.js'] as const;

const manyReads = (name: string): string => {
  const calls = Array.from({ length: readCalls }, (_, index) => {
    const file = readFiles[index % readFiles.length];
    return `read_file ${JSON.stringify({ path: file })}`;
  });
  const line = `call ${calls.join(' ;; ')}`;
  return [...Array.from({ length: replies }, () => line), `say ${name} is done`].join('\n');
};

const stop = '[data-test=stop]';
const idle = (frame: Frame) =>
  until('the end of the job', async () => !(await frame.locator(stop).isVisible()), 120_000);
const texts = (frame: Frame) => frame.locator('[data-test=user], [data-test=assistant]').allInnerTexts();

describe('two windows on one history', () => {
  inSequence();
  let rig: Rig;
  let other: Workbench;

  before(async () => {
    const model = await startPuppetModel(60);
    rig = await startRig({ model, width: 1100, settings: askInChat });
    other = await Workbench.open(rig.browser, rig.server, { width: 1100 });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
    if (this.currentTest?.state === 'failed')
      await other?.screenshot('failed-windows-other').catch(() => undefined);
  });
  after(() => rig?.stop());

  const send = async (window: Workbench, text: string): Promise<Frame> => {
    const frame = await window.openView();
    const composer = frame.locator('[data-test=composer]');
    await fillWith(composer, text);
    await composer.press('Enter');
    return frame;
  };

  const newChat = async (window: Workbench): Promise<void> => {
    await window.runCommand('AnyCowork: New Chat');
    await window.frameWith('[data-test=empty]');
  };

  const open = async (window: Workbench, title: string): Promise<Frame> => {
    await window.openView();
    await window.runCommand('AnyCowork: Show Chat History');
    const list = await window.frameWith('[data-test=session]');
    await list.locator('[data-test=session]', { hasText: title }).first().click();
    const frame = await window.frameWith('[data-test=user]');
    await frame.locator('[data-test=user]', { hasText: title }).first().waitFor();
    return frame;
  };

  it('show the same answer while it streams in one of them', async () => {
    const here = await send(rig.workbench, `say ${long}`);
    await here.locator('[data-test=assistant]', { hasText: 'word5' }).waitFor();
    const there = await open(other, 'say word0');
    await there.locator('[data-test=assistant]', { hasText: 'word20 ' }).waitFor();
    const [own, follow] = await Promise.all([recordGrowth(here, 8_000), recordGrowth(there, 8_000)]);
    const lag = lagBetween(own, follow);
    console.log(
      `      the other window saw ${lag.samples} states, ${lag.median} ms later (median; 95 %: ${lag.p95} ms, most: ${lag.most} ms)`,
    );
    assert.ok(follow.length >= 20, `the text grew in ${follow.length} steps`);
    assert.ok(lag.median < 400, `${lag.median} ms`);
    await there.locator('[data-test=status]', { hasText: 'another window' }).waitFor();
    await rig.workbench.screenshot('windows-1-runs-here');
    await other.screenshot('windows-2-seen-there');
  });

  it('keep a message for a chat in which the other works, and say where', async () => {
    const there = await other.openView();
    const composer = there.locator('[data-test=composer]');
    await fillWith(composer, 'And one thing more');
    await composer.press('Enter');
    await there.getByText('working in this chat, in another window').waitFor();
    assert.equal(await composer.inputValue(), 'And one thing more');
    await other.screenshot('windows-3-refused');
    await composer.fill('');
  });

  it('stop it from the other', async () => {
    const [here, there] = [await rig.workbench.openView(), await other.openView()];
    const began = performance.now();
    await there.locator(stop).click();
    const [own, follow] = await Promise.all(
      [here, there].map(async (frame) => {
        await idle(frame);
        return Math.round(performance.now() - began);
      }),
    );
    console.log(`      stopped after ${own} ms there, and seen after ${follow} ms here`);
    for (const frame of [here, there])
      await frame.locator('[data-test=notice]', { hasText: /stopped/i }).waitFor();
    await until('the same in both', async () => {
      const [one, two] = await Promise.all([texts(here), texts(there)]);
      return one.length === 2 && one.join('\n') === two.join('\n');
    });
    await other.screenshot('windows-4-stopped');
  });

  it('approve a step from the other', async () => {
    const write = (name: string) => `call write_file ${JSON.stringify({ path: name, content: 'written' })}`;
    await newChat(rig.workbench);
    const here = await send(
      rig.workbench,
      `${write('approved.txt')}\n${write('rejected.txt')}\nsay All of it is done`,
    );
    await here.locator('[data-test=approval]').waitFor();
    const there = await open(other, 'call write_file');
    await there.locator('[data-test=approval]').waitFor();
    await other.screenshot('windows-5-waits-there');
    await there.locator('[data-test=approve]').click();
    await until('the file', () => {
      try {
        return rig.file('approved.txt') === 'written';
      } catch {
        return false;
      }
    });
    // The next one, from the palette.
    await there.locator('[data-test=approval]', { hasText: 'rejected.txt' }).waitFor();
    await other.runCommand('AnyCowork: Reject Waiting Step…');
    await other.pick('Create rejected.txt?');
    await other.enterText('not this one');
    for (const frame of [here, there]) {
      await frame.locator('[data-test=assistant]', { hasText: 'All of it is done' }).waitFor();
      await idle(frame);
      await frame.locator('[data-test=step][data-status=completed]').waitFor();
      await frame.locator('[data-test=step][data-status=rejected]').waitFor();
    }
    assert.throws(() => rig.file('rejected.txt'), /ENOENT/);
    await other.screenshot('windows-6-approved-there');
  });

  it('write 1,000 rows each at once, and both have all of them', async function () {
    this.timeout(400_000);
    const names = ['Left', 'Right'] as const;
    await newChat(rig.workbench);
    await newChat(other);
    const began = performance.now();
    const frames = await Promise.all([
      send(rig.workbench, `${manyReads('Left')}`),
      send(other, `${manyReads('Right')}`),
    ]);
    await Promise.all(
      frames.map((frame, index) =>
        frame
          .locator('[data-test=assistant]', { hasText: `${names[index]} is done` })
          .waitFor({ timeout: 300_000 }),
      ),
    );
    await Promise.all(frames.map(idle));
    console.log(`      ${2 * rowsOfJob} rows in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    const stored = await storedItems(path.join(rig.server.globalStorage, 'anycowork.anycowork'), 'read_file');
    assert.deepEqual(
      [...stored.values()].map((items) => items.length),
      [rowsOfJob, rowsOfJob],
    );
    for (const [sessionId, items] of stored) {
      for (const window of [rig.workbench, other]) {
        await loadWholeChat(window, sessionId, items.length);
        assert.deepEqual(await keptItems(window, sessionId), items);
      }
    }
  });

  it('outlive the host that runs a job, and the other says what became of it', async () => {
    await newChat(other);
    await newChat(rig.workbench);
    const here = await send(rig.workbench, `say killed ${long}`);
    await here.locator('[data-test=assistant]', { hasText: 'word5' }).waitFor();
    const there = await open(other, 'say killed');
    await there.locator('[data-test=assistant]', { hasText: 'word90 ' }).waitFor();
    const [first] = rig.server.extensionHostPids();
    assert.ok(first !== undefined);
    process.kill(first, 'SIGKILL');
    const began = performance.now();
    await there.locator('[data-test=notice]', { hasText: 'was cut off' }).waitFor();
    console.log(`      told ${Math.round(performance.now() - began)} ms after the kill`);
    await idle(there);
    // Of a reply that streams at most the last second is lost.
    await there.locator('[data-test=assistant]', { hasText: 'word20 ' }).waitFor();
    await other.screenshot('windows-7-killed');
    // The chat is free: it goes on here.
    await send(other, 'say Here I go on');
    await there.locator('[data-test=assistant]', { hasText: 'Here I go on' }).waitFor();
  });
});
