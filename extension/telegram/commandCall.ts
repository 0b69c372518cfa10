/** What the commands of a bot are given, and what they share. */
import { createHash } from 'node:crypto';
import { InputError } from '../core/agents.ts';
import type { TelegramThread } from '../core/telegramStore.ts';
import type { TelegramUser } from '../shared/telegram.ts';
import type { BotContext } from './context.ts';
import type { IncomingMessage, Outgoing, Press, SentMessage } from './types.ts';

/** A command that was written, or a button that was pressed. */
export interface CommandCall {
  /** The conversation it belongs to. */
  readonly thread: TelegramThread;
  readonly user: TelegramUser;
  readonly isGroup: boolean;
  /** What stands behind the command, or behind the kind of the button. */
  readonly argument: string;
}

export interface WrittenCall extends CommandCall {
  readonly message: IncomingMessage;
  /** Answers it. */
  reply(text: Outgoing): Promise<SentMessage>;
}

export interface PressedCall extends CommandCall {
  readonly press: Press;
  /** Ends the spinner on the button; whoever throws does not call it. */
  done(text?: string): Promise<void>;
  /** Puts another text, with other buttons, in the place of the one with the button. */
  replace(text: Outgoing): Promise<void>;
}

/** Some commands and the buttons of their answers. */
export interface CommandSet {
  readonly written: Readonly<Record<string, (call: WrittenCall) => Promise<void>>>;
  /** By what stands between `c1:` and the next colon. */
  readonly pressed: Readonly<Record<string, (call: PressedCall) => Promise<void>>>;
}

/**
 * What names a thing in a button: its id where that is short enough, else a hash of it. Telegram takes 64 bytes with all
 * that stands before.
 */
export const buttonKey = (id: string): string =>
  /^[\w.-]{1,40}$/.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 24);

/** In a group everyone who may talk sees the buttons; what counts for all is chosen by approvers. */
export const checkMayChooseModel = ({ isGroup, user }: CommandCall): void => {
  if (!isGroup || user.isApprover) return;
  throw new InputError('In a group only approvers choose the model. Nothing was changed.');
};

/** Agents differ in their rules, tools and where commands run: who only talks stays with the one that was chosen. */
export const checkMayChooseAgent = ({ user }: CommandCall): void => {
  if (user.isApprover) return;
  throw new InputError(
    'Only approvers choose the agent. Nothing was changed. “/new” alone begins a new chat.',
  );
};

/** @throws InputError where an agent works in the chat that goes on in this conversation */
export const checkIdle = (jobs: BotContext['jobs'], sessionId: string | undefined): void => {
  if (sessionId === undefined || jobs.runningIn(sessionId) === undefined) return;
  throw new InputError(
    'The agent is still working in this chat, so nothing was changed. Wait until it is done, or stop it with /stop.',
  );
};

/** By its whole name, whatever the case, else by its beginning where only one has it. */
export const findByName = <T extends { readonly name: string }>(
  items: readonly T[],
  name: string,
): T | undefined => {
  const wanted = name.trim().toLowerCase();
  const whole = items.find((item) => item.name.toLowerCase() === wanted);
  if (whole !== undefined) return whole;
  const [only, another] = items.filter((item) => item.name.toLowerCase().startsWith(wanted));
  return another === undefined ? only : undefined;
};
