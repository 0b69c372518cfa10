/** A bot's config after somebody was let in or sent away. Pure; only the editor's side keeps what comes of it. */
import type { PairingRequest, TelegramChatAccess, TelegramConfig, TelegramUser } from '../shared/telegram.ts';

const otherUsers = (config: TelegramConfig, userId: number): readonly TelegramUser[] =>
  config.allowedUsers.filter((user) => user.userId !== userId);

const otherChats = (config: TelegramConfig, chatId: number): readonly TelegramChatAccess[] =>
  config.allowedChats.filter((chat) => chat.chatId !== chatId);

/** They may talk to it in their private chat; in groups that were added too. Of one who may already: their part changes. */
export const withUser = (
  config: TelegramConfig,
  { userId, name }: Pick<PairingRequest, 'userId' | 'name'>,
  isApprover: boolean,
): TelegramConfig => ({
  ...config,
  allowedUsers: [...otherUsers(config, userId), { userId, name, isApprover }],
  allowedChats: [...otherChats(config, userId), { chatId: userId, kind: 'private', title: name }],
});

export const withoutUser = (config: TelegramConfig, userId: number): TelegramConfig => ({
  ...config,
  allowedUsers: otherUsers(config, userId),
  allowedChats: otherChats(config, userId),
});

/** Nobody is let in by it: in the group it hears those who are allowed themselves, when they mention it. */
export const withGroup = (
  config: TelegramConfig,
  { chatId, title }: Pick<TelegramChatAccess, 'chatId' | 'title'>,
): TelegramConfig => ({
  ...config,
  allowedChats: [...otherChats(config, chatId), { chatId, kind: 'group', title }],
});

export const withoutGroup = (config: TelegramConfig, chatId: number): TelegramConfig => ({
  ...config,
  allowedChats: config.allowedChats.filter((chat) => chat.kind !== 'group' || chat.chatId !== chatId),
});
