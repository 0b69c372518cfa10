/** Why a poll came to nothing, and what to tell a person. */
import { GrammyError, HttpError } from 'grammy';

export type LinkFailure =
  | { readonly kind: 'rejected'; readonly message: string }
  | { readonly kind: 'conflict'; readonly message: string }
  /** Telegram asks for it. */
  | { readonly kind: 'wait'; readonly milliseconds: number; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string };

const kept = 'Messages to the bot are kept by Telegram for a day.';

const conflict =
  'Another program fetches the messages of this bot with the same token, so they do not come here. It is tried again from time to time. Look for windows of VS Code on other computers or in remote folders and for other programs that run this bot, and stop it there. When there is none that you know of, get a new token from BotFather (/revoke) and set it here.';

const webhook =
  'Telegram sends the messages of this bot to the web address of another program (a webhook), so they do not come here. Nothing was changed there. End it in that program, or make a new bot with BotFather for here. It is tried again from time to time.';

/** @param reason as the store says it */
export const unstored = (reason: string): string =>
  `What people write to the bot cannot be stored here, so nothing is answered: ${reason} ${kept} It is tried again at least every half minute.`;

/** Takes tokens, and addresses of calls, out of a text. */
export const redactToken = (text: string): string =>
  text.replace(/\bbot\d+:[\w-]+/g, 'bot…').replace(/\b\d{6,}:[\w-]{20,}/g, '…');

/** The system's name for what went wrong below: `ENOTFOUND`. */
const codeOf = (error: unknown): string | undefined => {
  const inner = error instanceof HttpError ? error.error : error;
  return inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : undefined;
};

const reasonOf = (error: unknown): string => {
  const code = codeOf(error);
  if (code !== undefined) return ` (${code})`;
  const inner = error instanceof HttpError ? error.error : error;
  return inner instanceof Error ? ` (${redactToken(inner.message).replace(/\.$/, '')})` : '';
};

/** Without a full stop. */
export const cannotReach = (error: unknown): string => `Telegram cannot be reached${reasonOf(error)}`;

const unreachable = (error: unknown): string =>
  `${cannotReach(error)}. It is tried again at least every half minute. ${kept} Check the network, and the proxy in the settings (http.proxy).`;

/** @param error of a call of grammY's Api */
export const linkFailure = (error: unknown): LinkFailure => {
  if (!(error instanceof GrammyError)) return { kind: 'unreachable', message: unreachable(error) };
  const { error_code: code, description, parameters } = error;
  if (code === 401 || code === 404)
    return {
      kind: 'rejected',
      message: `Telegram does not accept the token of this bot (${code}): it was revoked, or the bot was deleted. The bot has stopped. ${kept} Get its token from BotFather, and set it here.`,
    };
  if (code === 409)
    return { kind: 'conflict', message: description.includes('webhook') ? webhook : conflict };
  if (code === 429) {
    const seconds = Math.max(parameters.retry_after ?? 1, 1);
    return {
      kind: 'wait',
      milliseconds: seconds * 1000,
      message: `Telegram asks to wait for ${seconds} s. ${kept}`,
    };
  }
  return {
    kind: 'unreachable',
    message: `Telegram has a problem of its own (${code}). It is tried again at least every half minute. ${kept}`,
  };
};
