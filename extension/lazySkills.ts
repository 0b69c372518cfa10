/** The skills of a window before they have been loaded. A part of app.ts. */
import { skillCommandNames as names } from './commandNames.ts';
import { type Command, lazyCommands, lazyTree, loadOnce } from './lazyPart.ts';
import type { Agent } from './shared/agent.ts';
import type { SkillChoice } from './shared/skill.ts';
import type { SkillSet } from './skillSet.ts';
import type { RulesTree } from './vscode/rulesTree.ts';

export interface LazySkills {
  get(): Promise<SkillSet>;
  /** As far as they have been read by now; when there are more, `changed` is called. */
  choices(agent: Agent): Promise<readonly SkillChoice[]>;
  readonly commands: Readonly<Record<(typeof names)[number], Command>>;
  readonly view: RulesTree;
  close(): void;
}

/** The view is drawn by then, and nobody has typed a name yet. */
const afterViewMs = 1_500;

export const lazySkills = (ports: {
  load(): Promise<SkillSet>;
  /** There are other skills than before. */
  changed(): void;
  logError(error: unknown): void;
}): LazySkills => {
  const { get, loaded } = loadOnce(async () => {
    const set = await ports.load();
    set.catalog.onChange(ports.changed);
    return set;
  });
  let isRead = false;
  let isReading = false;
  /** The view must not wait for files to be read, nor share the processor with that while it is being drawn. */
  const readFirst = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, afterViewMs));
    await (await get()).catalog.list();
    isRead = true;
    ports.changed();
  };
  return {
    get,
    choices: async (agent) => {
      if (isRead) return (await get()).choices(agent);
      if (!isReading) {
        isReading = true;
        readFirst()
          .catch(ports.logError)
          .finally(() => {
            isReading = false;
          });
      }
      return [];
    },
    commands: lazyCommands(names, async () => (await get()).commands),
    view: lazyTree(async () => (await get()).view, ports.logError),
    close: () => {
      loaded()
        ?.then((set) => set.close())
        .catch(ports.logError);
    },
  };
};
