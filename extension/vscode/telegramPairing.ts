/** Lets people in who wrote to a bot: asked here, one after the other, and never decided by anything but a press. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { TelegramBots } from '../core/telegramBots.ts';
import type { PairingRequest } from '../shared/telegram.ts';
import { PairingItem } from './telegramItems.ts';
import { pickBot } from './telegramPicker.ts';
import { called, pairHint, pairingText, personText } from './telegramWords.ts';
import { withoutIcons, withoutLinks } from './words.ts';

type PairingAnswer = Parameters<TelegramBots['answerPairing']>[1];

const choices: readonly {
  readonly button: string;
  readonly detail: string;
  readonly answer: PairingAnswer;
}[] = [
  {
    button: 'Allow as Approver',
    detail: 'May talk to the bot, and answers what it asks: what they approve runs on this computer',
    answer: 'approver',
  },
  {
    button: 'Talk Only',
    detail: 'May talk to the bot; what it asks is answered by approvers, or here',
    answer: 'talker',
  },
  { button: 'Deny', detail: 'Gets no answer', answer: 'deny' },
];

const isSame = (one: PairingRequest, other: PairingRequest): boolean =>
  one.configId === other.configId && one.userId === other.userId && one.code === other.code;

interface PairingPorts {
  readonly bots: Pick<TelegramBots, 'list' | 'pairings' | 'answerPairing' | 'onPairing' | 'onChange'>;
  now(): number;
}

/** `@shop_bot`; `a bot` where it is gone. */
const addressOf = async (bots: Pick<TelegramBots, 'list'>, configId: string): Promise<string> => {
  const found = (await bots.list()).find(({ config }) => config.id === configId);
  return found === undefined ? 'a bot' : `@${found.config.username}`;
};

const told = (request: PairingRequest, answer: PairingAnswer, address: string): string => {
  if (answer === 'deny') return `${personText(request)} may not talk to ${address}.`;
  const also = answer === 'approver' ? ', and answer what it asks' : '';
  return `${personText(request)} may talk to ${address} now${also}. The view Telegram takes it back.`;
};

/** Asks about each request as it comes. @returns what ends that */
export const showPairings = (
  ports: Pick<PairingPorts, 'bots'> & { now?(): number; logError(error: unknown): void },
): { dispose(): void } => {
  const { bots, now = Date.now, logError } = ports;
  const waiting: PairingRequest[] = [];
  let isAsking = false;
  let isOver = false;
  /** Ends the wait for an answer when the window closes. */
  const closing = new AbortController();

  const isOpen = (request: PairingRequest): boolean =>
    request.expiresAt > now() && bots.pairings().some((each) => isSame(each, request));

  /** Answered elsewhere or expired: VS Code cannot take the notification away, but the next one may come. */
  const gone = (request: PairingRequest, signal: AbortSignal): Promise<undefined> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        unlisten();
        signal.removeEventListener('abort', end);
        resolve(undefined);
      };
      const unlisten = bots.onChange(() => {
        if (!isOpen(request)) end();
      });
      const timer = setTimeout(end, Math.max(0, request.expiresAt - now()));
      signal.addEventListener('abort', end);
    });

  const answerIt = async (request: PairingRequest, address: string): Promise<void> => {
    const buttons = choices.map(({ button }) => button);
    const pressed = await vscode.window.showInformationMessage(
      withoutLinks(pairingText(request, address)),
      ...buttons,
    );
    const chosen = choices.find(({ button }) => button === pressed);
    if (chosen === undefined || isOver) return;
    try {
      await bots.answerPairing(request, chosen.answer);
      vscode.window.setStatusBarMessage(withoutIcons(told(request, chosen.answer, address)), 5_000);
    } catch (error) {
      vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
    }
  };

  const askAll = async (): Promise<void> => {
    for (let request = waiting.shift(); request !== undefined && !isOver; request = waiting.shift()) {
      if (!isOpen(request)) continue;
      // What goes wrong with one must not keep the others from being asked about.
      const address = await addressOf(bots, request.configId).catch((error: unknown) => {
        logError(error);
        return 'a bot';
      });
      const answered = new AbortController();
      const signal = AbortSignal.any([answered.signal, closing.signal]);
      const isGone = gone(request, signal);
      const asked = answerIt(request, address)
        .catch(logError)
        .finally(() => answered.abort());
      await Promise.race([asked, isGone]);
    }
    // In the same breath as the last look: a request that comes now begins anew.
    isAsking = false;
  };

  const take = (request: PairingRequest): void => {
    if (waiting.some((each) => isSame(each, request))) return;
    waiting.push(request);
    if (isAsking) return;
    isAsking = true;
    askAll().catch(logError);
  };

  const unlisten = bots.onPairing(take);
  // Those that came before anybody listened.
  for (const request of bots.pairings()) take(request);
  return {
    dispose: () => {
      isOver = true;
      unlisten();
      closing.abort();
    },
  };
};

export const createPairingCommands = ({ bots, now }: PairingPorts) => {
  const pick = async (given: unknown): Promise<PairingRequest | undefined> => {
    if (given instanceof PairingItem) {
      const found = bots.pairings().find((each) => isSame(each, given.request));
      if (found === undefined || found.expiresAt <= now())
        throw new InputError(
          'This request is not waiting any more. It was answered, or an hour went by. A new message to the bot makes a new one.',
        );
      return found;
    }
    const about =
      given === undefined || given === null ? undefined : await pickBot(bots, given, { title: '' });
    const all = bots
      .pairings()
      .filter(
        ({ configId, expiresAt }) =>
          expiresAt > now() && (about === undefined || about.config.id === configId),
      );
    if (all.length === 0) {
      const hint =
        about === undefined
          ? 'Send any message to the bot in Telegram, from the phone that is to be let in; the bot has to run.'
          : pairHint(about.config);
      vscode.window.showInformationMessage(withoutLinks(`Nobody waits to be let in. ${hint}`));
      return undefined;
    }
    const names = new Map((await bots.list()).map(({ config }) => [config.id, `@${config.username}`]));
    const items = all.map((request) => ({
      label: withoutIcons(`${request.code} · ${called(request.name)}`),
      description: `id ${request.userId} · ${names.get(request.configId) ?? 'a bot'}`,
      request,
    }));
    const title = 'Who waits to talk to a bot';
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'The code stands on the phone' }))
      ?.request;
  };

  return {
    /** Who is let in is always asked. @returns whether somebody was let in */
    pairTelegramUser: async (given?: unknown): Promise<boolean> => {
      const request = await pick(given);
      if (request === undefined) return false;
      const address = await addressOf(bots, request.configId);
      const items = choices.map(({ button, detail, answer }) => ({ label: button, detail, answer }));
      const picked = await vscode.window.showQuickPick(items, {
        title: withoutIcons(pairingText(request, address)),
        placeHolder: `Only if the code ${request.code} stands on the phone of somebody you know`,
      });
      if (picked === undefined) return false;
      await bots.answerPairing(request, picked.answer);
      vscode.window.setStatusBarMessage(withoutIcons(told(request, picked.answer, address)), 5_000);
      return picked.answer !== 'deny';
    },
  };
};
