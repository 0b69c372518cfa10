/** Commands that make, change, run and delete schedules: by code with arguments, else they ask. */
import * as vscode from 'vscode';
import { type Agents, InputError } from '../core/agents.ts';
import type { Schedules } from '../core/schedules.ts';
import { nextRuns, parseWhen } from '../core/scheduleTime.ts';
import { nameOfSchedule } from '../core/scheduleTold.ts';
import { wordsOfTime } from '../core/scheduleWords.ts';
import type { TelegramBots } from '../core/telegramBots.ts';
import type { Schedule } from '../shared/telegram.ts';
import { idSchema, parse } from './commandInput.ts';
import { aboutTimes, answerPlace, ScheduleItem } from './schedulesView.ts';
import { firstLine, withoutIcons, withoutLinks } from './words.ts';

/** The answer's place; without one the editor, and then the agent that works. */
type Target = { readonly telegram: NonNullable<Schedule['telegram']> } | { readonly agentId: string };

/** What stands below the field while one types. */
export const whenMessage = (text: string, now: number): string | vscode.InputBoxValidationMessage => {
  const parsed = parseWhen(text);
  if ('problem' in parsed) return parsed.problem;
  const next = nextRuns(parsed.cron, now, 3).map((at) => wordsOfTime(at, now));
  return {
    message: `${parsed.when} — next: ${next.join(', ')}`,
    severity: vscode.InputBoxValidationSeverity.Info,
  };
};

export const createScheduleCommands = (ports: {
  readonly schedules: Pick<Schedules, 'list' | 'create' | 'update' | 'delete' | 'runNow'>;
  readonly agents: Pick<Agents, 'list'>;
  readonly bots: Pick<TelegramBots, 'list'>;
  now(): number;
}) => {
  const { schedules, agents, now } = ports;

  const existing = async (id: string): Promise<Schedule> => {
    const found = (await schedules.list()).find((schedule) => schedule.id === id);
    if (found !== undefined) return found;
    throw new InputError('This schedule is not there any more. It may have been deleted.');
  };

  const configs = async () => (await ports.bots.list()).map(({ config }) => config);

  /** @returns undefined when the person thought better of it, or there is none to choose */
  const pick = async (
    title: string,
    given: unknown,
    filter: (schedule: Schedule) => boolean = () => true,
  ): Promise<Schedule | undefined> => {
    if (given instanceof ScheduleItem) return existing(given.schedule.id);
    if (given !== undefined && given !== null) return existing(parse(idSchema, given));
    const all = (await schedules.list()).filter(filter);
    if (all.length === 0) {
      vscode.window.showInformationMessage('There is no such schedule. “Create Schedule…” makes one.');
      return undefined;
    }
    const items = all.map((schedule) => ({
      label: withoutIcons(firstLine(schedule.prompt, 60)),
      description: withoutIcons(aboutTimes(schedule, now())),
      schedule,
    }));
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose a schedule' }))?.schedule;
  };

  const askPrompt = (before = ''): Thenable<string | undefined> => {
    if (before.includes('\n')) {
      throw new InputError(
        'What this schedule asks has several lines, which this field cannot hold. Change it with the command anycowork.editSchedule and its arguments.',
      );
    }
    return vscode.window.showInputBox({
      title: 'What is to be done',
      prompt: 'The agent gets this as a message, each time',
      placeHolder: 'Look through the new issues and sum them up',
      value: before,
      ignoreFocusOut: true,
      validateInput: (value) => (value.trim() === '' ? 'Type what the agent is to do.' : undefined),
    });
  };

  const askWhen = (before = ''): Thenable<string | undefined> =>
    vscode.window.showInputBox({
      title: 'When',
      prompt: 'In words, or as a cron pattern of five fields; the time of this computer',
      placeHolder: 'every weekday at 9',
      value: before,
      ignoreFocusOut: true,
      validateInput: (value) => whenMessage(value, now()),
    });

  /** The agent is asked for only where it is not that of a bot's chat. */
  const askTarget = async (): Promise<Target | undefined> => {
    const editor = {
      label: 'The editor',
      detail: 'A new chat each time, with a notification when it is done',
    };
    const chats = (await configs()).flatMap((bot) =>
      bot.allowedChats.map(({ chatId, title }) => ({
        label: withoutIcons(`${bot.name}: ${title}`),
        description: 'Telegram',
        detail: withoutIcons(`In ${bot.folder}, while the bot runs`),
        telegram: { configId: bot.id, chatId },
      })),
    );
    const items: (vscode.QuickPickItem & { telegram?: Schedule['telegram'] })[] = [editor, ...chats];
    const place =
      chats.length === 0
        ? editor
        : await vscode.window.showQuickPick(items, { title: 'Where the answer goes' });
    if (place === undefined) return undefined;
    if ('telegram' in place && place.telegram !== undefined) return { telegram: place.telegram };
    const people = (await agents.list()).map(({ id, name }) => ({ label: withoutIcons(name), id }));
    const [only] = people;
    if (people.length === 1 && only !== undefined) return { agentId: only.id };
    const agent = await vscode.window.showQuickPick(people, { title: 'Which agent' });
    return agent === undefined ? undefined : { agentId: agent.id };
  };

  const created = (schedule: Schedule): void => {
    const limit = schedule.telegram === undefined ? 'VS Code is open with this folder' : 'its bot runs';
    const text = `Scheduled ${nameOfSchedule(schedule)}: ${aboutTimes(schedule, now())}. It runs only while ${limit}.`;
    void vscode.window.showInformationMessage(withoutLinks(text));
  };

  const askCreate = async (): Promise<Schedule | undefined> => {
    const prompt = await askPrompt();
    const when = prompt === undefined ? undefined : await askWhen();
    const target = when === undefined ? undefined : await askTarget();
    if (target === undefined) return undefined;
    const schedule = await schedules.create({ prompt, when, ...target });
    created(schedule);
    return schedule;
  };

  const askPatch = async (schedule: Schedule): Promise<unknown> => {
    const agentName = (await agents.list()).find(({ id }) => id === schedule.agentId)?.name ?? '';
    const place = answerPlace(schedule, await configs());
    const who = schedule.telegram === undefined ? `${agentName}, in ${place}` : place;
    const items = [
      { label: 'What is to be done', description: withoutIcons(firstLine(schedule.prompt)), part: 'prompt' },
      { label: 'When', description: withoutIcons(schedule.when), part: 'when' },
      { label: 'Where the answer goes, and who works', description: withoutIcons(who), part: 'target' },
    ] as const;
    const picked = await vscode.window.showQuickPick(items, { title: `Edit ${nameOfSchedule(schedule)}` });
    if (picked === undefined) return undefined;
    if (picked.part === 'target') {
      const target = await askTarget();
      if (target === undefined || 'telegram' in target) return target;
      return { ...target, telegram: null };
    }
    const { part } = picked;
    const value = await (part === 'prompt' ? askPrompt(schedule.prompt) : askWhen(schedule.when));
    return value === undefined ? undefined : { [part]: value };
  };

  const setEnabled = async (given: unknown, isEnabled: boolean): Promise<boolean> => {
    const title = isEnabled ? 'Turn schedule on' : 'Turn schedule off';
    const schedule = await pick(title, given, (each) => each.isEnabled !== isEnabled);
    if (schedule === undefined) return false;
    await schedules.update(schedule.id, { isEnabled });
    return true;
  };

  return {
    showSchedules: async () => {
      await vscode.commands.executeCommand('anycowork.schedules.focus');
    },
    /** @param input as `Schedules.create`; a menu may pass the row that is selected */
    createSchedule: async (input?: unknown): Promise<Schedule | undefined> =>
      input === undefined || input === null || input instanceof vscode.TreeItem
        ? askCreate()
        : schedules.create(input),
    /** @param patch as `Schedules.update`; a menu passes arguments of its own behind what was clicked */
    editSchedule: async (given?: unknown, patch?: unknown): Promise<Schedule | undefined> => {
      const schedule = await pick('Edit schedule', given);
      if (schedule === undefined) return undefined;
      const isByCode = typeof given === 'string' && patch !== undefined;
      const change = isByCode ? patch : await askPatch(schedule);
      return change === undefined ? undefined : schedules.update(schedule.id, change);
    },
    deleteSchedule: async (given?: unknown): Promise<boolean> => {
      const schedule = await pick('Delete schedule', given);
      if (schedule === undefined) return false;
      if (typeof given !== 'string') {
        const question = `Delete the schedule ${nameOfSchedule(schedule)}, ${schedule.when}? Its chats stay.`;
        const answer = await vscode.window.showWarningMessage(question, { modal: true }, 'Delete');
        if (answer !== 'Delete') return false;
      }
      await schedules.delete(schedule.id);
      return true;
    },
    /** Resolves once it is under way. */
    runScheduleNow: async (given?: unknown): Promise<boolean> => {
      const schedule = await pick('Run schedule now', given);
      if (schedule === undefined) return false;
      await schedules.runNow(schedule.id);
      if (typeof given !== 'string') {
        vscode.window.setStatusBarMessage(withoutIcons(`AnyCowork runs ${nameOfSchedule(schedule)}`), 5_000);
      }
      return true;
    },
    enableSchedule: (given?: unknown) => setEnabled(given, true),
    disableSchedule: (given?: unknown) => setEnabled(given, false),
  };
};
