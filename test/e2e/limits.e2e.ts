import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { LLMock } from '@copilotkit/aimock';
import type { Frame, Locator } from 'playwright-core';
import * as z from 'zod';
import { askInChat } from '../support/askInChat.ts';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until, Workbench } from '../support/workbench.ts';
import { inSequence, type Rig, reportFailure, startRig } from './rig.ts';
import { call, clearNotifications, idle, lastStep, newChat, pressUndo, run, work } from './undoRig.ts';

const write = (name: string, content = 'written\n'): string => call('write_file', { path: name, content });
const list = (folder: string): string => call('list_directory', { path: folder });
const notice = (kind: string): string => `[data-test=notice][data-kind=${kind}]`;

/** Settings and trust lie over the whole window. */
const closeOverlay = async ({ page }: Workbench): Promise<void> => {
  const overlay = page.locator('.monaco-modal-editor-block');
  await overlay.locator('.codicon-close').first().click();
  await overlay.waitFor({ state: 'hidden' });
};

describe('a budget', () => {
  inSequence();
  let rig: Rig;
  let model: LLMock;
  const requests = (): number => model.getRequests().length;

  before(async () => {
    model = await startPuppetModel();
    rig = await startRig({ model, settings: { ...askInChat, 'anycowork.budget.chat': { requests: 2 } } });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('stops the agent at its limit, says which, and lets it be raised', async () => {
    const frame = await rig.send([list('.'), list('src'), list('test'), 'say The end is reached'].join('\n'));
    const reached = frame.locator(notice('budget')).last();
    await reached.waitFor();
    assert.match(await reached.innerText(), /This chat has spent 2 model requests of its limit of 2/);
    assert.equal(requests(), 2);
    await rig.workbench.screenshot('consent-limits-1-budget');
    await frame.locator('[data-test=act-raiseBudget]').click();
    await rig.answer('The end is reached');
    await idle(frame);
    assert.equal(requests(), 4);

    // What was raised is used up too.
    await rig.send('say Not to be heard');
    await frame.locator(notice('budget'), { hasText: 'raised 1 time' }).waitFor();
    assert.equal(requests(), 4);
    // Another chat has its own.
    await newChat(rig);
    await rig.send('say Something else');
    await rig.answer('Something else');
  });

  it('is shown in the status bar, and in full by a command', async () => {
    const frame = await rig.workbench.openView();
    await idle(frame);
    const item = rig.workbench.page.locator('.statusbar-item', { hasText: / tokens/ });
    await item.waitFor();
    await rig.workbench.runCommand('AnyCowork: Show Spending');
    const { title, detail } = await rig.workbench.modal();
    await rig.workbench.screenshot('consent-limits-2-spending');
    assert.equal(title, 'What agents have spent');
    assert.match(detail, /The last answer: .*1 request · /);
    assert.match(detail, /This chat: .*1 of 2 requests/);
    assert.match(detail, /All agents today: .*5 requests/);
    await rig.workbench.answerModal('Open Settings');
    await rig.workbench.page.locator('.settings-editor', { hasText: 'Budget' }).waitFor();
    await rig.workbench.screenshot('consent-limits-3-settings');
    await closeOverlay(rig.workbench);
    // The item itself opens the same.
    await item.click();
    await rig.workbench.answerModal('Escape');
  });
});

/** What the record says of a file's text: enough to know it again, without keeping it after its chat. */
const digest = (text: string) => ({
  characters: text.length,
  lines: text.split('\n').length - 1,
  sha256: createHash('sha256').update(text).digest('hex'),
});

const entrySchema = z.object({
  id: z.number(),
  at: z.iso.datetime(),
  kind: z.string(),
  outcome: z.string(),
  title: z.string(),
  detail: z.string(),
  tool: z.string().optional(),
  effect: z.string().optional(),
  sessionId: z.string().optional(),
  by: z.string(),
  reason: z.string(),
  ruleIds: z.array(z.string()),
});

describe('what is stopped, recorded and asked', () => {
  let rig: Rig;
  let model: LLMock;
  const requestText = (): string => JSON.stringify(model.getRequests().map(({ body }) => body));

  before(async () => {
    model = await startPuppetModel();
    rig = await startRig({ model, settings: askInChat });
  });
  beforeEach(async () => {
    await clearNotifications(rig.workbench);
    await newChat(rig);
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('an agent that goes round in circles is told, and then stopped', async () => {
    const before = model.getRequests().length;
    const read = call('read_file', { path: 'package.json' });
    const frame = await rig.send([...Array.from({ length: 10 }, () => read), 'say On and on'].join('\n'));
    const stopped = frame.locator(notice('repeating'));
    await stopped.waitFor();
    assert.match(await stopped.innerText(), /same step 6 times in a row.*package\.json/);
    await idle(frame);
    assert.equal(model.getRequests().length - before, 6);
    assert.match(requestText(), /You have now made this call 3 times in a row/);
    await rig.workbench.screenshot('consent-limits-4-repeating');
    await frame.locator('[data-test=act-continue]').waitFor();
  });

  it('a secret is asked for before it is read, in autopilot too', async () => {
    const secret = 'swordfish-2291';
    writeFileSync(path.join(rig.folder, '.env'), `TOKEN=${secret}\n`);
    await rig.workbench.runCommand('AnyCowork: Choose Approval Mode of This Chat…');
    await rig.workbench.pick('Autopilot');
    await rig.workbench.answerModal('Turn On Autopilot');
    const frame = await rig.workbench.frameWith('[data-test=mode].autopilot');
    await work(rig, write('free.txt'), call('search_text', { pattern: 'TOKEN' }));
    assert.ok(existsSync(path.join(rig.folder, 'free.txt')));
    assert.ok(!requestText().includes(secret));

    const read = `${call('read_file', { path: '.env' })}\nsay So be it`;
    await rig.send(read);
    const card = frame.locator('[data-test=approval]');
    await card.getByText('.env looks like it holds secrets').waitFor();
    assert.equal(await card.locator('[data-test=offers]').count(), 0);
    assert.ok(!(await card.innerText()).includes(secret));
    await rig.workbench.screenshot('consent-limits-5-secret');
    await frame.locator('[data-test=reject]').click();
    await rig.answer('So be it');
    await idle(frame);
    assert.ok(!requestText().includes(secret));

    await rig.send(read);
    await frame.locator('[data-test=approve]').click();
    await until('the secret with the model', () => requestText().includes(secret));
    await idle(frame);
  });

  const exportTo = async (name: string): Promise<string> => {
    const file = path.join(path.dirname(rig.folder), name);
    await rig.workbench.runCommand('AnyCowork: Export Record of Decisions…');
    await rig.workbench.enterPath(file);
    await until(name, () => existsSync(file));
    await rig.workbench.notification(/Exported \d+ decisions to/);
    return readFileSync(file, 'utf8');
  };

  it('every decision is recorded: who, when, what exactly, by which rule', async () => {
    const since = Date.now() - 1;
    await rig.send([write('approved.txt', 'yes\n'), write('rejected.txt', 'no\n'), 'say Decided'].join('\n'));
    const frame = await rig.workbench.frameWith('[data-test=approval]');
    await frame.locator('[data-test=approval]', { hasText: 'approved.txt' }).waitFor();
    await frame.locator('[data-test=approve]').click();
    await frame.locator('[data-test=approval]', { hasText: 'rejected.txt' }).waitFor();
    const reason = frame.locator('[data-test=approval] input').first();
    await reason.fill('=not this one');
    await frame.locator('[data-test=reject]').click();
    await rig.answer('Decided');
    await idle(frame);
    // Allowed for this chat, and then run by that rule.
    const version = run('node --version');
    await rig.send(`${version}\n${version}\nsay Both are run`);
    await frame.locator('[data-test=offers]').click();
    await frame.locator('[data-test=approve-session]').click();
    await rig.answer('Both are run');
    await idle(frame);
    await frame.locator('[data-test=title]').first().waitFor();

    const entries = (await exportTo('decisions.jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => entrySchema.parse(JSON.parse(line)))
      .filter(({ at }) => Date.parse(at) >= since);
    const steps = entries.filter(({ kind }) => kind === 'step');
    assert.deepEqual(
      steps.map(({ tool, effect, outcome, by }) => [tool, effect, outcome, by]),
      [
        ['write_file', 'write', 'approved', 'user'],
        ['write_file', 'write', 'rejected', 'user'],
        ['run_command', 'execute', 'approved', 'user'],
        ['run_command', 'execute', 'ran', 'rule'],
      ],
    );
    const [approved, rejected, first, second] = steps;
    assert.deepEqual(JSON.parse(approved?.detail ?? ''), { path: 'approved.txt', content: digest('yes\n') });
    assert.equal(approved?.reason, 'chat');
    assert.deepEqual(JSON.parse(rejected?.detail ?? ''), { path: 'rejected.txt', content: digest('no\n') });
    assert.equal(rejected?.reason, '=not this one');
    assert.match(first?.reason ?? '', /chat, always allow .*node --version/);
    assert.match(second?.reason ?? '', /^rule: node --version in this chat/);
    const made = entries.find(({ kind }) => kind === 'rule');
    assert.match(made?.title ?? '', /node --version/);
    assert.equal(second?.ruleIds.length, 1);
    assert.ok(steps.every(({ at }) => Date.parse(at) <= Date.now()));
    assert.equal(new Set(steps.map(({ sessionId }) => sessionId)).size, 1);

    // The chat goes, for good; what was decided in it stays.
    const rows = '[data-test=session]';
    await rig.workbench.runCommand('AnyCowork: Show Chat History');
    const history = await rig.workbench.frameWith(rows);
    const id = approved?.sessionId ?? '';
    await history.locator(`${rows}[data-id="${id}"] .session-open`).focus();
    await rig.workbench.page.keyboard.press('Delete');
    await history.locator('[data-test=shelf-deleted]').click();
    const deleted = history.locator(`${rows}[data-id="${id}"]`);
    await deleted.hover();
    await deleted.getByRole('button', { name: /for good$/ }).click();
    await rig.workbench.answerModal('Remove for Good');
    await deleted.waitFor({ state: 'detached' });
    await clearNotifications(rig.workbench);
    const csv = await exportTo('decisions.csv');
    await rig.workbench.screenshot('consent-limits-6-exported');
    const lines = csv.split('\r\n');
    assert.match(lines[0] ?? '', /^\ufeffid,at,kind,outcome,by,reason,title,detail,tool,effect/);
    for (const step of steps) {
      const line = lines.find((each) => each.startsWith(`${step.id},`)) ?? '';
      assert.ok(line.startsWith(`${step.id},${step.at},step,${step.outcome},${step.by},`), line);
      assert.ok(line.includes(id) && line.includes(step.ruleIds.join(' ')), line);
      assert.ok(line.includes(step.detail.replaceAll('"', '""')), line);
    }
    // A spreadsheet must not take a reason for a formula.
    assert.ok(csv.includes(",'=not this one,"));
  });
});

describe('two windows that race for one approval', () => {
  inSequence();
  let rig: Rig;
  let other: Workbench;

  before(async () => {
    rig = await startRig({ model: await startPuppetModel(), width: 1100, settings: askInChat });
    other = await Workbench.open(rig.browser, rig.server, { width: 1100 });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
    if (this.currentTest?.state === 'failed')
      await other?.screenshot('failed-race-other').catch(() => undefined);
  });
  after(() => rig?.stop());

  const openChat = async (title: string): Promise<Frame> => {
    await other.openView();
    await other.runCommand('AnyCowork: Show Chat History');
    const history = await other.frameWith('[data-test=session]');
    await history.locator('[data-test=session]', { hasText: title }).first().click();
    return await other.frameWith('[data-test=approval]');
  };
  const press = (frame: Frame, button: string): Promise<void> =>
    frame.locator(`[data-test=${button}]`).evaluate((element) => {
      if (element instanceof HTMLElement) element.click();
    });
  const lost = /already been answered|not waiting any more/;

  for (const round of [1, 2, 3, 4, 5]) {
    it(`exactly one answer counts, and the other is told (${round})`, async () => {
      for (const window of [rig.workbench, other]) await clearNotifications(window);
      if (round > 1) await newChat(rig);
      const name = `race-${round}.txt`;
      const here = await rig.send(`${write(name)}\nsay Round ${round} is over`);
      await here.locator('[data-test=approval]', { hasText: name }).waitFor();
      const there = await openChat(name);
      await there.locator('[data-test=approval]', { hasText: name }).waitFor();
      const isApprovedHere = round % 2 === 1;
      const [approving, rejecting] = isApprovedHere ? [here, there] : [there, here];
      await Promise.all([press(approving, 'approve'), press(rejecting, 'reject')]);
      await rig.answer(`Round ${round} is over`);
      await idle(here);
      const status = await lastStep(here, 'write_file').getAttribute('data-status');
      assert.ok(status === 'completed' || status === 'rejected', status ?? '');
      await there.locator(`[data-test=step][data-status=${status}]`).waitFor();
      assert.equal(existsSync(path.join(rig.folder, name)), status === 'completed');
      const isWonHere = (status === 'completed') === isApprovedHere;
      const [winner, loser] = isWonHere ? [rig.workbench, other] : [other, rig.workbench];
      await loser.notification(lost);
      if (round === 1) await loser.screenshot('consent-limits-7-race-lost');
      assert.equal(await winner.page.locator('.notification-toast', { hasText: lost }).count(), 0);
      console.log(`      the ${isWonHere ? 'own' : 'other'} window was first: ${status}`);
    });
  }
});

describe('a folder that loses its trust', () => {
  inSequence();
  let rig: Rig;
  let model: LLMock;

  before(async () => {
    model = await startPuppetModel();
    rig = await startRig({ model, settings: askInChat, restricted: true });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  const openTrust = async (): Promise<Locator> => {
    await rig.workbench.runCommand('Workspaces: Manage Workspace Trust');
    const editor = rig.workbench.page.locator('.workspace-trust-editor');
    await editor.waitFor();
    return editor;
  };

  const trust = async (): Promise<void> => {
    const editor = await openTrust();
    await editor.getByRole('button', { name: /^Trust$/ }).click();
    await editor.getByText('You trust this folder').waitFor();
    await closeOverlay(rig.workbench);
  };

  /** Takes the folder from the list of those that are trusted; the window then loads anew. */
  const distrust = async (): Promise<void> => {
    const row = (await openTrust()).locator('.trusted-uris-table .monaco-list-row').first();
    const restricted = rig.workbench.page.locator('.statusbar-item', { hasText: 'Restricted Mode' });
    await until('Restricted Mode', async () => {
      if (await restricted.isVisible().catch(() => false)) return true;
      await row.hover({ timeout: 1_000 }).catch(() => undefined);
      await row
        .locator('.action-label[aria-label^="Delete Path"]')
        .click({ timeout: 1_000 })
        .catch(() => undefined);
      return false;
    });
  };

  it('is worked in once it is trusted, by its rules', async () => {
    const empty = await rig.workbench.openView('[data-test=empty][data-state=untrusted]');
    assert.match(await empty.locator('[data-test=empty]').innerText(), /Trust the folder to go on/);
    await trust();
    const frame = await rig.workbench.openView();
    await frame.locator('[data-test=empty][data-state=untrusted]').waitFor({ state: 'detached' });
    await work(rig, write('made.txt'));
    const version = run('node --version');
    await rig.send(`${version}\nsay The rule is made`);
    await frame.locator('[data-test=offers]').click();
    await frame.locator('[data-test=approve-workspace]').click();
    await rig.answer('The rule is made');
    await idle(frame);
  });

  it('is not worked in without trust: no message, no rule, no undo', async () => {
    const before = model.getRequests().length;
    await distrust();
    await rig.workbench.openView('[data-test=empty][data-state=untrusted], [data-test=user]');
    await rig.workbench.runCommand('AnyCowork: Show Chat History');
    const history = await rig.workbench.frameWith('[data-test=session]');
    await history.locator('[data-test=session]').first().click();
    const frame = await rig.workbench.frameWith('[data-test=step][data-tool=write_file]');
    await rig.workbench.screenshot('consent-limits-8-restricted');
    await pressUndo(lastStep(frame, 'write_file'));
    await rig.workbench.notification(/not trusted is never changed\. Trust it first/);
    await rig.workbench.screenshot('consent-limits-9-no-undo');
    assert.equal(rig.file('made.txt'), 'written\n');
    await rig.workbench.runCommand('AnyCowork: Send a Message…');
    await rig.workbench.enterText(`${run('node --version')}\nsay Not said`);
    await rig.workbench.notification(/not trusted/);
    assert.equal(await rig.workbench.hasModal(), false);
    assert.equal(model.getRequests().length, before);
  });

  it('is worked in again when it is trusted again', async () => {
    await trust();
    const frame = await rig.workbench.openView();
    await work(rig, run('node --version'));
    await lastStep(frame, 'run_command').waitFor();
  });
});
