import assert from 'node:assert/strict';
import { InputError } from '../../extension/core/agents.ts';
import { bot, scheduleRig, shop } from './scheduleRig.ts';

const hourly = { when: 'every hour', prompt: 'hourly' };

describe('schedules as they are made and changed', () => {
  it('are checked at the border', async () => {
    const rig = scheduleRig();
    await rig.store.saveBot(bot);
    const { schedules, now } = rig.createWindow();
    for (const [input, problem] of [
      [undefined, /not a schedule/],
      [{ when: 'every hour' }, /prompt/],
      [{ ...hourly, prompt: ' ' }, /prompt/],
      [{ ...hourly, when: 'soon' }, /not understood/],
      [{ ...hourly, when: 'every minute' }, /too often/],
      [{ ...hourly, cron: '* * * * *' }, /cron/],
      [{ ...hourly, agentId: 'gone' }, /no agent/],
      [{ ...hourly, telegram: { configId: 'other', chatId: 7 } }, /not there any more/],
      [{ ...hourly, telegram: { configId: 'bot', chatId: 8 } }, /does not talk in the chat/],
      [{ ...hourly, agentId: 'coder', telegram: { configId: 'bot', chatId: 7 } }, /Leave the agent out/],
    ] as const) {
      await assert.rejects(schedules.create(input), (error) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, problem);
        return true;
      });
    }
    now.folder = '';
    await assert.rejects(schedules.create(hourly), /Open a folder first/);
    assert.deepEqual(await schedules.list(), []);
  });

  it('are kept whole', async () => {
    const rig = scheduleRig();
    await rig.store.saveBot({ ...bot, folder: '/home/me/bots' });
    const { schedules } = rig.createWindow();
    const at = rig.clock.at;
    const common = {
      isEnabled: true,
      doneThrough: at,
      createdAt: at,
      cron: '0 9 * * 1-5',
      when: 'every weekday at 9:00',
    };
    const input = { when: 'weekdays at 9', prompt: ' Sum up ' };
    await schedules.create({ ...input, agentId: 'writer' });
    await schedules.create({ ...input, telegram: { configId: 'bot', chatId: 7 } });
    assert.deepEqual(await schedules.list(), [
      { ...common, id: 'schedule-1', prompt: 'Sum up', agentId: 'writer', folder: shop },
      {
        ...common,
        ...{ id: 'schedule-2', prompt: 'Sum up', agentId: 'coder', folder: '/home/me/bots' },
        telegram: { configId: 'bot', chatId: 7 },
      },
    ]);
  });

  it('change what is named, and keep the rest', async () => {
    const rig = scheduleRig();
    await rig.store.saveBot(bot);
    const { schedules, now } = rig.createWindow();
    const made = await schedules.create({ ...hourly, agentId: 'writer' });
    rig.clock.at += 1_000;
    now.folder = '/home/me/other';
    assert.deepEqual(await schedules.update(made.id, { prompt: 'new' }), { ...made, prompt: 'new' });
    assert.deepEqual(await schedules.update(made.id, { agentId: 'coder' }), {
      ...made,
      prompt: 'new',
      agentId: 'coder',
    });
    const moved = await schedules.update(made.id, {
      telegram: { configId: 'bot', chatId: 7 },
      when: 'every 2 hours',
    });
    assert.deepEqual(moved, {
      ...made,
      ...{ prompt: 'new', agentId: 'coder', cron: '0 */2 * * *', when: 'every 2 hours' },
      doneThrough: rig.clock.at,
      telegram: { configId: 'bot', chatId: 7 },
    });
    await assert.rejects(schedules.update(made.id, { agentId: 'writer' }), /Leave the agent out/);
    const back = await schedules.update(made.id, { telegram: null, agentId: 'writer' });
    assert.equal('telegram' in back, false);
    assert.equal(back.agentId, 'writer');
    assert.deepEqual(await rig.kept(), back);
    await assert.rejects(schedules.update(made.id, { when: 'soon' }), InputError);
    await assert.rejects(schedules.update(made.id, { doneThrough: 0 }), InputError);
    await assert.rejects(schedules.update('gone', {}), /not there any more/);
    await schedules.delete(made.id);
    await assert.rejects(schedules.delete(made.id), /not there any more/);
  });

  it('keep what was claimed when they are changed at the same time', async () => {
    const rig = scheduleRig();
    const { schedules, told } = rig.createWindow();
    const { id } = await schedules.create(hourly);
    schedules.start();
    await rig.sleep(31);
    await Promise.all([schedules.update(id, { prompt: 'a' }), schedules.update(id, { isEnabled: true })]);
    await rig.settle();
    assert.equal((await rig.kept())?.prompt, 'a');
    assert.equal(told.length, 1);
    await rig.pass(20);
    assert.equal(told.length, 1);
  });

  it('run when somebody says so, besides their times', async () => {
    const rig = scheduleRig();
    await rig.store.saveBot(bot);
    const { schedules, told, now } = rig.createWindow();
    const desk = await schedules.create(hourly);
    const phone = await schedules.create({
      ...hourly,
      prompt: 'phone',
      telegram: { configId: 'bot', chatId: 7 },
    });
    await schedules.runNow(desk.id);
    await schedules.runNow(phone.id, Date.parse('2026-06-01T07:00Z'));
    assert.deepEqual(told, ['run hourly 08:30', 'run phone 07:00']);
    assert.equal((await rig.kept())?.doneThrough, desk.doneThrough);
    now.failure = new Error('no key');
    await assert.rejects(schedules.runNow(desk.id), /no key/);
    now.mayRun = false;
    await assert.rejects(schedules.runNow(phone.id), /Start the bot first/);
    now.folder = '/home/me/other';
    await assert.rejects(schedules.runNow(desk.id), /works in \/home\/me\/shop/);
    now.isTrusted = false;
    await assert.rejects(schedules.runNow(desk.id), /not trusted/);
    await assert.rejects(schedules.runNow('gone'), /not there any more/);
  });

  it('tell of changes, those of other windows within a minute, and of each run', async () => {
    const rig = scheduleRig();
    const [window, other] = [rig.createWindow(), rig.createWindow()];
    let changes = 0;
    const unlisten = window.schedules.onChange(() => {
      changes += 1;
    });
    window.schedules.onChange(() => {
      throw new Error('of the listener');
    });
    window.schedules.start();
    await rig.settle();
    const { id } = await window.schedules.create(hourly);
    assert.equal(changes, 1);
    await other.schedules.update(id, { prompt: 'of the other' });
    await rig.pass(1.1);
    assert.equal(changes, 2);
    await rig.pass(30);
    assert.equal(changes, 3);
    assert.deepEqual(window.told, ['run of the other 09:00']);
    unlisten();
    await window.schedules.delete(id);
    assert.equal(changes, 3);
    assert.ok(window.errors.length > 0);
  });
});
