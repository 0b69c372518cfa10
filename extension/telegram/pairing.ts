/**
 * Who asks to be let in. A code is shown on the phone and in the editor, where the owner compares them. It is kept in
 * memory only, and nothing that comes from Telegram or from an agent can answer it.
 */
import { randomInt } from 'node:crypto';
import type { PairingRequest } from '../shared/telegram.ts';
import type { Outgoing, Sender } from './types.ts';

/** Without those that look like others: 0 O 1 I. */
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const codeLength = 8;

/** Milliseconds a code is good for, and between two replies to one sender. */
const pairingLife = 60 * 60 * 1_000;

/** Of one bot at once; others who write get no answer. */
const pendingLimit = 3;

/** Characters of a name that somebody gave themselves. */
const nameLimit = 64;

export interface Pairing {
  /** @returns undefined where the sender is to get no reply: too many wait, or they had theirs within the hour */
  request(configId: string, sender: Sender): PairingRequest | undefined;
  /** Those whose codes are good, oldest first. */
  list(): readonly PairingRequest[];
  /**
   * It was answered, which only the editor's side can. They get no further code within the hour.
   * @returns whether it was there, with this code
   */
  remove(request: PairingRequest): boolean;
  /** Somebody has got a code. */
  onRequest(listener: (request: PairingRequest) => void): () => void;
  /** A bot was deleted. */
  forget(configId: string): void;
}

const newCode = (): string =>
  Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]).join('');

/** On one line, without what turns or hides text: it is shown beside the code. */
const shownName = ({ name, userId }: Sender): string => {
  const clean = name.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return clean === '' ? `User ${userId}` : [...clean].slice(0, nameLimit).join('');
};

export const createPairing = (options: {
  now(): number;
  /** Absent: 8 characters of the system's randomness. */
  randomCode?(): string;
}): Pairing => {
  const { now, randomCode = newCode } = options;
  const keyOf = (configId: string, userId: number): string => `${configId}\n${userId}`;
  let pending: readonly PairingRequest[] = [];
  /** When a sender got their code. Who gets none is not remembered, so that strangers cannot fill it. */
  const repliedAt = new Map<string, number>();

  const listeners = new Set<(request: PairingRequest) => void>();

  const dropOld = (): void => {
    const at = now();
    pending = pending.filter(({ expiresAt }) => expiresAt > at);
    for (const [key, repliedLast] of repliedAt) if (repliedLast + pairingLife <= at) repliedAt.delete(key);
  };

  const freeCode = (): string => {
    for (;;) {
      const code = randomCode();
      if (!pending.some((other) => other.code === code)) return code;
    }
  };

  return {
    request: (configId, sender) => {
      dropOld();
      const { userId, username } = sender;
      if (repliedAt.has(keyOf(configId, userId))) return undefined;
      if (pending.filter((each) => each.configId === configId).length >= pendingLimit) return undefined;
      const request: PairingRequest = {
        configId,
        userId,
        name: shownName(sender),
        ...(username === undefined ? {} : { username }),
        code: freeCode(),
        expiresAt: now() + pairingLife,
      };
      pending = [...pending, request];
      repliedAt.set(keyOf(configId, userId), now());
      for (const listener of listeners) listener(request);
      return request;
    },
    list: () => {
      dropOld();
      return pending;
    },
    remove: ({ configId, userId, code }) => {
      dropOld();
      const before = pending.length;
      pending = pending.filter(
        (each) => each.configId !== configId || each.userId !== userId || each.code !== code,
      );
      return pending.length < before;
    },
    onRequest: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    forget: (configId) => {
      pending = pending.filter((each) => each.configId !== configId);
      for (const key of repliedAt.keys()) if (key.startsWith(`${configId}\n`)) repliedAt.delete(key);
    },
  };
};

/** All that a stranger is ever told. */
export const pairingReply = (code: string): Outgoing => {
  const rest =
    'The owner can let you in from VS Code, where the same code is shown. It is good for one hour. Until then nothing you write here is read.';
  return { html: `Your code: <code>${code}</code>\n\n${rest}`, plain: `Your code: ${code}\n\n${rest}` };
};
