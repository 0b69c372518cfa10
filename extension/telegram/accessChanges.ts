/** A bot's config after somebody was let in. Pure; only the editor's side keeps what comes of it. */
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
