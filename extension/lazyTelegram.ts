/** The bots and schedules of a window before they have been loaded. A part of app.ts. */
import { telegramCommandNames as names } from './commandNames.ts';
import { type Command, lazyCommands, lazyTree, loadOnce } from './lazyPart.ts';
import type { TelegramSet } from './telegramSetUp.ts';
import type { RulesTree } from './vscode/rulesTree.ts';

export interface LazyTelegram {
  readonly commands: Readonly<Record<(typeof names)[number], Command>>;
  readonly view: RulesTree;
  readonly schedules: RulesTree;
  /** Starts what starts by itself in the open folders. */
  autoStart(): Promise<void>;
  close(): Promise<void>;
}

export const lazyTelegram = (ports: {
  load(): Promise<TelegramSet>;
  logError(error: unknown): void;
}): LazyTelegram => {
  const { get, loaded } = loadOnce(ports.load);
  return {
    commands: lazyCommands(names, async () => (await get()).commands),
    view: lazyTree(async () => (await get()).view, ports.logError),
    schedules: lazyTree(async () => (await get()).schedulesView, ports.logError),
    autoStart: async () => (await get()).autoStart(),
    close: async () => {
      await loaded()
        ?.then((set) => set.close())
        .catch(ports.logError);
    },
  };
};
