import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { EndEvent } from '../../extension/core/deskSchedule.ts';
import type { Schedule } from '../../extension/shared/telegram.ts';
import { bot, scheduleRig, shop } from '../core/scheduleRig.ts';
import { answers, executed, window as fakeWindow, messages, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createScheduleCommands, whenMessage } = await loadWithVscode(
  () => import('../../extension/vscode/scheduleCommands.ts'),
);
const { createSchedulesView, ScheduleItem } = await loadWithVscode(
  () => import('../../extension/vscode/schedulesView.ts'),
);
const { createScheduleNotices } = await loadWithVscode(
  () => import('../../extension/vscode/scheduleNotices.ts'),
);

const onPhone = { configId: 'bot', chatId: 7 };
const coder = { id: 'coder', name: 'Coder' };
const writer = { id: 'writer', name: 'Writer' };

/** A window in the folder `shop`, with a bot that talks with Ann. */
const rig = async (options: { readonly agents?: readonly object[]; readonly hasBot?: boolean } = {}) => {
  const base = scheduleRig();
  if (options.hasBot !== false) await base.store.saveBot(bot);
  const { schedules, told: ran } = base.createWindow();
  const common = {
    schedules,
    agents: { list: async () => options.agents ?? [coder, writer] },
    bots: { list: async () => (await base.store.listBots()).map((config) => ({ config })) },
    folders: () => [shop],
    now: () => base.clock.at,
    // What it uses of agents and bots.
  } as never;
  return {
    ...base,
    ran,
    schedules,
    commands: createScheduleCommands(common),
    view: createSchedulesView(common),
  };
};

beforeEach(resetVscode);

describe('commands of schedules', () => {
  it('make one by asking what, when, where and who', async () => {
    const { commands, kept } = await rig();
    answers.push('Sum up', 'weekdays at 9', 'The editor', 'Writer');
    const made = await commands.createSchedule();
    assert.deepEqual(await kept(), made);
    assert.deepEqual(
      [made?.prompt, made?.cron, made?.agentId, made?.telegram, made?.folder],
      ['Sum up', '0 9 * * 1-5', 'writer', undefined, shop],
    );
    assert.match(told.at(-1) ?? '', /^Scheduled “Sum up”: every weekday at 9:00 · next /);
    assert.match(told.at(-1) ?? '', /It runs only while VS Code is open with this folder\.$/);
  });

  it('make one for a chat of a bot, whose agent works', async () => {
    const { commands } = await rig();
    answers.push('Sum up', 'every hour', 'Helper: Ann');
    const made = await commands.createSchedule();
    assert.deepEqual([made?.telegram, made?.agentId], [onPhone, 'coder']);
    // Its folder may be another one.
    assert.match(told.at(-1) ?? '', /It runs only while its bot runs\.$/);
  });

  it('ask for nothing that there is only one of', async () => {
    const { commands } = await rig({ agents: [coder], hasBot: false });
    answers.push('Sum up', 'every hour');
    assert.equal((await commands.createSchedule())?.agentId, 'coder');
    assert.deepEqual(answers, []);
  });

  it('make none when the person thinks better of it', async () => {
    const { commands, kept } = await rig();
    const given: unknown[][] = [
      [],
      ['Sum up'],
      ['Sum up', 'every hour'],
      ['Sum up', 'every hour', 'The editor'],
    ];
    for (const each of given) {
      answers.push(...each);
      assert.equal(await commands.createSchedule(), undefined);
    }
    assert.equal(await kept(), undefined);
  });

  it('show what is wrong, or the next three times, while one types', () => {
    const now = Date.parse('2026-06-01T07:30:00');
    assert.match(String(whenMessage('every', now)), /not understood/);
    const shown = whenMessage('every weekday at 9', now);
    assert.ok(typeof shown === 'object' && 'message' in shown);
    assert.equal(shown.message, 'every weekday at 9:00 — next: today 9:00, Tue 2 Jun 9:00, Wed 3 Jun 9:00');
    // What is for information only does not keep the field from being accepted.
    assert.equal(shown.severity, 1);
  });

  it('check what is typed, and fill in what was there', async () => {
    const { commands } = await rig();
    const { id } = (await commands.createSchedule({ when: 'weekdays at 9', prompt: 'Sum up' })) as Schedule;
    const { showInputBox } = fakeWindow;
    const fields: object[] = [];
    try {
      fakeWindow.showInputBox = async (...values: readonly unknown[]) => {
        if (typeof values[0] === 'object' && values[0] !== null) fields.push(values[0]);
        return undefined;
      };
      answers.push('When', 'What is to be done');
      assert.equal(await commands.editSchedule(id), undefined);
      assert.equal(await commands.editSchedule(id), undefined);
    } finally {
      fakeWindow.showInputBox = showInputBox;
    }
    assert.deepEqual(
      fields.map((field) => Reflect.get(field, 'value')),
      ['every weekday at 9:00', 'Sum up'],
    );
    const validate: unknown = fields[0] === undefined ? undefined : Reflect.get(fields[0], 'validateInput');
    assert.ok(typeof validate === 'function');
    assert.match(validate('soon'), /not understood/);
  });

  it('take arguments of code and ask nothing then', async () => {
    const { commands, kept, ran, schedules } = await rig();
    const made = await commands.createSchedule({ when: 'every hour', prompt: 'Sum up', telegram: onPhone });
    const id = made?.id ?? '';
    await commands.editSchedule(id, { prompt: 'Other' });
    assert.equal((await kept())?.prompt, 'Other');
    assert.equal(await commands.runScheduleNow(id), true);
    assert.deepEqual(ran, ['run Other 08:30']);
    assert.equal(await commands.disableSchedule(id), true);
    assert.equal((await kept())?.isEnabled, false);
    assert.equal(await commands.enableSchedule(id), true);
    assert.equal((await kept())?.isEnabled, true);
    assert.equal(await commands.deleteSchedule(id), true);
    assert.deepEqual(await schedules.list(), []);
    assert.deepEqual(told, []);
    await assert.rejects(commands.deleteSchedule(id), /not there any more/);
    await assert.rejects(commands.editSchedule(5, {}), /arguments are not right/);
    await assert.rejects(commands.createSchedule({ when: 'soon', prompt: 'x' }), /not understood/);
  });

  it('change one from its row, where the menu passes more than the row', async () => {
    const { commands, kept } = await rig();
    const row = new ScheduleItem(
      (await commands.createSchedule({ when: 'every hour', prompt: 'Sum up' })) as Schedule,
    );
    answers.push('What is to be done', 'Other');
    await commands.editSchedule(row, [row]);
    answers.push('When', 'every 2 hours');
    await commands.editSchedule(row);
    answers.push('Where the answer goes, and who works', 'Helper: Ann');
    await commands.editSchedule(row);
    assert.deepEqual(
      [(await kept())?.prompt, (await kept())?.when, (await kept())?.telegram],
      ['Other', 'every 2 hours', onPhone],
    );
    answers.push('Where the answer goes, and who works', 'The editor', 'Writer');
    await commands.editSchedule(row);
    assert.deepEqual([(await kept())?.telegram, (await kept())?.agentId], [undefined, 'writer']);
    answers.push('When');
    assert.equal(await commands.editSchedule(row), undefined);
  });

  it('do not put a text of several lines into a field of one', async () => {
    const { commands } = await rig();
    const made = await commands.createSchedule({ when: 'every hour', prompt: 'One\nTwo' });
    answers.push('What is to be done');
    await assert.rejects(commands.editSchedule(made?.id), /several lines/);
  });

  it('ask before a person deletes one', async () => {
    const { commands, kept } = await rig();
    const row = new ScheduleItem(
      (await commands.createSchedule({ when: 'every hour', prompt: 'Sum up' })) as Schedule,
    );
    assert.equal(await commands.deleteSchedule(row), false);
    assert.deepEqual(messages.at(-1), {
      ...{ text: 'Delete the schedule “Sum up”, every hour? Its chats stay.', detail: undefined },
      ...{ isModal: true, buttons: ['Delete'] },
    });
    assert.notEqual(await kept(), undefined);
    answers.push('Delete');
    assert.equal(await commands.deleteSchedule(row), true);
    assert.equal(await kept(), undefined);
  });

  it('let the palette choose, among those that it makes sense for', async () => {
    const { commands, kept, ran } = await rig();
    await commands.createSchedule({ when: 'every hour', prompt: 'Sum $(up)' });
    assert.equal(await commands.enableSchedule(), false);
    assert.match(told.at(-1) ?? '', /no such schedule/);
    answers.push('Sum \\$(up)', 'Sum \\$(up)');
    assert.equal(await commands.runScheduleNow(), true);
    assert.equal(await commands.disableSchedule(), true);
    assert.deepEqual(ran, ['run Sum $(up) 08:30']);
    assert.match(told.at(-1) ?? '', /^AnyCowork runs “Sum \\\$\(up\)”$/);
    assert.equal((await kept())?.isEnabled, false);
    await commands.showSchedules();
    assert.deepEqual(executed, [['anycowork.schedules.focus']]);
  });
});

describe('the view of schedules', () => {
  it('shows what, when and the next time, those of other folders apart', async () => {
    const { schedules, view, store, clock } = await rig();
    clock.at = new Date('2026-06-01T08:30:00').getTime();
    await schedules.create({ when: 'every day at 9', prompt: `${'word '.repeat(30)}\nmore` });
    const off = await schedules.create({ when: 'every hour', prompt: 'Off', telegram: onPhone });
    await schedules.update(off.id, { isEnabled: false });
    await store.saveSchedule({
      ...off,
      id: 'x',
      folder: '/home/me/other',
      telegram: { configId: 'bot', chatId: 9 },
    });
    const rows = await view.children();
    assert.deepEqual(
      rows.map(({ label, description, contextValue }) => [label, description, contextValue]),
      [
        [`${'word '.repeat(11)}word…`, 'every day at 9:00 · next today 9:00', 'schedule canDisable'],
        ['Off', 'every hour · off', 'schedule canEnable'],
        ['Other folders', undefined, undefined],
      ],
    );
    assert.match(String(rows[0]?.tooltip), /Agent: Coder\nAnswers go to: the editor\n/);
    assert.match(
      String(rows[1]?.tooltip),
      /Agent: the one of the chat\nAnswers go to: the chat Ann of the bot Helper\n/,
    );
    const [other] = await view.children(rows[2]);
    assert.equal(other?.description, 'every hour · next today 9:00 · other');
    assert.match(String(other?.tooltip), /a chat that is not allowed any more of the bot Helper/);
    assert.deepEqual(await view.children(other), []);
  });

  it('is drawn anew after a change', async () => {
    const { schedules, view } = await rig();
    let changes = 0;
    await view.children();
    view.onChange(() => {
      changes += 1;
    });
    await schedules.create({ when: 'every hour', prompt: 'Sum up' });
    assert.equal(changes, 1);
  });
});

describe('what schedules tell in the editor', () => {
  const schedule = { id: 's', prompt: 'Sum [up](command:x)', when: 'every hour' } as Schedule;
  const notices = () => {
    const done: string[] = [];
    const errors: unknown[] = [];
    const made = createScheduleNotices({
      openChat: async (sessionId) => void done.push(`open ${sessionId}`),
      runNow: async (id, dueAt) => {
        if (dueAt === 13) throw new Error('not here');
        done.push(`run ${id} ${dueAt}`);
      },
      now: () => 10,
      logError: (error) => void errors.push(error),
    });
    return { ...made, done, errors };
  };
  const end = (event: Partial<EndEvent>): EndEvent => ({ jobId: 'j', at: 1, ...event }) as EndEvent;

  it('is the end of the work, with the chat behind a button', async () => {
    const { tellEnd, done } = notices();
    answers.push('Open Chat');
    tellEnd(schedule, 'chat', end({ type: 'JobCompleted', message: '' }));
    await setImmediate();
    assert.deepEqual(done, ['open chat']);
    const error = { kind: 'key', message: 'The key is wrong.', actions: [] } as never;
    tellEnd(schedule, 'chat', end({ type: 'JobFailed', error }));
    tellEnd(schedule, 'chat', end({ type: 'JobCancelled' }));
    assert.deepEqual(told, [
      'The scheduled work “Sum [up] (command:x)” is done.',
      'The scheduled work “Sum [up] (command:x)” has stopped: The key is wrong. What it did so far is in its chat.',
    ]);
  });

  it('is what was missed, which can be run now, once', async () => {
    const { tellMissed, done } = notices();
    answers.push('Run Now');
    tellMissed(schedule, 3, 5);
    await setImmediate();
    assert.deepEqual(done, ['run s 5']);
    assert.match(told[0] ?? '', /was due 3 times, the last time today .+ None of these was run\.$/);
    answers.push('Run Now');
    tellMissed(schedule, 1, 13);
    await setImmediate();
    assert.equal(told.at(-1), 'AnyCowork: not here');
  });

  it('is why one could not run', async () => {
    const { tellFailed, errors } = notices();
    answers.push('Show Schedules');
    tellFailed(schedule, new Error('There is no agent.'));
    await setImmediate();
    assert.match(told[0] ?? '', /was due and could not be run: There is no agent\.$/);
    assert.deepEqual(executed, [['anycowork.showSchedules']]);
    assert.deepEqual(errors, []);
  });
});
