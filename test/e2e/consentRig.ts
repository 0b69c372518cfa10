import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { until } from '../support/workbench.ts';
import type { Rig } from './rig.ts';

/** What the scripted model is told to do. */
export const write = (name: string, content = 'written\n') =>
  `write_file ${JSON.stringify({ path: name, content })}`;
export const command = (line: string) => `run_command ${JSON.stringify({ command: line })}`;

export const exists = (rig: Rig, name: string): boolean => existsSync(path.join(rig.folder, name));

export const idle = async (rig: Rig): Promise<Frame> => {
  const frame = await rig.workbench.frameWith('[data-test=composer]');
  await until('the end of the job', async () => !(await frame.locator('[data-test=stop]').isVisible()));
  return frame;
};

export const newChat = async ({ workbench }: Rig): Promise<void> => {
  await workbench.openView();
  await workbench.runCommand('AnyCowork: New Chat');
  await workbench.frameWith('[data-test=empty]');
};

/** Sends a message that asks nothing, and waits for the answer. @returns the last step of the chat */
export const runsUnasked = async (rig: Rig, call: string, done: string): Promise<Locator> => {
  const frame = await rig.send(`call ${call}\nsay ${done}`);
  await rig.answer(done);
  await idle(rig);
  return frame.locator('[data-test=step]').last();
};

/** Who decided on a step, as its details say. Opens them. */
export const decisionOf = async (step: Locator): Promise<string> => {
  const toggle = step.locator('.step-toggle');
  const decision = step.locator('.step-decision');
  await until('the details of a step', async () => {
    if ((await toggle.getAttribute('aria-expanded')) !== 'true') await toggle.click();
    return await decision.isVisible();
  });
  return (await decision.textContent()) ?? '';
};
