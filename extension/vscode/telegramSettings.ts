/** Where the Bot API is. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';

const name = 'anycowork.telegram.apiRoot';
const telegrams = 'https://api.telegram.org';

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);

/** @returns without a slash at its end; undefined where it is no address that a token may be sent to */
export const readApiRoot = (text: string): string | undefined => {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, username, password, search, hash, origin, pathname } = new URL(text);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  if (!isSafe || username !== '' || password !== '' || search !== '' || hash !== '') return undefined;
  return `${origin}${pathname}`.replace(/\/+$/, '');
};

/**
 * Tokens and messages go there, so what is not understood is told, and never Telegram's own address taken instead.
 * @throws InputError
 */
export const telegramApiRoot = (): string => {
  const value = vscode.workspace.getConfiguration('anycowork').get<unknown>('telegram.apiRoot', '');
  if (value === '') return telegrams;
  const root = typeof value === 'string' ? readApiRoot(value.trim()) : undefined;
  if (root !== undefined) return root;
  throw new InputError(
    `The setting ${name} is not an address that bots can use, so no bot runs. It has to begin with https://, or with http:// for a server on this computer (http://127.0.0.1:8081), without a name, a password or a question mark. Correct it, or empty it for ${telegrams}, and start the bot again.`,
  );
};
