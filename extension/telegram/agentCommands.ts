/** /new and /agent. */
import { InputError } from '../core/agents.ts';
import type { Agent } from '../shared/agent.ts';
import {
  buttonKey,
  type CommandCall,
  type CommandSet,
  checkIdle,
  checkMayChooseAgent,
  findByName,
} from './commandCall.ts';
import type { BotContext } from './context.ts';
import { note, oneLine } from './replyWords.ts';
import type { Button, Outgoing } from './types.ts';

/** Telegram takes a hundred buttons. */
const mostAgents = 50;

export const createAgentCommands = (
  context: Pick<BotContext, 'store' | 'chats' | 'jobs' | 'agents' | 'config'>,
): CommandSet => {
  const { store, chats, jobs, agents } = context;

  const named = async (name: string): Promise<Agent> => {
    const all = await agents.list();
    const found = findByName(all, name);
    if (found !== undefined) return found;
    const names = all.map((agent) => oneLine(agent.name, 60)).join(', ');
    throw new InputError(`There is no agent called “${oneLine(name, 60)}”. There are: ${names}.`);
  };

  /** Whose turn it is here: of the chat that goes on, else of the next one. */
  const currentId = async ({ thread }: CommandCall): Promise<string> => {
    const { sessionId, agentId } = await store.getBinding(thread);
    const session = sessionId === undefined ? undefined : await chats.get(sessionId);
    return session?.agentId ?? agentId ?? context.config().agentId;
  };

  const listed = async (call: CommandCall): Promise<Outgoing> => {
    const [all, current] = await Promise.all([agents.list(), currentId(call)]);
    const rows = all.slice(0, mostAgents).map((agent): readonly Button[] => {
      const mark = agent.id === current ? '✓ ' : '';
      return [{ text: `${mark}${oneLine(agent.name, 50)}`, data: `c1:agent:${buttonKey(agent.id)}` }];
    });
    const now = all.find(({ id }) => id === current);
    const title =
      now === undefined
        ? 'The agent of this chat is not there any more.'
        : `Agent: ${oneLine(now.name, 100)}`;
    // In a group an approver may press what somebody else has asked for.
    return call.isGroup || call.user.isApprover
      ? note(title, 'Choose who works here from now on, in this chat and in new ones.', rows)
      : note(title, 'Approvers choose who works here.');
  };

  const choose = async (call: CommandCall, agent: Agent): Promise<string> => {
    checkMayChooseAgent(call);
    const binding = await store.getBinding(call.thread);
    const { sessionId } = binding;
    checkIdle(jobs, sessionId);
    const session = sessionId === undefined ? undefined : await chats.get(sessionId);
    if (session !== undefined) await chats.setAgent(session.id, agent.id);
    await store.saveBinding({ ...binding, agentId: agent.id });
    return session === undefined
      ? `${oneLine(agent.name, 100)} works in the next chat here.`
      : `${oneLine(agent.name, 100)} works here from now on, with its own model.`;
  };

  /** What becomes of the chat that went on here. */
  const before = (sessionId: string | undefined): string => {
    if (sessionId === undefined) return '';
    return jobs.runningIn(sessionId) === undefined
      ? 'The one before is kept; VS Code lists it.'
      : 'In the one before, the agent works to its end, and its answer comes here.';
  };

  return {
    written: {
      new: async (call) => {
        const { sessionId, ...binding } = await store.getBinding(call.thread);
        if (call.argument !== '') checkMayChooseAgent(call);
        const agent = call.argument === '' ? undefined : await named(call.argument);
        await store.saveBinding({ ...binding, ...(agent === undefined ? {} : { agentId: agent.id }) });
        const who = agent === undefined ? '' : ` with ${oneLine(agent.name, 100)}`;
        await call.reply(note(`Your next message begins a new chat${who}.`, before(sessionId)));
      },
      agent: async (call) => {
        if (call.argument === '') await call.reply(await listed(call));
        else await call.reply(note(await choose(call, await named(call.argument))));
      },
    },
    pressed: {
      agent: async (call) => {
        const agent = (await agents.list()).find(({ id }) => buttonKey(id) === call.argument);
        if (agent === undefined) {
          throw new InputError('This agent is not there any more. /agent lists those there are.');
        }
        const said = await choose(call, agent);
        await call.done(said);
        await call.replace(note(said));
      },
    },
  };
};
