/** Telegram bots as every part of the product speaks of them. Ids of users and chats are Telegram's own numbers. */
import type { BudgetLimits } from './budget.ts';
import type { ApprovalMode } from './rule.ts';

/** Who may talk to a bot. Names are for people only: they change, and nothing is decided by them. */
export interface TelegramUser {
  readonly userId: number;
  /** First name, or what they were called when they were let in. */
  readonly name: string;
  /** May answer approvals, their own and those of others. */
  readonly isApprover: boolean;
}

/** Where a bot listens: the private chat with a user has the user's own id. */
export interface TelegramChatAccess {
  readonly chatId: number;
  readonly kind: 'private' | 'group';
  readonly title: string;
}

/** What is told to approvers without being asked; all of it about work in the bot's folder, at the desk too. */
export interface TelegramNotices {
  readonly approvals: boolean;
  readonly completed: boolean;
  readonly failed: boolean;
}

/** A bot and what it may do. Its token is in secret storage and nowhere else. */
export interface TelegramConfig {
  readonly id: string;
  /** Of the bot itself. */
  readonly botId: number;
  /** Without the @. */
  readonly username: string;
  /** As people see it. */
  readonly name: string;
  /** Of its new chats. */
  readonly agentId: string;
  /** Absolute path of the workspace folder it works in: it runs in a window that has it open. */
  readonly folder: string;
  /** Starts when its folder opens in a trusted window. */
  readonly autoStart: boolean;
  /** A message counts when its chat is here and its sender below. Empty: nobody. */
  readonly allowedChats: readonly TelegramChatAccess[];
  readonly allowedUsers: readonly TelegramUser[];
  /** Nothing that it starts runs in a wider one. */
  readonly mode: ApprovalMode;
  /** Whether a press on the phone may also allow more than this once, for the chat. Never for a workspace. */
  readonly allowsRules: boolean;
  /** Since midnight, for all that it starts. */
  readonly dailyBudget: BudgetLimits;
  /** Messages of one user in an hour that are worked on; more are refused, and said so. */
  readonly messagesPerHour: number;
  readonly notices: TelegramNotices;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const telegramDefaults: Pick<
  TelegramConfig,
  'autoStart' | 'mode' | 'allowsRules' | 'dailyBudget' | 'messagesPerHour' | 'notices'
> = {
  autoStart: true,
  mode: 'ask',
  allowsRules: false,
  dailyBudget: { usd: 5 },
  messagesPerHour: 60,
  notices: { approvals: false, completed: false, failed: false },
};

/** How a bot stands in this window. `message`s are for a person. */
export type BotStatus =
  | { readonly kind: 'stopped' }
  /** Its folder is not open here, or this window is not trusted. */
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'connecting'; readonly since: number; readonly message?: string }
  | { readonly kind: 'running'; readonly since: number }
  /** Another window has it, and this one takes over when that ends; not where it was not started here. */
  | { readonly kind: 'elsewhere'; readonly place: string; readonly staysThere?: true }
  /** Another program polls with its token. */
  | { readonly kind: 'conflict'; readonly message: string; readonly retryAt: number }
  | { readonly kind: 'rejected'; readonly message: string };

export interface BotCounters {
  /** Messages that were let in. */
  readonly received: number;
  readonly answered: number;
  /** Messages and presses of strangers, which nobody answers. */
  readonly ignored: number;
  readonly approvals: number;
  readonly errors: number;
  /** When a poll came back last. */
  readonly lastPollAt?: number;
}

export const noCounters: BotCounters = { received: 0, answered: 0, ignored: 0, approvals: 0, errors: 0 };

/** Who asked to be let in. */
export interface PairingRequest {
  readonly configId: string;
  readonly userId: number;
  readonly name: string;
  readonly username?: string;
  /** 8 characters, shown on the phone and in VS Code. */
  readonly code: string;
  readonly expiresAt: number;
}

/** Work at a time. */
export interface Schedule {
  readonly id: string;
  readonly agentId: string;
  readonly folder: string;
  /** Cron pattern of five fields, local time. */
  readonly cron: string;
  /** As the person said it: `every weekday at 9:00`. */
  readonly when: string;
  /** What the agent is asked. */
  readonly prompt: string;
  /** The answer goes to this chat of this bot; absent: it stays in the editor, with a notification. */
  readonly telegram?: { readonly configId: string; readonly chatId: number };
  readonly isEnabled: boolean;
  /** The last due time that was dealt with: run, or told as missed. */
  readonly doneThrough: number;
  readonly createdAt: number;
}
