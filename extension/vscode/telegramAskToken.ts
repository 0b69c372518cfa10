/** Asks for a bot's token, and Telegram whose it is. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { TelegramBots, TokenOwner } from '../core/telegramBots.ts';
import { cancellable } from './progressTask.ts';
import { withoutLinks } from './words.ts';

export interface CheckedToken {
  readonly token: string;
  readonly owner: TokenOwner;
}

/** @returns why it can be none */
const tokenProblem = (text: string): string | undefined =>
  /^\d+:[\w-]+$/.test(text.trim())
    ? undefined
    : 'A token is a number, a colon and letters: 123456789:AAE… Copy it whole from BotFather’s message.';

export const openInTelegram = async (name: string): Promise<void> => {
  await vscode.env.openExternal(vscode.Uri.parse(`https://t.me/${name}`));
};

/** @returns undefined when the person thought better of it */
export const askToken = async (
  bots: Pick<TelegramBots, 'checkToken'>,
  title: string,
): Promise<CheckedToken | undefined> => {
  let value = '';
  for (;;) {
    const typed = await vscode.window.showInputBox({
      title,
      prompt: 'The token from BotFather. It is kept in VS Code’s secret storage and nowhere else.',
      placeHolder: '123456789:AAE…',
      password: true,
      // One goes to Telegram and back meanwhile.
      ignoreFocusOut: true,
      value,
      validateInput: (text) => (text === '' ? undefined : tokenProblem(text)),
    });
    if (typed === undefined) return undefined;
    const token = typed.trim();
    const problem = tokenProblem(token);
    if (problem !== undefined) throw new InputError(problem);
    try {
      const owner = await cancellable('Asking Telegram whose token this is…', (_report, signal) =>
        bots.checkToken(token, signal),
      );
      return owner === undefined ? undefined : { token, owner };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const again = 'Type It Again';
      const answer = await vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${error.message}`), again);
      if (answer !== again) return undefined;
      value = token;
    }
  }
};
