/** Whom a bot listens to. Pure; asked anew for every update. */
import type { TelegramConfig, TelegramUser } from '../shared/telegram.ts';
import type { IncomingMessage, Press, Where } from './types.ts';

/**
 * `stranger`: somebody who may not talk to it here. Nobody answers them, but for a pairing code where `mayPair`.
 * `silent`: nothing that is meant for it, or from nobody.
 */
export type Admission =
  | { readonly kind: 'admitted'; readonly user: TelegramUser }
  | { readonly kind: 'stranger'; readonly mayPair: boolean }
  | { readonly kind: 'silent' };

const silent: Admission = { kind: 'silent' };

const isAllowedChat = ({ chatId, chatKind }: Where, { allowedChats }: TelegramConfig): boolean =>
  allowedChats.some((chat) => chat.chatId === chatId && chat.kind === chatKind);

/** The chat has to be allowed and the person too: in a group the chat alone would let in every member. */
export const admit = (incoming: IncomingMessage | Press, config: TelegramConfig): Admission => {
  const { from, chatKind, chatId, kind } = incoming;
  if (from === undefined || chatKind === 'other') return silent;
  // A private chat has the id of the person in it.
  if (chatKind === 'private' && chatId !== from.userId) return silent;
  const user = config.allowedUsers.find(({ userId }) => userId === from.userId);
  if (user === undefined || !isAllowedChat(incoming, config)) {
    return { kind: 'stranger', mayPair: chatKind === 'private' && kind === 'message' };
  }
  // What people of the group say to each other.
  if (chatKind === 'group' && kind !== 'press' && !incoming.isForBot) return silent;
  return { kind: 'admitted', user };
};

/** Whether the bot may say anything there: in a private chat only while the person in it is let in too. */
export const isOpenChat = (
  chatId: number,
  { allowedChats, allowedUsers }: Pick<TelegramConfig, 'allowedChats' | 'allowedUsers'>,
): boolean =>
  allowedChats.some(
    (chat) =>
      chat.chatId === chatId &&
      (chat.kind === 'group' || allowedUsers.some(({ userId }) => userId === chatId)),
  );

/** Approvers who can be asked: those that have a private chat with the bot which is allowed. */
export const reachableApprovers = ({ allowedUsers, allowedChats }: TelegramConfig): readonly TelegramUser[] =>
  allowedUsers.filter(
    ({ userId, isApprover }) =>
      isApprover && allowedChats.some(({ chatId, kind }) => kind === 'private' && chatId === userId),
  );
