/** /chats: those of the bot's folder, to go on with here. */
import { InputError } from '../core/agents.ts';
import type { SessionSummary } from '../shared/session.ts';
import { buttonKey, type CommandCall, type CommandSet, checkIdle } from './commandCall.ts';
import type { BotContext } from './context.ts';
import { continueChat } from './continueChat.ts';
import { note, oneLine } from './replyWords.ts';
import type { Button } from './types.ts';

const shown = 8;
/** Chats are listed pinned ones first, so that some more have to be looked at for the newest. */
const looked = 60;

/** The chats of the desk hold whatever was said there, and not every talker is meant to read that. */
const checkMayRead = ({ user }: CommandCall): void => {
  if (user.isApprover) return;
  throw new InputError('Only approvers can go on with chats of VS Code here. Begin a new chat with /new.');
};

export const createChatCommands = (
  context: Pick<BotContext, 'store' | 'chats' | 'history' | 'jobs' | 'courier' | 'config'>,
): CommandSet => {
  const { store, chats, jobs } = context;

  const newest = async (): Promise<readonly SessionSummary[]> => {
    const { folder } = context.config();
    const { sessions } = await chats.list({ shelf: 'active', limit: looked });
    return sessions
      .filter((session) => session.folder === folder)
      .toSorted((a, b) => b.updatedAt - a.updatedAt)
      .slice(0, shown);
  };

  return {
    written: {
      chats: async (call) => {
        checkMayRead(call);
        const [sessions, { sessionId }] = await Promise.all([newest(), store.getBinding(call.thread)]);
        if (sessions.length === 0) {
          await call.reply(note('There are no chats in this folder yet.', 'Your next message begins one.'));
          return;
        }
        const rows = sessions.map(({ id, title, status }): readonly Button[] => {
          const mark = id === sessionId ? '✓ ' : status === 'running' || status === 'waiting' ? '▸ ' : '';
          return [{ text: `${mark}${oneLine(title, 55)}`, data: `c1:bind:${buttonKey(id)}` }];
        });
        await call.reply(note('The newest chats of this folder', 'Choose one to go on with it here.', rows));
      },
    },
    pressed: {
      bind: async (call) => {
        checkMayRead(call);
        const { folder } = context.config();
        const session =
          (await chats.get(call.argument)) ??
          (await newest()).find(({ id }) => buttonKey(id) === call.argument);
        if (session === undefined || session.folder !== folder) {
          throw new InputError('This chat is not there any more. /chats lists those there are.');
        }
        const { sessionId } = await store.getBinding(call.thread);
        if (sessionId !== session.id) checkIdle(jobs, sessionId);
        await call.done();
        await continueChat(context, session.id, call.thread);
      },
    },
  };
};
