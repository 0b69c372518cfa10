/** Commands of bots with a window, agents and chats on paper. */
import { defaultExecution } from '../../extension/shared/agent.ts';
import type { SessionSummary } from '../../extension/shared/session.ts';
import type { TelegramConfig } from '../../extension/shared/telegram.ts';
import { fakeBots } from '../fakes/telegramBots.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createTelegramCommands } = await loadWithVscode(
  () => import('../../extension/vscode/telegramCommands.ts'),
);

export const agent = (id: string, name: string) => ({
  id,
  name,
  instructions: '',
  model: { provider: 'openai' as const, model: 'gpt' },
  tools: 'all' as const,
  skills: 'all' as const,
  mcpServers: 'all' as const,
  execution: defaultExecution,
  createdAt: 1,
  updatedAt: 1,
});

export const token = '123456:AAE-secret_part';

export const session: SessionSummary = {
  id: 'chat',
  title: 'Fix the [till](command:x)',
  titleBy: 'person',
  agentId: 'coder',
  model: { provider: 'openai', model: 'gpt' },
  mode: 'ask',
  folder: '/home/user/shop',
  shelf: 'active',
  isPinned: false,
  status: 'idle',
  createdAt: 1,
  updatedAt: 1,
};

/** Time in it stands still. */
export const telegramRig = (
  configs: readonly TelegramConfig[] = [],
  { folders = ['/home/user/shop'], agents = [agent('coder', 'Coder')] } = {},
) => {
  const bots = fakeBots(...configs);
  bots.owners.set(token, {
    botId: 123_456,
    username: 'till_bot',
    name: 'Till',
    canReadAllGroupMessages: false,
  });
  /** What the picker of chats was asked for. */
  const asked: (string | undefined)[] = [];
  const commands = createTelegramCommands({
    bots,
    agents: { list: async () => agents },
    picker: {
      session: async (id) => {
        asked.push(id);
        return session;
      },
    },
    folders: () => folders,
    now: () => 1_000,
  });
  return { bots, commands, asked };
};
