/** The policy report: which engine there is, and what a program in the sandbox can reach. Pure. */
import type { EngineInfo, EngineState, ImageRecipe } from '../core/sandbox.ts';
import { defaultLimits, isUsable } from '../core/skills.ts';
import type { Agent } from '../shared/agent.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import {
  defaultText,
  executionWords,
  foreign,
  grantsText,
  imageOf,
  isGranted,
  memoryText,
  processorsText,
  wishesOf,
} from './skillWords.ts';
import { count, formatBytes } from './words.ts';

export interface NeededImage {
  readonly name: string;
  /** `commands`, ids of skills. */
  readonly neededBy: readonly string[];
  /** Set where it is made on this computer. */
  readonly recipe?: ImageRecipe;
}

export interface SandboxFacts {
  readonly at: number;
  /** Asked about the open folder, where there is one. */
  readonly state: EngineState;
  /** Absolute path of the first open folder. */
  readonly folder?: string;
  readonly isTrusted: boolean;
  readonly agents: readonly Pick<Agent, 'name' | 'execution'>[];
  readonly skills: readonly LoadedSkill[];
  /** `isPresent` is undefined where nobody could be asked. */
  readonly images: readonly (NeededImage & { readonly isPresent: boolean | undefined })[];
  /** Of the setting; empty: none. */
  readonly commandImage: string;
  /** Containers of windows that are gone, which were removed now. */
  readonly reaped?: number;
}

/** Images that programs of these skills, and commands, run in. */
export const neededImages = (
  skills: readonly LoadedSkill[],
  commandImage: string,
  recipes: readonly ImageRecipe[],
): readonly NeededImage[] => {
  const needed = new Map<string, string[]>();
  const add = (image: string, by: string): void => {
    needed.set(image, [...(needed.get(image) ?? []), by]);
  };
  add(commandImage === '' ? defaultLimits.image : commandImage, 'commands');
  for (const skill of skills) {
    if (isUsable(skill) && skill.entries.length > 0) add(imageOf(skill), skill.id);
  }
  return [...needed].map(([name, neededBy]) => {
    const recipe = recipes.find((each) => each.name === name);
    return { name, neededBy, ...(recipe === undefined ? {} : { recipe }) };
  });
};

const kinds: Record<EngineInfo['kind'], string> = {
  rootful: 'runs as root; programs run as the owner of the folder, never as root',
  rootless: 'runs without root: what breaks out of a container is still only you',
  usernsRemap: 'runs as root with remapped users: root of a container is nobody here',
  podmanRootless: 'Podman without root: what breaks out of a container is still only you',
  desktop: 'runs in a virtual machine of its own',
};

const engineLines = (state: EngineState): readonly string[] => {
  if (state.kind === 'unavailable') {
    return [
      '**There is no sandbox.**',
      '',
      foreign(state.message),
      '',
      'What was tried:',
      '',
      ...(state.tried.length === 0 ? ['- nothing'] : state.tried.map((each) => `- ${foreign(each)}`)),
    ];
  }
  const { engine } = state;
  return [
    '**The sandbox is ready.**',
    '',
    `- Engine: ${foreign(engine.name)}, ${kinds[engine.kind]}`,
    `- Address: ${foreign(engine.address)}, found by: ${foreign(engine.foundBy)}`,
    `- It has ${formatBytes(engine.memoryBytes)} of memory and ${processorsText(engine.cpus)}.`,
  ];
};

const folderLine = ({ state, folder, isTrusted }: SandboxFacts): string => {
  if (folder === undefined) return '- No folder is open: programs need one.';
  if (!isTrusted) return `- ${foreign(folder)} is not trusted: nothing runs in it.`;
  if (state.kind === 'ready') return `- The engine sees ${foreign(folder)}.`;
  return state.problem === 'folderUnseen'
    ? `- The engine does not see ${foreign(folder)}.`
    : `- Whether an engine would see ${foreign(folder)} is not known.`;
};

const reachLines: readonly string[] = [
  'It can:',
  '',
  '- read and change the open folder, which is /workspace inside; a skill may ask for less',
  '- read the files of its own skill, which are /skill inside',
  '- write a little to /tmp, which is gone when it ends',
  '',
  'It cannot:',
  '',
  '- change what runs on this computer later: .git, .vscode and the like are read-only. What it makes of them anyway is put out of the way afterwards, and told',
  '- see other files of this computer, its programs, or what other containers do',
  '- see your keys, or the environment of VS Code',
  '- reach the network or this computer’s own services, unless you granted that; then it is the whole internet',
  '- become root, load anything into the kernel, or talk to the engine',
  '- take more memory, processors, processes or time than it has; then it is ended',
  '',
  `Without a grant it has: ${defaultText}.`,
];

const agentLine = ({ name, execution }: SandboxFacts['agents'][number]): string => {
  const { name: mode, meaning } = executionWords[execution.sandbox];
  return `- ${foreign(name)}: **${mode}**. ${meaning} A container has at most ${memoryText(execution.memoryMb)} and ${processorsText(execution.cpus)}.`;
};

const imageLine = ({ name, neededBy, recipe, isPresent }: SandboxFacts['images'][number]): string => {
  const state = { true: 'here', false: 'missing', undefined: 'not known' }[`${isPresent}`];
  const shown = neededBy.slice(0, 8).join(', ');
  const more = neededBy.length > 8 ? ` and ${neededBy.length - 8} more` : '';
  const made = recipe === undefined ? '' : ` (made on this computer from ${foreign(recipe.base)})`;
  return `- ${foreign(name)}${made}: **${state}**. For: ${foreign(`${shown}${more}`)}`;
};

const beyondLines = (skills: readonly LoadedSkill[]): readonly string[] =>
  skills.filter(isUsable).flatMap((skill) => {
    const wishes = wishesOf(skill, skill.source.place);
    const asks = wishes.filter((wish) => !isGranted(wish, skill.grants)).map(({ label }) => label);
    const granted = grantsText(skill.grants);
    if (asks.length === 0 && granted === '') return [];
    return [
      `- ${foreign(skill.id)} (${foreign(skill.source.label)}): ${granted === '' ? 'nothing granted' : `granted ${foreign(granted)}`}${asks.length === 0 ? '' : `; asks at each run for ${foreign(asks.join(', '))}`}`,
    ];
  });

export const sandboxReport = (facts: SandboxFacts): string => {
  const { skills, commandImage, reaped } = facts;
  const section = (title: string, lines: readonly string[]): readonly string[] => [
    '',
    `## ${title}`,
    '',
    ...lines,
  ];
  const beyond = beyondLines(skills);
  const missing = facts.images.filter(({ isPresent }) => isPresent === false);
  const unused = `Commands of agents that are **Flexible** run on this computer while no image is set for them (setting anycowork.sandbox.commandImage): a plain image has none of your project’s programs.`;
  return [
    '# AnyCowork sandbox',
    '',
    `Checked on ${new Date(facts.at).toLocaleString()}.`,
    '',
    ...engineLines(facts.state),
    folderLine(facts),
    ...(reaped === undefined || reaped === 0
      ? []
      : [
          `- ${count(reaped, 'container')} of windows that are gone ${reaped === 1 ? 'was' : 'were'} removed.`,
        ]),
    ...section('What a program in the sandbox can reach', reachLines),
    ...section('Agents', [
      ...facts.agents.map(agentLine),
      '',
      ...(commandImage === ''
        ? [unused]
        : [`Commands in the sandbox run in the image ${foreign(commandImage)}.`]),
      '',
      'What runs outside the sandbox is always asked, and can do what you can do on this computer.',
    ]),
    ...section('Skills with more than the default', beyond.length === 0 ? ['None.'] : beyond),
    ...section('Images', [
      ...facts.images.map(imageLine),
      ...(missing.length === 0 ? [] : ['', 'Run **AnyCowork: Get Image…** to have what is missing.']),
    ]),
    '',
  ].join('\n');
};
