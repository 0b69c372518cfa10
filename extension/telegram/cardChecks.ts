/** Whether an answer to a card counts, the same for a press and a typed command, and how a card ends. Pure. */
import { createHash } from 'node:crypto';
import type { ApprovalRequest, Decision, DecisionScope } from '../core/approver.ts';
import type { TelegramCard } from '../core/telegramStore.ts';
import type { TelegramConfig } from '../shared/telegram.ts';
import { reachableApprovers } from './access.ts';
import type { ApprovalEnd } from './approvalText.ts';

/** What a button of a card says. */
export interface CardAnswer {
  readonly isApproved: boolean;
  readonly scope: Extract<DecisionScope, 'once' | 'session'>;
  readonly endsJob: boolean;
}

const answers: ReadonlyMap<string, CardAnswer> = new Map([
  ['o', { isApproved: true, scope: 'once', endsJob: false }],
  ['s', { isApproved: true, scope: 'session', endsJob: false }],
  ['d', { isApproved: false, scope: 'once', endsJob: false }],
  ['x', { isApproved: false, scope: 'once', endsJob: true }],
]);

export const cardIdPattern = /^[a-z0-9]{16}$/;

/** @returns undefined for what no card of ours has as its buttons' data */
export const parseCardData = (
  data: string,
): { readonly id: string; readonly answer: CardAnswer } | undefined => {
  const [prefix, letter = '', id = '', ...more] = data.split(':');
  const answer = answers.get(letter);
  if (prefix !== 'a1' || answer === undefined || !cardIdPattern.test(id) || more.length > 0) return undefined;
  return { id, answer };
};

/** Of exactly what would run: a card answers this and nothing that came in its place. */
export const payloadHash = ({ step, prompt }: ApprovalRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([step.tool, step.input, prompt.detail]))
    .digest('hex');

/** Of a question that does not expire. */
export const neverExpires = Number.MAX_SAFE_INTEGER;

/** Who answers, and where. */
export interface Answerer {
  readonly userId: number;
  readonly chatId: number;
  /** The message whose button was pressed; absent for a typed answer. */
  readonly messageId?: number;
}

export const notOpen = 'This question is not open any more. Your answer changed nothing.';

/** @param pending the step as it waits now, if it does. @returns why it does not count, for the person; undefined: it does */
export const whyRefused = (
  card: TelegramCard,
  by: Answerer,
  answer: CardAnswer,
  now: { readonly config: TelegramConfig; readonly at: number; readonly pending?: ApprovalRequest },
): string | undefined => {
  const { config, at, pending } = now;
  const isElsewhere =
    card.configId !== config.id ||
    card.chatId !== by.chatId ||
    // 0: how it was sent is not known; nobody but who can read it knows its id.
    (by.messageId !== undefined && card.messageId !== 0 && card.messageId !== by.messageId);
  if (isElsewhere)
    return 'This question was asked somewhere else. Answer it there. Your answer changed nothing.';
  const isApprover =
    card.approvers.includes(by.userId) &&
    reachableApprovers(config).some(({ userId }) => userId === by.userId);
  if (!isApprover) return 'You are not an approver of this bot. Your answer changed nothing.';
  if (card.expiresAt <= at) return 'This question has expired. Your answer changed nothing.';
  if (pending === undefined) return notOpen;
  if (payloadHash(pending) !== card.payloadHash) {
    return 'What waits now is not what was asked here. Your answer changed nothing; answer it in VS Code.';
  }
  if (answer.scope === 'session') {
    const isOffered = pending.prompt.offers.some(({ duration }) => duration === 'session');
    if (!config.allowsRules || !isOffered) {
      return 'This can be allowed only once from here. Press “Allow once”, or answer in VS Code.';
    }
  }
  return undefined;
};

/** Where it was answered, as the step in the chat says it. */
export const surfaceOf = (name: string): string => `Telegram (${name})`;

export const cardEndOf = ({ approved, scope, by, surface, isExpired }: Decision, at: number): ApprovalEnd => {
  if (isExpired === true) return { kind: 'expired' };
  if (by === 'telegram') {
    const name = /^Telegram \((.*)\)$/s.exec(surface)?.[1] ?? surface;
    const widened = approved && scope === 'session' ? { scope } : {};
    return { kind: approved ? 'approved' : 'denied', by: name, at, ...widened };
  }
  // Nobody answered: a rule has come to cover it, or the job was over before.
  if (by === 'rule' && !approved) return { kind: 'gone' };
  return { kind: 'elsewhere', isApproved: approved };
};
