/** The bots, in a tree: below each who waits, who may talk to it, where it listens, and what it tells unasked. */
import type { Agents } from '../core/agents.ts';
import type { TelegramBots } from '../core/telegramBots.ts';
import type { RulesTree } from './rulesTree.ts';
import { BotItem, GroupItem, NobodyItem, NoticesItem, PairingItem, PersonItem } from './telegramItems.ts';
import { called, groupsOf } from './telegramWords.ts';

export const createTelegramView = (ports: {
  readonly bots: Pick<TelegramBots, 'list' | 'pairings' | 'onChange' | 'onPairing'>;
  readonly agents: Pick<Agents, 'list'>;
  now(): number;
}): RulesTree => {
  const { bots, agents } = ports;
  const waitingFor = (configId: string) =>
    bots.pairings().filter((request) => request.configId === configId && request.expiresAt > ports.now());
  return {
    children: async (parent) => {
      if (parent instanceof BotItem) {
        const { info } = parent;
        const { id, allowedUsers } = info.config;
        const waiting = waitingFor(id);
        return [
          ...waiting.map((request) => new PairingItem(request, ports.now())),
          ...(allowedUsers.length === 0 && waiting.length === 0 ? [new NobodyItem(info)] : []),
          ...allowedUsers.map((user) => new PersonItem(id, user)),
          ...groupsOf(info.config).map((chat) => new GroupItem(id, chat)),
          new NoticesItem(info),
        ];
      }
      if (parent !== undefined) return [];
      const all = await bots.list();
      if (all.length === 0) return [];
      const names = new Map((await agents.list()).map(({ id, name }) => [id, name]));
      return all.map((info) => {
        const agent = names.get(info.config.agentId);
        const shown = agent === undefined ? 'one that was deleted' : called(agent);
        return new BotItem(info, shown, waitingFor(info.config.id).length, ports.now());
      });
    },
    onChange: (listener) => {
      const unlisten = [bots.onChange(listener), bots.onPairing(listener)];
      return () => {
        for (const each of unlisten) each();
      };
    },
  };
};
