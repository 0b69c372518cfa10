import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Frame, Locator } from 'playwright-core';
import { askInChat } from '../support/askInChat.ts';
import { type Modal, until, type Workbench } from '../support/workbench.ts';
import type { Rig } from './rig.ts';

/** VS Code's own git support might write into `.git` itself. */
export const undoSettings = { ...askInChat, 'git.enabled': false, 'files.autoSave': 'off' };

export const call = (tool: string, input: Readonly<Record<string, unknown>>): string =>
  `call ${tool} ${JSON.stringify(input)}`;
export const run = (line: string): string => call('run_command', { command: line });

const stop = '[data-test=stop]';
let messages = 0;

export const idle = (frame: Frame): Promise<boolean> =>
  until('the end of the job', async () => !(await frame.locator(stop).isVisible()));

/** Sends calls, one a turn, and approves each in its card, until all of them have ended. */
export const work = async (rig: Rig, ...calls: readonly string[]): Promise<Frame> => {
  messages += 1;
  const end = `That was message ${messages}.`;
  const frame = await rig.send([...calls, `say ${end}`].join('\n'));
  const approve = frame.locator('[data-test=approve]:enabled').first();
  const answer = frame.locator('[data-test=assistant]', { hasText: end });
  await until(
    `the answer “${end}”`,
    async () => {
      if (await approve.isVisible()) await approve.click({ timeout: 1_000 }).catch(() => undefined);
      return answer.isVisible();
    },
    60_000,
  );
  await idle(frame);
  return frame;
};

export const newChat = async ({ workbench }: Rig): Promise<void> => {
  // The command opens the view too, but a window that has just loaded may be slow to say that it is open.
  await workbench.openView();
  await workbench.runCommand('AnyCowork: New Chat');
  await workbench.frameWith('[data-test=empty]');
};

/** The last one of this tool. */
export const lastStep = (frame: Frame, tool: string): Locator =>
  frame.locator(`[data-test=step][data-tool=${tool}]`).last();

/** The button shows under the pointer. */
export const pressUndo = async (step: Locator): Promise<void> => {
  await step.locator('.step-line').hover();
  await step.locator('[data-test=undo-step]').click();
};

export const isUndone = (step: Locator): Promise<void> =>
  step.locator('.step-summary', { hasText: 'Undone' }).waitFor();

const diffEditor = '.editor-group-container .monaco-diff-editor, .editor-group-container .multiDiffEditor';

/** Looks at what is shown behind the question, and answers it. */
export const answerUndo = async (workbench: Workbench, button: string, picture?: string): Promise<Modal> => {
  await workbench.modal();
  await workbench.page.locator(diffEditor).first().waitFor();
  if (picture !== undefined) await workbench.screenshot(picture);
  return await workbench.answerModal(button);
};

/** Undoes a step from its line. @returns what was asked */
export const undo = async (rig: Rig, step: Locator, picture?: string): Promise<Modal> => {
  await pressUndo(step);
  const asked = await answerUndo(rig.workbench, 'Undo', picture);
  await isUndone(step);
  await rig.workbench.page.locator(diffEditor).first().waitFor({ state: 'hidden' });
  return asked;
};

/** The last message of the person. */
export const lastMessage = (frame: Frame): Locator => frame.locator('[data-test=user]').last();

/** Presses one of the buttons that a message shows under the pointer. */
export const pressAction = async (message: Locator, name: RegExp): Promise<void> => {
  await message.hover();
  await message.getByRole('button', { name }).click();
};

export const clearNotifications = async ({ page }: Workbench): Promise<void> => {
  const toast = page.locator('.notification-toast');
  await until('no notifications', async () => {
    if ((await toast.count()) === 0) return true;
    await toast
      .first()
      .hover({ timeout: 1_000 })
      .catch(() => undefined);
    const clear = toast.first().locator('.codicon-notifications-clear');
    await clear.click({ timeout: 1_000 }).catch(() => undefined);
    return false;
  });
};

/** Every path below a folder with its mode and its content, in base64; links are not followed. */
export const snapshot = (folder: string, isWanted = (_: string): boolean => true): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(isWanted)
      .sort()
      .map((name) => {
        const file = path.join(folder, name);
        const status = lstatSync(file);
        const mode = (status.mode & 0o777).toString(8);
        if (status.isSymbolicLink()) return [name, `link to ${readlinkSync(file)}`];
        return [name, status.isDirectory() ? `folder ${mode}` : `${mode} ${readFileSync(file, 'base64')}`];
      }),
  );

const isOfGit = (name: string): boolean => name === '.git' || name.startsWith(`.git${path.sep}`);
export const filesOf = ({ folder }: Rig): Record<string, string> =>
  snapshot(folder, (name) => !isOfGit(name));
export const gitFilesOf = ({ folder }: Rig): Record<string, string> => snapshot(folder, isOfGit);

/** Waits for the folder to hold just these, and says what it holds instead. */
export const untilFiles = async (rig: Rig, files: Readonly<Record<string, string>>): Promise<void> => {
  await until('the files', () => isDeepStrictEqual(filesOf(rig), files)).catch(() => undefined);
  assert.deepEqual(filesOf(rig), files);
};

/** Waits for a file to hold this, and says what it holds instead. */
export const untilHolds = async (rig: Rig, name: string, text: string): Promise<void> => {
  const read = (): string | undefined => {
    try {
      return rig.file(name);
    } catch {
      return undefined;
    }
  };
  await until(name, () => read() === text).catch(() => undefined);
  assert.equal(read(), text, name);
};

/** Opens a file of the folder by its name, and waits for its text. */
export const openFile = async ({ page }: Workbench, name: string): Promise<Locator> => {
  const input = page.locator('.quick-input-widget:visible .quick-input-box input');
  const tab = page.locator('.tabs-container .tab', { hasText: path.basename(name) });
  await until(`${name} in an editor`, async () => {
    await page.keyboard.press('Control+P');
    await input.fill(name, { timeout: 2_000 }).catch(() => undefined);
    const row = page.locator('.quick-input-widget:visible .monaco-list-row', {
      hasText: path.basename(name),
    });
    await row
      .first()
      .click({ timeout: 3_000 })
      .catch(() => undefined);
    return tab.first().isVisible();
  });
  await page.locator('.editor-group-container .monaco-editor .view-lines').first().waitFor();
  return tab.first();
};

/** At the beginning of what the active editor shows. */
export const typeInEditor = async ({ page }: Workbench, text: string): Promise<void> => {
  const lines = page.locator('.editor-group-container .monaco-editor .view-lines').first();
  const isThere = async (): Promise<boolean> =>
    (await lines.innerText()).replaceAll('\u00a0', ' ').startsWith(text);
  await until(`${text} in the editor`, async () => {
    if (await isThere()) return true;
    await lines.click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type(text);
    // It is drawn a moment later; typed into something else, it never is.
    return until('what was typed', isThere, 5_000).catch(() => false);
  });
};
