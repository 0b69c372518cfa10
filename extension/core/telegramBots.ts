/** The bots of a window, for commands, views and the exported API. A port; `telegram/manager.ts` is it. */
import type { BotCounters, BotStatus, PairingRequest, TelegramConfig } from '../shared/telegram.ts';

export interface BotInfo {
  readonly config: TelegramConfig;
  readonly status: BotStatus;
  readonly counters: BotCounters;
}

/** Who a token belongs to. */
export interface TokenOwner {
  readonly botId: number;
  readonly username: string;
  readonly name: string;
  /** Privacy mode is on: in groups it hears only what is meant for it. */
  readonly canReadAllGroupMessages: boolean;
}

export interface TelegramBots {
  /** By name. */
  list(): Promise<readonly BotInfo[]>;
  /** Asks Telegram (getMe). @throws InputError with what is wrong and what to do */
  checkToken(token: string, signal?: AbortSignal): Promise<TokenOwner>;
  /**
   * Checks the token, keeps it in secret storage, and the bot in the store. Does not start it.
   * @param input fields of a TelegramConfig; what is absent is by default, the folder the first open one
   * @throws InputError, also where this bot is there already
   */
  create(input: unknown, token: string): Promise<TelegramConfig>;
  /** Takes effect at once; a new token restarts the bot. @throws InputError */
  update(id: string, patch: unknown, token?: string): Promise<TelegramConfig>;
  /** Stops it and forgets its token. @throws InputError */
  delete(id: string): Promise<void>;
  /** Resolves once it is on its way; `onChange` tells how it goes. @throws InputError where it cannot run here */
  start(id: string): Promise<void>;
  /** Resolves within 3 s. In another window it is asked to stop there. @throws InputError */
  stop(id: string): Promise<void>;
  restart(id: string): Promise<void>;
  /** Starts those that start by themselves in this folder. */
  autoStart(): Promise<void>;
  /** The last lines of a bot's log, oldest first. */
  log(id: string): readonly string[];
  /** Who waits to be let in. */
  pairings(): readonly PairingRequest[];
  /** @param answer `approver` and `talker` let them in. @throws InputError where the request is gone */
  answerPairing(request: PairingRequest, answer: 'approver' | 'talker' | 'deny'): Promise<void>;
  onPairing(listener: (request: PairingRequest) => void): () => void;
  /** Status, counters or configs have changed. */
  onChange(listener: () => void): () => void;
  /** A chat of ours goes on in a chat of a bot that runs here. @throws InputError */
  continueOn(sessionId: string, configId: string, chatId: number): Promise<void>;
  /** Whether it runs in this window. */
  isRunning(id: string): boolean;
  /** Within 3 s. */
  close(): Promise<void>;
}
