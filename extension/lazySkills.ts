/** The skills of a window before they have been loaded. A part of app.ts. */
import type { Agent } from './shared/agent.ts';
import type { SkillChoice } from './shared/skill.ts';
import type { SkillSet } from './skillSet.ts';
import type { RulesTree } from './vscode/rulesTree.ts';

const names = [
  'showSkills',
  'installSkill',
  'createSkill',
  'runSkill',
  'reviewSkill',
  'grantSkill',
  'enableSkill',
  'disableSkill',
  'updateSkill',
  'uninstallSkill',
  'openSkill',
  'openSkillFolder',
  'exportSkill',
  'refreshSkills',
  'checkSandbox',
  'getImage',
] as const satisfies readonly (keyof SkillSet['commands'])[];

type Command = (...values: readonly unknown[]) => Promise<unknown>;

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
  let loading: Promise<SkillSet> | undefined;
  let isRead = false;
  let isReading = false;
  const get = (): Promise<SkillSet> => {
    loading ??= ports.load().then(
      (set) => {
        set.catalog.onChange(ports.changed);
        return set;
      },
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  /** The view must not wait for files to be read, nor share the processor with that while it is being drawn. */
  const readFirst = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, afterViewMs));
    await (await get()).catalog.list();
    isRead = true;
    ports.changed();
  };
  const command = (name: (typeof names)[number]): Command => {
    return async (...values) => {
      const { commands } = await get();
      const run: Command = commands[name];
      return run(...values);
    };
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
    // fromEntries forgets which names there are.
    commands: Object.fromEntries(names.map((name) => [name, command(name)])) as LazySkills['commands'],
    view: {
      children: async (parent) => (await get()).view.children(parent),
      onChange: (listener) => {
        let unlisten: (() => void) | undefined;
        let isOver = false;
        get()
          .then(({ view }) => {
            if (!isOver) unlisten = view.onChange(listener);
          })
          .catch(ports.logError);
        return () => {
          isOver = true;
          unlisten?.();
        };
      },
    },
    close: () => {
      loading?.then((set) => set.close()).catch(ports.logError);
    },
  };
};
