import { GrammyError } from 'grammy';
import * as z from 'zod';
import { InputError } from '../core/agents.ts';
import type { TokenOwner } from '../core/telegramBots.ts';
import { apiSignal, createBotClient } from './botClient.ts';
import { cannotReach, linkFailure } from './linkFailure.ts';

const timeoutSeconds = 20;

const ownerSchema = z.object({
  id: z.number().int(),
  is_bot: z.literal(true),
  first_name: z.string(),
  username: z.string(),
  can_read_all_group_messages: z.boolean().default(false),
});

const problemOf = (error: unknown): string => {
  const failure = linkFailure(error);
  if (failure.kind === 'rejected')
    return 'Telegram does not know this token. It may be an old one, or a part is missing. Nothing was changed. Copy the token that BotFather shows for the bot (/mybots), and try again.';
  if (failure.kind === 'wait')
    return `Telegram asks to wait for ${Math.ceil(failure.milliseconds / 1000)} s. Nothing was changed. Try again then.`;
  if (error instanceof GrammyError)
    return `Telegram has a problem of its own (${error.error_code}). Nothing was changed. Try again in a while.`;
  return `${cannotReach(error)}. Nothing was changed. Check the network, and the proxy in the settings (http.proxy), and try again.`;
};

/**
 * Asks Telegram whose token it is.
 * @param apiRoot undefined: Telegram's own
 * @throws InputError with what is wrong and what to do; the token is not in it
 */
export const checkToken = async (
  token: string,
  apiRoot: string | undefined,
  signal: AbortSignal,
): Promise<TokenOwner> => {
  if (!/^\d+:[\w-]+$/.test(token))
    throw new InputError(
      'This is not a token. BotFather shows it as a number, a colon and letters (123456789:AAE…). Copy all of it.',
    );
  const client = createBotClient({ token, ...(apiRoot === undefined ? {} : { apiRoot }) }, timeoutSeconds);
  try {
    const owner = ownerSchema.safeParse(await client.api.getMe(apiSignal(signal)));
    if (!owner.success)
      throw new InputError(
        'What answers in Telegram’s place does not say which bot this is. Nothing was changed. Check the setting anycowork.telegram.apiRoot.',
      );
    const {
      id,
      username,
      first_name: name,
      can_read_all_group_messages: canReadAllGroupMessages,
    } = owner.data;
    return { botId: id, username, name, canReadAllGroupMessages };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(problemOf(signal.aborted ? new Error('no answer in time') : error));
  } finally {
    client.destroy();
  }
};
