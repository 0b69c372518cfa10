/** A person runs a program of a skill, to try it: nothing goes to a model. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { InputError } from '../core/agents.ts';
import { parseCommandLine } from '../core/commandLine.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { SandboxError } from '../core/sandbox.ts';
import {
  isUsable,
  type PreparedRun,
  type SkillCatalog,
  type SkillRunner,
  type SkillRunOutput,
} from '../core/skills.ts';
import { ToolError } from '../core/tool.ts';
import type { ExecutionSettings } from '../shared/agent.ts';
import type { JsonObject } from '../shared/message.ts';
import type { LoadedSkill, SkillEntry } from '../shared/skill.ts';
import { parse } from './commandInput.ts';
import { cancellable } from './progressTask.ts';
import { harmless, type SkillDocuments } from './skillDocuments.ts';
import { SkillEntryItem } from './skillItems.ts';
import { isRow, pickSkill } from './skillPicker.ts';
import { argumentsOf, exampleInput, foreign, visible } from './skillWords.ts';
import { firstLine, withoutIcons, withoutLinks } from './words.ts';

const inputSchema = z.record(z.string(), z.json());
const argvSchema = z.array(z.string());

export interface RunPorts {
  readonly catalog: Pick<SkillCatalog, 'list' | 'get'>;
  readonly runner: SkillRunner;
  readonly documents: SkillDocuments;
  /** Of the agent of the shown chat. */
  execution(): Promise<ExecutionSettings>;
}

type Given = Readonly<{ input: JsonObject; argv: readonly string[] }>;

/** @returns why it is no input; undefined for a JSON object */
export const inputProblem = (text: string): string | undefined => {
  try {
    const parsed = inputSchema.safeParse(JSON.parse(text));
    return parsed.success ? undefined : 'Type a JSON object: {"name": "value"}.';
  } catch (error) {
    return `This is not JSON: ${reasonOf(error)}`;
  }
};

/** Words with quotes, as in a shell; nothing else of a shell. @throws InputError */
export const wordsOf = (line: string): readonly string[] => {
  if (line.trim() === '') return [];
  // In front stands a program, which is none of the arguments.
  const parsed = parseCommandLine(`program ${line}`, 'posix');
  if (parsed.kind === 'problem')
    throw new InputError(
      `These arguments cannot be read: ${parsed.problem}. Quote what is meant as it is: 'a b'.`,
    );
  const [words] = parsed.commands;
  if (words === undefined || parsed.commands.length > 1)
    throw new InputError(
      "These are several commands. Type the arguments of one program; quote what is meant as it is: ';'.",
    );
  return words.slice(1);
};

const wordsProblem = (line: string): string | undefined => {
  try {
    wordsOf(line);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
};

const pickEntry = async (skill: LoadedSkill, given: unknown): Promise<SkillEntry | undefined> => {
  if (typeof given === 'string') {
    const found = skill.entries.find(({ name }) => name === given);
    if (found === undefined) {
      const names = skill.entries.map(({ name }) => name).join(', ');
      throw new InputError(`${skill.id} has no program ${given}. It has: ${names}.`);
    }
    return found;
  }
  if (skill.entries.length === 1) return skill.entries[0];
  const items = skill.entries.map((entry) => ({
    label: withoutIcons(visible(entry.name)),
    detail: withoutIcons(firstLine(visible(entry.description))),
    entry,
  }));
  const options = { title: `Test run of ${visible(skill.id)}`, placeHolder: 'Which program' };
  return (await vscode.window.showQuickPick(items, options))?.entry;
};

/** What it reads as JSON; where it says nothing about that, its arguments are words. */
const askInput = async (skill: LoadedSkill, entry: SkillEntry): Promise<Given | undefined> => {
  const known = argumentsOf(entry.arguments);
  const title = `Test run of ${visible(skill.id)}/${visible(entry.name)}`;
  if (known.length === 0) {
    const line = await vscode.window.showInputBox({
      title,
      prompt: 'Its arguments; may be empty',
      ignoreFocusOut: true,
      validateInput: wordsProblem,
    });
    return line === undefined ? undefined : { input: {}, argv: wordsOf(line) };
  }
  const about = known.map(
    ({ name, type, isRequired }) => `${name} (${type}${isRequired ? ', required' : ''})`,
  );
  const text = await vscode.window.showInputBox({
    title,
    prompt: visible(`A JSON object: ${about.join(', ')}`),
    value: JSON.stringify(exampleInput(entry.arguments)),
    ignoreFocusOut: true,
    validateInput: inputProblem,
  });
  if (text === undefined) return undefined;
  const problem = inputProblem(text);
  if (problem !== undefined) throw new InputError(problem);
  return { input: parse(inputSchema, JSON.parse(text)), argv: [] };
};

const confirm = async ({ plan, line, facts }: PreparedRun, { input, argv }: Given): Promise<boolean> => {
  const isHost = plan.place === 'host';
  const run = isHost ? 'Run Without Sandbox' : 'Run';
  // Enter presses the first one, and may have been meant for the editor.
  const buttons = isHost ? ['Don’t Run', run] : [run];
  const detail = [
    ...facts,
    '',
    `Input: ${JSON.stringify(input)}`,
    ...(argv.length === 0 ? [] : [`Arguments: ${JSON.stringify(argv)}`]),
  ];
  const answer = await vscode.window.showWarningMessage(
    visible(`Run ${line}?`),
    { modal: true, detail: visible(detail.join('\n')) },
    ...buttons,
  );
  return answer === run;
};

/** As a Markdown document that is drawn: what a program says must not fetch anything. */
export const runReport = ({ line, facts }: PreparedRun, output: SkillRunOutput): string => {
  const blocks = output.content.map((block) =>
    block.type === 'image'
      ? `![${foreign(block.name ?? 'picture', 200).replaceAll(/[[\]]/g, '')}](data:${block.mediaType};base64,${block.data})`
      : block.type === 'text'
        ? harmless(block.text)
        : '',
  );
  return [
    `# ${output.isError ? 'Failed: ' : ''}${harmless(foreign(line, 300))}`,
    `**${harmless(foreign(output.summary))}** ${facts.map((fact) => harmless(foreign(fact))).join(' · ')}`,
    ...blocks,
    '',
  ].join('\n\n');
};

/** The last line that says something, for the progress message. */
const lastLine = (text: string): string => visible(text.trimEnd().split('\n').at(-1) ?? '').trim();

export const createSkillRun = (ports: RunPorts) => {
  const { catalog, runner, documents } = ports;

  const tell = async (error: Error): Promise<void> => {
    const { cause } = error;
    // The person has been asked whether to get it, which says all there is.
    if (cause instanceof SandboxError && cause.kind === 'missingImage') return;
    const button = 'Check Sandbox';
    const answer = await vscode.window.showErrorMessage(withoutLinks(visible(error.message)), button);
    if (answer === button) await vscode.commands.executeCommand('anycowork.checkSandbox');
  };

  const run = async (
    skill: LoadedSkill,
    entry: SkillEntry,
    given: Given,
  ): Promise<SkillRunOutput | undefined> => {
    const request = { skill, entry: entry.name, ...given, execution: await ports.execution() };
    const title = `${visible(skill.id)}/${visible(entry.name)}`;
    const prepared = await cancellable(`Preparing ${title}`, (_report, signal) =>
      runner.prepare(request, signal),
    );
    if (prepared === undefined) return undefined;
    if (prepared.plan.place === 'refused') throw new ToolError(prepared.plan.reason);
    if (!(await confirm(prepared, given))) return undefined;
    const output = await cancellable(`Running ${title}`, (report, signal) =>
      prepared.run(signal, (text) => {
        const line = lastLine(text);
        if (line !== '') report(line);
      }),
    );
    if (output === undefined) return undefined;
    await documents.preview(`Run of ${skill.id} ${entry.name}`, runReport(prepared, output));
    return output;
  };

  return {
    /**
     * By code: id, program, its input, its arguments. The facts are shown and asked about in any case.
     * @returns undefined when the person thought better of it
     */
    runSkill: async (
      given?: unknown,
      entryName?: unknown,
      input?: unknown,
      argv?: unknown,
    ): Promise<SkillRunOutput | undefined> => {
      const skill = await pickSkill(catalog, given, {
        title: 'Test run of a skill',
        fits: (each) => isUsable(each) && each.entries.length > 0,
        none: 'No skill here can be run. Skills that can have a program, are turned on, and have not changed since they were reviewed.',
        misfit:
          'It cannot be run: it has no program, is turned off, cannot be read, or has to be reviewed first.',
      });
      if (skill === undefined) return undefined;
      // A menu passes arguments of its own behind what was clicked.
      const isMenu = isRow(given);
      const wanted = given instanceof SkillEntryItem ? given.entry.name : isMenu ? undefined : entryName;
      const entry = await pickEntry(skill, wanted);
      if (entry === undefined) return undefined;
      const isByCode = !isMenu && (input !== undefined || argv !== undefined);
      const words = isByCode
        ? { input: parse(inputSchema, input ?? {}), argv: parse(argvSchema, argv ?? []) }
        : await askInput(skill, entry);
      if (words === undefined) return undefined;
      try {
        return await run(skill, entry, words);
      } catch (error) {
        const isTold = error instanceof ToolError || error instanceof SandboxError;
        if (isByCode || !isTold) throw error;
        void tell(error);
        return undefined;
      }
    },
  };
};
