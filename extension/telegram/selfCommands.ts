/** Commands about the bot and what it does now: /start, /help, /whoami, /status, /stop, /approve, /deny, /schedules. */
import { midnightBefore } from '../core/budgets.ts';
import { modeOf, stricterMode } from '../core/modes.ts';
import type { Agent } from '../shared/agent.ts';
import { helpText, type Standing, standingLines, startText, whoText } from './botSelf.ts';
import type { CommandCall, CommandSet, WrittenCall } from './commandCall.ts';
import type { ApprovalCards, BotContext, Conversations } from './context.ts';
import { markdownBlocks } from './html.ts';
import { note, outgoing } from './replyWords.ts';
import { splitBlocks } from './split.ts';
import type { MenuCommand } from './types.ts';

export const createSelfCommands = (
  context: Pick<BotContext, 'store' | 'chats' | 'agents' | 'config' | 'now'> & {
    readonly conversations: Pick<Conversations, 'stop' | 'status'>;
    readonly cards: Pick<ApprovalCards, 'answer'>;
    schedulesText?(): Promise<string>;
  },
  menu: readonly MenuCommand[],
): CommandSet => {
  const { store, chats, agents, conversations, schedulesText } = context;

  const agentOf = async (id: string): Promise<Agent | undefined> =>
    (await agents.list()).find((agent) => agent.id === id);

  const standing = async ({ thread }: CommandCall): Promise<Standing> => {
    const config = context.config();
    const [{ sessionId, agentId }, spent] = await Promise.all([
      store.getBinding(thread),
      store.botSpending(config.id, midnightBefore(context.now())),
    ]);
    const session = sessionId === undefined ? undefined : await chats.get(sessionId);
    const agent = await agentOf(session?.agentId ?? agentId ?? config.agentId);
    const own = session ?? { folder: config.folder };
    const model = session?.model ?? agent?.model;
    return {
      config,
      agentName: agent?.name ?? 'not there any more; choose one with /agent',
      mode: stricterMode(modeOf(own, agent, config.folder), config.mode),
      spent,
      ...(model === undefined ? {} : { model }),
      ...(session === undefined ? {} : { title: session.title }),
    };
  };

  const answer = async (call: WrittenCall, isApproved: boolean): Promise<void> => {
    const command = isApproved ? 'approve' : 'deny';
    if (!/^\S+$/.test(call.argument)) {
      await call.reply(
        note(
          `Write /${command} and the id of the question.`,
          'It stands below the question; the buttons do the same.',
        ),
      );
      return;
    }
    await call.reply(note(await context.cards.answer(call.argument, isApproved, call.message)));
  };

  return {
    written: {
      start: async (call) => {
        const config = context.config();
        await call.reply(startText(config, await agentOf(config.agentId), call.user, menu));
      },
      help: async (call) => {
        await call.reply(helpText(menu, call.isGroup));
      },
      whoami: async (call) => {
        await call.reply(whoText(call.user, call.thread));
      },
      stop: async (call) => {
        await call.reply(note(await conversations.stop(call.thread)));
      },
      status: async (call) => {
        const now = await conversations.status(call.thread);
        const [first = '', ...rest] = now.split('\n');
        await call.reply(note(first, [...rest, '', standingLines(await standing(call))].join('\n')));
      },
      approve: (call) => answer(call, true),
      deny: (call) => answer(call, false),
      ...(schedulesText === undefined
        ? {}
        : {
            schedules: async (call: WrittenCall) => {
              for (const part of splitBlocks(markdownBlocks(await schedulesText()))) {
                await call.reply(outgoing(part));
              }
            },
          }),
    },
    pressed: {},
  };
};
