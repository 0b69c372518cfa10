/** The command that changes what runs in a chat without a question. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { type ApprovalMode, approvalModes } from '../shared/rule.ts';
import { parse } from './commandInput.ts';
import type { CurrentChat } from './currentChat.ts';
import { alwaysAsks, inEveryMode, modeWords } from './ruleWords.ts';

const modeSchema = z.enum(approvalModes);

/** @returns undefined when the person thought better of it */
export const chooseMode = async (title: string, current: ApprovalMode): Promise<ApprovalMode | undefined> => {
  const items = approvalModes.map((mode) => ({
    label: modeWords[mode].name,
    ...(mode === current ? { description: 'now' } : {}),
    detail: modeWords[mode].runs,
    mode,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: inEveryMode,
  });
  return picked?.mode;
};

/** Of autopilot only: it is the one mode in which commands run unseen. */
export const confirmMode = async (mode: ApprovalMode): Promise<boolean> => {
  if (mode !== 'autopilot') return true;
  const turnOn = 'Turn On Autopilot';
  const detail = `Without asking will run: reading and edits inside this workspace, which can be undone, and every command inside the sandbox. Commands outside the sandbox ask, unless a rule covers them.\n\n${alwaysAsks}`;
  const choice = await vscode.window.showWarningMessage(
    'Let the agent work without asking?',
    { modal: true, detail },
    turnOn,
  );
  return choice === turnOn;
};

export const createModeCommands = (ports: { readonly current: Pick<CurrentChat, 'mode' | 'setMode'> }) => {
  const { current } = ports;
  return {
    /** By code with the mode; autopilot is asked about there too. @returns the mode of the shown chat from now on */
    pickMode: async (given?: unknown): Promise<ApprovalMode> => {
      const before = await current.mode();
      const wanted =
        given === undefined || given === null
          ? await chooseMode('Approval mode of this chat', before)
          : parse(modeSchema, given);
      if (wanted === undefined || wanted === before) return before;
      if (!(await confirmMode(wanted))) return before;
      await current.setMode(wanted);
      return wanted;
    },
  };
};
