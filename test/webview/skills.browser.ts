import assert from 'node:assert/strict';
import type { SkillChoice } from '../../extension/shared/skill.ts';
import { snapshot, step, stepItem, toolMessage, user } from './samples.ts';
import { composer, settle, show, written } from './show.ts';

const choice = (id: string, more: Partial<SkillChoice> = {}): SkillChoice => ({
  id,
  description: `What ${id} does, and when it is of use.`,
  triggers: [],
  isReviewed: true,
  ...more,
});
const skills: readonly SkillChoice[] = [
  choice('pdf', { triggers: ['extract table', '*.pdf'], argumentHint: '[file]' }),
  choice('charts', { triggers: ['draw a chart'] }),
  choice('foreign', { triggers: ['deploy it'], isReviewed: false }),
];
/** One pixel. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const shownWith = () => show([snapshot([], {}, { skills })]);

const chip = '[data-test=skill-chip]';
const item = '[data-test=slash-item]';

describe('composer: skills', () => {
  it('shows a skill whose trigger is written as a chip, and sends it along', async () => {
    const shown = await shownWith();
    await shown.page.fill(composer, 'Please extract table 2 of report');
    await shown.page.waitForSelector(`${chip}[data-skill=pdf][data-attached=true]`);
    assert.match(await shown.page.innerText(chip), /Skill: pdf\s+matched “extract table”/);
    await shown.page.press(composer, 'Enter');
    assert.deepEqual((await shown.posted('send')).skills, ['pdf']);
  });

  it('does not send a skill that was taken away, and does not show it again', async () => {
    const shown = await shownWith();
    await shown.page.fill(composer, 'Please extract table 2');
    await shown.page.click(`${chip} [data-test=decline-skill]`);
    await shown.page.waitForSelector(chip, { state: 'detached' });
    await shown.page.locator(composer).pressSequentially(' and extract table 3');
    await settle(shown);
    assert.equal(await shown.page.locator(chip).count(), 0);
    await shown.page.press(composer, 'Enter');
    assert.equal((await shown.posted('send')).skills, undefined);
  });

  it('only suggests a skill that nobody has reviewed, until it is chosen', async () => {
    const shown = await shownWith();
    await shown.page.fill(composer, 'deploy it');
    await shown.page.waitForSelector(`${chip}[data-attached=false]`);
    await shown.page.click('[data-test=use-skill]');
    await shown.page.waitForSelector(`${chip}[data-attached=true]`);
    await shown.page.press(composer, 'Enter');
    assert.deepEqual((await shown.posted('send')).skills, ['foreign']);
  });

  it('lists skills behind a slash, by keys', async () => {
    const shown = await shownWith();
    await shown.page.focus(composer);
    await shown.page.keyboard.type('/');
    await shown.page.waitForSelector(item);
    assert.equal(await shown.page.locator(item).count(), 3);
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.waitForSelector(`${item}:nth-child(2)[aria-selected=true]`);
    assert.equal(
      await shown.page.getAttribute(composer, 'aria-activedescendant'),
      await shown.page.getAttribute(`${item}:nth-child(2)`, 'id'),
    );
    await shown.page.keyboard.press('Enter');
    await shown.page.waitForSelector(item, { state: 'detached' });
    assert.equal(await written(shown), '/charts ');
    assert.equal((await shown.posts('send')).length, 0);
    await shown.page.waitForSelector(`${chip}[data-skill=charts][data-attached=true]`);
    await shown.page.keyboard.type('of sales');
    await shown.page.keyboard.press('Enter');
    const sent = await shown.posted('send');
    assert.equal(sent.text, '/charts of sales');
    assert.deepEqual(sent.skills, ['charts']);
  });

  it('narrows the list while one types, takes a click, and closes with Escape', async () => {
    const shown = await shownWith();
    await shown.page.focus(composer);
    await shown.page.keyboard.type('/fo');
    await shown.page.waitForSelector(item);
    assert.equal(await shown.page.locator(item).count(), 1);
    await shown.page.keyboard.press('Escape');
    await shown.page.waitForSelector(item, { state: 'detached' });
    assert.equal(await written(shown), '/fo');
    await shown.page.keyboard.type('r');
    await shown.page.click(item);
    await shown.page.waitForSelector(item, { state: 'detached' });
    assert.equal(await written(shown), '/foreign ');
  });

  it('takes the name out of the text when the chip is taken away', async () => {
    const shown = await shownWith();
    await shown.page.fill(composer, '/pdf read it');
    await shown.page.click(`${chip} [data-test=decline-skill]`);
    await shown.page.waitForSelector(chip, { state: 'detached' });
    assert.equal(await written(shown), 'read it');
  });

  it('opens no list where a message is a path or there are no skills', async () => {
    const shown = await show();
    await shown.page.fill(composer, '/');
    await settle(shown);
    assert.equal(await shown.page.locator(item).count(), 0);
    await shown.push(snapshot([], {}, { skills }));
    await shown.page.fill(composer, '/usr/bin');
    await settle(shown);
    assert.equal(await shown.page.locator(item).count(), 0);
  });
});

describe('transcript: skills', () => {
  it('names the skills that went with a message', async () => {
    const asked = user('u1', 'Read the report');
    assert.ok(asked.kind === 'user');
    const message = { ...asked.message, skills: [{ id: 'pdf', name: 'pdf', text: 'The body of the skill' }] };
    const shown = await show([snapshot([{ ...asked, message }])]);
    assert.equal(await shown.page.innerText('[data-test=user-skills]'), 'With the skill pdf');
    assert.doesNotMatch(await shown.page.innerText('[data-test=user]'), /The body/);
  });

  it('draws what a skill printed: tables as tables, pictures below', async () => {
    const of = step('k1', 'run_skill', 'spreadsheet read', 'execute', { name: 'spreadsheet', entry: 'read' });
    const table = '| Region | Sales |\n| --- | ---: |\n| North | 12 |';
    const result = {
      ...toolMessage('k1', table),
      content: [
        { type: 'text' as const, text: table },
        { type: 'image' as const, mediaType: 'image/png' as const, data: pixel, name: 'chart.png' },
      ],
    };
    const shown = await show([snapshot([user('u1', 'Show it'), stepItem(of, { result })])]);
    await shown.page.click('.step-toggle');
    await shown.page.waitForSelector('.step-drawn td');
    assert.equal(await shown.page.innerText('.step-drawn td:first-child'), 'North');
    assert.equal(await shown.page.getAttribute('.step-image', 'alt'), 'chart.png');
    assert.equal(await shown.page.innerText('.step-verb'), 'Run skill');
  });
});
