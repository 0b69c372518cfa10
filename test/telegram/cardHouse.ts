import { createApprovals } from '../../extension/core/approvals.ts';
import type { ApprovalRequest, Decision } from '../../extension/core/approver.ts';
import type { TelegramEntry } from '../../extension/core/telegramStore.ts';
import type { ApprovalPrompt } from '../../extension/shared/event.ts';
import { type TelegramConfig, type TelegramUser, telegramDefaults } from '../../extension/shared/telegram.ts';
import { createApprovalCards } from '../../extension/telegram/approvalCards.ts';
import type { ApprovalCards } from '../../extension/telegram/context.ts';
import type { Button, IncomingMessage, Press } from '../../extension/telegram/types.ts';
import { createFakeCourier } from '../fakes/courier.ts';
import { createFakeTelegramStore } from '../fakes/telegramStore.ts';

export const ann: TelegramUser = { userId: 11, name: 'Ann', isApprover: true };
export const bob: TelegramUser = { userId: 12, name: 'Bob', isApprover: true };
/** May talk, and approve nothing. */
export const tom: TelegramUser = { userId: 13, name: 'Tom', isApprover: false };
export const strangerId = 99;
export const groupId = -500;

export const botConfig = (more: Partial<TelegramConfig> = {}): TelegramConfig => ({
  ...telegramDefaults,
  id: 'bot',
  botId: 7,
  username: 'house_bot',
  name: 'House',
  agentId: 'coder',
  folder: '/home/user/shop',
  allowedUsers: [ann, bob, tom],
  allowedChats: [
    ...[ann, bob, tom].map(({ userId, name }) => ({ chatId: userId, kind: 'private' as const, title: name })),
    { chatId: groupId, kind: 'group', title: 'Team' },
  ],
  createdAt: 0,
  updatedAt: 0,
  ...more,
});

/** A message that a job works on. */
export const entryIn = (chatId: number, userId: number): TelegramEntry => ({
  configId: 'bot',
  chatId,
  topicId: 0,
  updateId: 1,
  messageId: 5,
  userId,
  userName: 'x',
  text: 'go',
  files: [],
  isForwarded: false,
  sentAt: 0,
  receivedAt: 0,
  state: 'working',
  attempts: 1,
  sentParts: 0,
  isSending: false,
});

export const requestOf = (
  stepId: string,
  jobId: string,
  prompt: Partial<ApprovalPrompt> = {},
): ApprovalRequest => ({
  jobId,
  agentName: 'Coder',
  step: {
    id: stepId,
    sessionId: 'session',
    messageId: 'm',
    callId: 'c',
    tool: 'run_command',
    input: { command: 'npm test' },
    title: 'npm test',
    effect: 'execute',
    targets: ['npm test'],
  },
  prompt: {
    title: 'Run npm test?',
    detail: 'npm test',
    diffs: [],
    offers: [],
    reason: 'no rule covers it',
    isCautioned: false,
    ...prompt,
  },
  changes: [],
});

/** So many turns of the event loop that whatever is not held by a test has gone on. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A window with its questions, and one bot in it; the bot can be started anew, and the window too. */
export const createCardHouse = (options: { readonly config?: TelegramConfig } = {}) => {
  const time = { now: 1_000 };
  const store = createFakeTelegramStore();
  const courier = createFakeCourier();
  const entries = new Map<string, TelegramEntry>();
  const otherBots = new Set<string>();
  const cancelled: string[] = [];
  const errors: unknown[] = [];
  const decisions = new Map<string, Decision>();
  const answers: string[] = [];
  let config = options.config ?? botConfig();
  let updates = 0;
  let ids = 0;

  const newWindow = () =>
    createApprovals({
      now: () => time.now,
      setTimer: () => () => undefined,
      onError: (error) => errors.push(error),
    });
  let approvals = newWindow();
  const started: (() => void)[] = [];

  const start = (): ApprovalCards =>
    createApprovalCards(
      {
        approvals: {
          pending: () => approvals.pending(),
          listen: (listener) => approvals.listen(listener),
          answer: (stepId, decision) => {
            const result = approvals.answer(stepId, decision);
            answers.push(`${stepId} ${result}`);
            return result;
          },
        },
        config: () => config,
        count: () => undefined,
        courier,
        jobs: {
          cancel: async (jobId) => {
            cancelled.push(jobId);
            return true;
          },
          runningIn: () => undefined,
          running: () => [],
          onEvent: () => () => undefined,
        },
        log: () => undefined,
        logError: (error) => errors.push(error),
        now: () => time.now,
        store,
        entryOf: (jobId) => entries.get(jobId),
        isOfBot: (jobId) => entries.has(jobId) || otherBots.has(jobId),
      },
      {
        newCardId: () => {
          ids += 1;
          return `card${String(ids).padStart(12, '0')}`;
        },
        wait: () => {
          for (const each of started.splice(0)) each();
          return Promise.resolve();
        },
      },
    );
  let cards = start();

  const house = {
    time,
    store,
    courier,
    entries,
    otherBots,
    cancelled,
    errors,
    /** How questions ended, by step. */
    decisions,
    /** What the bot has answered to the window. */
    answers,
    cards: () => cards,
    config: () => config,
    approvals: () => approvals,
    change: (more: Partial<TelegramConfig>) => {
      config = { ...config, ...more };
    },
    /** Called while it is not known yet whose job it is. */
    whileUnknown: (call: () => void) => started.push(call),
    ask: (request: ApprovalRequest): AbortController => {
      const controller = new AbortController();
      void approvals
        .ask(request, controller.signal)
        .then((decision) => decisions.set(request.step.id, decision));
      return controller;
    },
    press: async (userId: number, button: { chatId: number; messageId: number; data: string }) => {
      updates += 1;
      const press: Press = {
        kind: 'press',
        updateId: updates,
        callbackId: `press-${updates}`,
        from: { userId, name: 'They call themselves Ann' },
        chatKind: button.chatId > 0 ? 'private' : 'group',
        chatTitle: '',
        topicId: 0,
        ...button,
      };
      await cards.press(press);
      await settle();
      return courier.acknowledged.find(({ callbackId }) => callbackId === press.callbackId);
    },
    write: (userId: number, chatId: number, id: string, more: Partial<IncomingMessage> = {}) => {
      updates += 1;
      return cards.answer(id, true, {
        kind: 'message',
        updateId: updates,
        messageId: 1,
        from: { userId, name: 'Ann' },
        chatId,
        chatKind: chatId > 0 ? 'private' : 'group',
        chatTitle: '',
        topicId: 0,
        sentAt: time.now,
        text: `/approve ${id}`,
        files: [],
        isForwarded: false,
        isForBot: true,
        ...more,
      });
    },
    /** The newest card in a chat with the button that begins like this. */
    button: (chatId: number, letter: 'o' | 's' | 'd' | 'x') => {
      const found = courier
        .inChat(chatId)
        .map((message) => ({ message, data: dataOf(courier.buttonsOf(message), letter) }))
        .findLast(({ data }) => data !== undefined);
      if (found?.data === undefined) throw new Error(`No card in ${chatId} has the button ${letter}.`);
      const { message, data } = found;
      return { chatId, messageId: message.messageId, data };
    },
    restartBot: async () => {
      cards.close();
      cards = start();
      await cards.recover();
      await settle();
    },
    /** The window ends, and its questions with it. */
    restartWindow: async () => {
      cards.close();
      approvals = newWindow();
      cards = start();
      await cards.recover();
      await settle();
    },
  };
  return house;
};

export type CardHouse = ReturnType<typeof createCardHouse>;

const dataOf = (buttons: readonly Button[], letter: string): string | undefined =>
  buttons.find(({ data }) => data.startsWith(`a1:${letter}:`))?.data;
