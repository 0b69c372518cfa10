import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { AnyCoworkApi } from '../../../extension/main.ts';
import type { Agent } from '../../../extension/shared/agent.ts';
import { printFromHost } from '../../support/hostConsole.ts';

/** VS Code starts its own extensions in this time. */
const settleMs = 3_000;
/** The views go with the extension host, and the bench looks whether they have shown the job. */
const lookMs = 3_000;

/** Runs in the extension host. Twice: a first message, so that there is a chat to show, and then the job of many steps. */
export const run = async (): Promise<void> => {
  const extension = vscode.extensions.getExtension<AnyCoworkApi>('anycowork.anycowork');
  const api = await extension?.activate();
  if (api === undefined) throw new Error('The extension is not installed.');
  const command = <T>(name: string, ...values: unknown[]): Thenable<T> =>
    vscode.commands.executeCommand<T>(`anycowork.${name}`, ...values);

  const chat = async (request: object): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const listening = api.onEvent((event) => {
      if (event.type === 'JobCompleted') resolve();
      else if (event.type === 'JobFailed') reject(new Error(event.error.message));
    });
    try {
      const { sessionId } = await command<{ sessionId: string }>('chat', request);
      await promise;
      return sessionId;
    } finally {
      listening.dispose();
    }
  };

  const agent = await command<Agent>('createAgent', {
    name: 'Reader',
    model: { provider: 'openaiCompatible', model: 'bench' },
    execution: { turnLimit: 1_000 },
  });
  await command('openChat');
  await sleep(settleMs);
  for (const _ of ['patient', 'hasty']) {
    const sessionId = await chat({ agentId: agent.id, message: 'Hello.' });
    await command('openSession', sessionId);
    await chat({ sessionId, message: 'Read every file.' });
  }
  printFromHost('done');
  await sleep(lookMs);
};
