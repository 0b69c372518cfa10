/** The schedules, in a tree: those of the open folders, and the others below them. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Agents } from '../core/agents.ts';
import type { Schedules } from '../core/schedules.ts';
import { nextRuns } from '../core/scheduleTime.ts';
import { wordsOfTime } from '../core/scheduleWords.ts';
import type { TelegramBots } from '../core/telegramBots.ts';
import type { Schedule, TelegramConfig } from '../shared/telegram.ts';
import type { RulesTree } from './rulesTree.ts';
import { firstLine } from './words.ts';

export class ScheduleItem extends vscode.TreeItem {
  readonly schedule: Schedule;
  constructor(schedule: Schedule) {
    super(firstLine(schedule.prompt, 60), vscode.TreeItemCollapsibleState.None);
    this.schedule = schedule;
    this.id = schedule.id;
    this.contextValue = `schedule ${schedule.isEnabled ? 'canDisable' : 'canEnable'}`;
    this.iconPath = schedule.isEnabled
      ? new vscode.ThemeIcon('watch')
      : new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('disabledForeground'));
  }
}

class OtherFolders extends vscode.TreeItem {
  readonly schedules: readonly Schedule[];
  constructor(schedules: readonly Schedule[]) {
    super('Other folders', vscode.TreeItemCollapsibleState.Collapsed);
    this.id = 'elsewhere';
    this.schedules = schedules;
  }
}

/** `every weekday at 9:00 · next Mon 30 Nov 9:00`; `every hour · off`. */
export const aboutTimes = ({ when, cron, isEnabled }: Schedule, now: number): string => {
  if (!isEnabled) return `${when} · off`;
  const [next] = nextRuns(cron, now, 1);
  return next === undefined ? when : `${when} · next ${wordsOfTime(next, now)}`;
};

/** `the editor`; `the chat Ann of the bot Helper`. */
export const answerPlace = ({ telegram }: Schedule, bots: readonly TelegramConfig[]): string => {
  if (telegram === undefined) return 'the editor';
  const bot = bots.find(({ id }) => id === telegram.configId);
  const chat = bot?.allowedChats.find(({ chatId }) => chatId === telegram.chatId);
  if (bot === undefined) return 'a bot that was deleted';
  return `${chat === undefined ? 'a chat that is not allowed any more' : `the chat ${chat.title}`} of the bot ${bot.name}`;
};

export const createSchedulesView = (ports: {
  readonly schedules: Pick<Schedules, 'list' | 'onChange'>;
  readonly agents: Pick<Agents, 'list'>;
  readonly bots: Pick<TelegramBots, 'list'>;
  /** Absolute paths of the open folders; work of the editor is done in the first one. */
  folders(): readonly string[];
  now(): number;
}): RulesTree => {
  const rows = async (schedules: readonly Schedule[], isElsewhere: boolean): Promise<ScheduleItem[]> => {
    if (schedules.length === 0) return [];
    const [agents, bots] = await Promise.all([ports.agents.list(), ports.bots.list()]);
    const configs = bots.map(({ config }) => config);
    const now = ports.now();
    return schedules.map((schedule) => {
      const item = new ScheduleItem(schedule);
      const times = aboutTimes(schedule, now);
      // Paths of another system may be in a store that several share.
      item.description = isElsewhere ? `${times} · ${path.win32.basename(schedule.folder)}` : times;
      const agent = agents.find(({ id }) => id === schedule.agentId)?.name ?? 'an agent that was deleted';
      item.tooltip = [
        firstLine(schedule.prompt, 300),
        `When: ${times}`,
        `Agent: ${schedule.telegram === undefined ? agent : 'the one of the chat'}`,
        `Answers go to: ${answerPlace(schedule, configs)}`,
        `Folder: ${schedule.folder}`,
        schedule.isEnabled
          ? `Runs only while ${schedule.telegram === undefined ? 'VS Code is open with this folder' : 'its bot runs'}; what was missed is told.`
          : 'Is turned off.',
      ].join('\n');
      return item;
    });
  };

  return {
    children: async (parent) => {
      if (parent instanceof OtherFolders) return rows(parent.schedules, true);
      if (parent !== undefined) return [];
      const all = await ports.schedules.list();
      const open = ports.folders();
      const isHere = ({ folder, telegram }: Schedule): boolean =>
        telegram === undefined ? folder === open[0] : open.includes(folder);
      const others = all.filter((schedule) => !isHere(schedule));
      return [
        ...(await rows(all.filter(isHere), false)),
        ...(others.length === 0 ? [] : [new OtherFolders(others)]),
      ];
    },
    // Also after each run, which has another one come next.
    onChange: ports.schedules.onChange,
  };
};
