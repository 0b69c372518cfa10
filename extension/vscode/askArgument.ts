/** One value for a prompt or a resource of an MCP server, with what the server suggests while it is typed. */
import * as vscode from 'vscode';
import { called } from './mcpWords.ts';
import { withoutIcons } from './words.ts';

export interface ArgumentQuestion {
  readonly title: string;
  /** From 1. */
  readonly step: number;
  readonly totalSteps: number;
  readonly prompt: string;
  readonly isRequired: boolean;
  /** Values that begin as typed; asked a moment after each key. */
  complete(typed: string): Promise<readonly string[]>;
}

/** What is given is the value itself, whatever its row looks like. */
interface Row extends vscode.QuickPickItem {
  readonly value: string;
}

const rowOf = (value: string, description?: string): Row => ({
  label: withoutIcons(called(value, 200)),
  ...(description === undefined ? {} : { description }),
  alwaysShow: true,
  value,
});

/** Typing goes on for a while before the server is asked. */
const pauseMs = 150;

/** @returns undefined where the person gave up; empty where it was left out */
export const askArgument = (question: ArgumentQuestion): Promise<string | undefined> =>
  new Promise((resolve) => {
    const picker = vscode.window.createQuickPick<Row>();
    const { title, step, totalSteps, prompt, isRequired } = question;
    Object.assign(picker, { title, step, totalSteps, placeholder: prompt, ignoreFocusOut: true });
    let answer: string | undefined;
    let asked = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (suggested: readonly string[]): void => {
      const typed = picker.value;
      const own =
        typed === ''
          ? isRequired
            ? []
            : [{ label: 'Leave It Out', alwaysShow: true, value: '' }]
          : [rowOf(typed, 'As typed')];
      picker.items = [
        ...own,
        ...suggested.filter((value) => value !== typed && value !== '').map((value) => rowOf(value)),
      ];
    };
    const ask = (): void => {
      asked += 1;
      const number = asked;
      clearTimeout(timer);
      show([]);
      timer = setTimeout(async () => {
        picker.busy = true;
        // What a server cannot complete is typed.
        const found = await question.complete(picker.value).catch(() => []);
        if (number !== asked) return;
        picker.busy = false;
        show(found);
      }, pauseMs);
    };
    picker.onDidChangeValue(ask);
    picker.onDidAccept(() => {
      const [chosen] = picker.selectedItems;
      if (chosen === undefined) return;
      answer = chosen.value;
      picker.hide();
    });
    picker.onDidHide(() => {
      asked += 1;
      clearTimeout(timer);
      picker.dispose();
      resolve(answer);
    });
    ask();
    picker.show();
  });
