/** What schedules have to tell in the editor. Nothing here waits for the person. */
import * as vscode from 'vscode';
import type { EndEvent } from '../core/deskSchedule.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { failedText, missedText, nameOfSchedule } from '../core/scheduleTold.ts';
import type { Schedule } from '../shared/telegram.ts';
import { withoutLinks } from './words.ts';

export interface ScheduleNotices {
  /** A run of the editor has come to its end. */
  tellEnd(schedule: Schedule, sessionId: string, event: EndEvent): void;
  tellMissed(schedule: Schedule, count: number, lastDue: number): void;
  tellFailed(schedule: Schedule, error: unknown): void;
}

const openChat = 'Open Chat';
const runNow = 'Run Now';
const showSchedules = 'Show Schedules';

export const createScheduleNotices = (ports: {
  openChat(sessionId: string): Promise<void>;
  runNow(id: string, dueAt: number): Promise<void>;
  now(): number;
  logError(error: unknown): void;
}): ScheduleNotices => {
  /** The button's work behind the message; what goes wrong with it is told as well. */
  const offer = (
    shown: Thenable<string | undefined>,
    button: string,
    work: () => Thenable<unknown>,
  ): void => {
    const follow = async (): Promise<void> => {
      if ((await shown) !== button) return;
      try {
        await work();
      } catch (error) {
        await vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
      }
    };
    follow().catch(ports.logError);
  };

  return {
    tellEnd: (schedule, sessionId, event) => {
      // Who stopped it knows.
      if (event.type === 'JobCancelled') return;
      const shown =
        event.type === 'JobCompleted'
          ? vscode.window.showInformationMessage(
              withoutLinks(`The scheduled work ${nameOfSchedule(schedule)} is done.`),
              openChat,
            )
          : vscode.window.showWarningMessage(
              withoutLinks(
                `The scheduled work ${nameOfSchedule(schedule)} has stopped: ${event.error.message} What it did so far is in its chat.`,
              ),
              openChat,
            );
      offer(shown, openChat, () => ports.openChat(sessionId));
    },
    tellMissed: (schedule, count, lastDue) => {
      const text = missedText(schedule, count, lastDue, ports.now());
      const shown = vscode.window.showWarningMessage(withoutLinks(text), runNow);
      offer(shown, runNow, () => ports.runNow(schedule.id, lastDue));
    },
    tellFailed: (schedule, error) => {
      const text = failedText(schedule, error);
      offer(vscode.window.showWarningMessage(withoutLinks(text), showSchedules), showSchedules, () =>
        vscode.commands.executeCommand('anycowork.showSchedules'),
      );
    },
  };
};
