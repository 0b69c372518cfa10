import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { markedLines, oneLine } from '../core/shownText.ts';
import type { PreparedRun } from '../core/skills.ts';
import { cutText } from '../core/text.ts';
import { type PreparedStep, type StepAccess, type Tool, ToolError, type ToolOutput } from '../core/tool.ts';
import type { WorkspacePath } from '../core/workspace.ts';
import type { JsonObject, JsonValue } from '../shared/message.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import { skillTaint } from './skillText.ts';
import { currentSkill, type SkillToolPorts } from './toolPorts.ts';

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

interface Call {
  readonly skill: LoadedSkill;
  readonly entry: string;
  readonly input: JsonObject;
  readonly argv: readonly string[];
  readonly folder: WorkspacePath;
}

/** What a person cannot have known when they allowed something for longer. */
const cautionOf = ({ state }: LoadedSkill, { asked }: PreparedRun): string | undefined => {
  const reasons = [
    ...(asked.length === 0 ? [] : [`it asks for ${asked.join(', ')}`]),
    ...(state === 'ready' ? [] : ['nobody has reviewed this skill']),
  ];
  return reasons.length === 0 ? undefined : reasons.join('; ');
};

const mostWords = 200;

/** Texts of the input, as deep as they lie. */
const textsOf = (value: JsonValue): readonly string[] => {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

const accessOf = ({ skill, entry, input, argv, folder }: Call, prepared: PreparedRun): StepAccess => {
  const caution = cautionOf(skill, prepared);
  const isSandboxed = prepared.plan.place === 'sandbox';
  return {
    paths: [],
    command: {
      line: prepared.line,
      folder: folder.label,
      root: folder.realRoot,
      below: folder.below,
      isSandboxed,
      ...(isSandboxed
        ? { hasNetwork: prepared.limits.network, isReadOnly: prepared.limits.workspace === 'ro' }
        : {}),
      skill: { id: skill.id, hash: skill.hash, entry },
      words: [...argv, ...textsOf(input)].slice(0, mostWords),
    },
    ...(caution === undefined ? {} : { caution }),
  };
};

/** Everything that the program gets, to the letter, and what it can reach. */
const detailOf = ({ skill, entry, input, argv, folder }: Call, { facts }: PreparedRun): string =>
  [
    `The program ${entry} of the skill ${skill.id} (${oneLine(skill.source.label)})`,
    ...(argv.length === 0 ? [] : [`Arguments:\n${markedLines(JSON.stringify(argv, undefined, 1))}`]),
    `Input:\n${markedLines(JSON.stringify(input, undefined, 2))}`,
    `Folder: ${folder.editorFile}`,
    ...facts,
  ].join('\n\n');

/** Who may speak in what it prints: whoever wrote it, and whoever it asked in the network. */
const taintOf = (skill: LoadedSkill, { plan, limits }: PreparedRun): string | undefined => {
  const reachesNetwork = plan.place === 'sandbox' ? limits.network : skill.sandbox.network === true;
  return skillTaint(skill) ?? (reachesNetwork ? `the skill ${skill.id}, which reads the network` : undefined);
};

const startFolder = async ({ files }: SkillToolPorts): Promise<WorkspacePath> => {
  const [root] = files.roots();
  if (root === undefined) throw new ToolError('No folder is open, and programs of skills work in one.');
  return files.resolve(root.path);
};

const stepOf = (call: Call, prepared: PreparedRun): PreparedStep => {
  const title = cutText(prepared.line, 80);
  const isSandboxed = prepared.plan.place === 'sandbox';
  return {
    title,
    effect: 'execute',
    targets: [prepared.line],
    access: accessOf(call, prepared),
    approval: { title: `Run ${title}?`, detail: detailOf(call, prepared), diffs: [], isSandboxed },
    changes: [],
    run: async (signal, emit): Promise<ToolOutput> => {
      const { content, isError, summary } = await prepared.run(signal, emit);
      const taint = taintOf(call.skill, prepared);
      return { content, isError, summary, diffs: [], ...(taint === undefined ? {} : { taint }) };
    },
  };
};

/** @param name of a skill that has programs */
export const createRunSkill = (ports: SkillToolPorts, name: z.ZodType<string>): Tool =>
  defineTool({
    name: 'run_skill',
    description:
      'Runs a program of a skill, in a container where there is an engine for them, and answers with what it prints and the files it wrote. It starts in the first workspace folder. use_skill says which programs there are and what input each takes.',
    input: z.strictObject({
      name,
      entry: z.string().min(1).max(200).describe('Which of its programs.'),
      input: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('What the program reads, as its schema says. Default: {}.'),
      arguments: z
        .array(z.string())
        .optional()
        .describe('Command-line arguments, for programs that say they take some.'),
    }),
    prepare: async ({ name, entry, input = {}, arguments: argv = [] }, signal) => {
      const skill = await currentSkill(ports, name);
      const parsed = jsonObject.parse(input);
      const folder = await startFolder(ports);
      const call = { skill, entry, input: parsed, argv, folder };
      const { execution } = ports;
      return stepOf(
        call,
        await ports.runner.prepare({ skill, entry, input: parsed, argv, execution }, signal),
      );
    },
  });
