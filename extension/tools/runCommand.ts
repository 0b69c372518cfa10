import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { cutText } from '../core/text.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import type { WorkspaceFiles, WorkspacePath } from '../core/workspace.ts';
import { longestCommandTimeoutMs } from '../shared/agent.ts';
import type { CommandPlace, CommandPlaces } from './commandPlace.ts';
import { shellName } from './commandProcess.ts';
import { createKeptOutput } from './keptOutput.ts';
import type { LeftProcesses } from './leftProcesses.ts';
import { createLiveOutput } from './liveOutput.ts';
import { networkProgram } from './networkCommands.ts';
import { hostRun, type PlacedRun, sandboxRun } from './placedRun.ts';

const longestTimeoutSeconds = longestCommandTimeoutMs / 1_000;

export interface RunCommandPorts {
  readonly files: WorkspaceFiles;
  /** The whole environment of the command, without keys. */
  environment(): Record<string, string>;
  /** Absolute; long outputs go there. */
  readonly spillFolder: string;
  /** Deadline where the call names none. */
  readonly commandTimeoutMs: number;
  /** Gets what commands leave running; one for all chats. */
  readonly leftProcesses: LeftProcesses;
  /** Where commands run; absent: on this computer. */
  readonly commandPlaces?: CommandPlaces;
}

/** What reads its commands, and where. */
const shells: Readonly<Record<CommandPlaces['expected'], { readonly name: string; readonly where: string }>> =
  {
    host: { name: shellName, where: shellName },
    sandbox: { name: 'sh', where: 'sh in a container: no network, the workspace folder is /workspace' },
    either: {
      name: `sh or ${shellName}`,
      where: `sh in a container (no network, the workspace folder is /workspace), or ${shellName} where there is no container engine`,
    },
  };

const inputFor = (shell: string) =>
  z.strictObject({
    command: z.string().min(1).max(30_000).describe(`Command line for ${shell}.`),
    folder: z
      .string()
      .optional()
      .describe('Workspace folder to run it in. Default: the top of the (first) workspace folder.'),
    timeout_seconds: z
      .int()
      .min(1)
      .max(longestTimeoutSeconds)
      .optional()
      .describe(`After so long it is ended. At most ${longestTimeoutSeconds}.`),
  });

/** Controls, line separators and text direction: a command that contains them could look like another one when it is approved. */
const deceptive = /[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

const refuseDeceptive = (command: string): void => {
  const found = deceptive.exec(command)?.[0];
  if (found === undefined) return;
  const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw new ToolError(
    `The command has the invisible character U+${code} in it and could be misread. Write it as an escape.`,
  );
};

/** Each of several lines is marked, so that none can be taken for what is said about the command. */
const shownCommand = (command: string): string =>
  command.includes('\n') ? command.replaceAll(/^/gm, '│ ') : command;

const startFolder = async (files: WorkspaceFiles, given: string | undefined): Promise<WorkspacePath> => {
  const folder = await files.resolve(given ?? files.roots()[0]?.path ?? '.');
  if (!folder.exists) throw new ToolError(`The folder ${folder.label} does not exist.`);
  if (!folder.isFolder) throw new ToolError(`${folder.label} is a file, not a folder.`);
  return folder;
};

/** In the words of the approval; empty where nothing is to be said besides that it is not sandboxed. */
const placeLine = (place: Exclude<CommandPlace, { kind: 'refused' }>): string => {
  const text = place.kind === 'sandbox' ? `In the sandbox: ${place.facts.join(', ')}` : place.note;
  return text === '' ? '' : `\n${text}`;
};

export const createRunCommand = (ports: RunCommandPorts): Tool => {
  const shell = shells[ports.commandPlaces?.expected ?? 'host'];
  const placeOf = async (folder: WorkspacePath): Promise<Exclude<CommandPlace, { kind: 'refused' }>> => {
    const place = await ports.commandPlaces?.place(folder);
    if (place?.kind === 'refused') throw new ToolError(place.reason);
    return place ?? { kind: 'host', note: '' };
  };

  return defineTool({
    name: 'run_command',
    description: `Runs a command line in ${shell.where}, and answers with its output and exit code. No terminal and no input: give flags that answer questions beforehand. Ends after ${ports.commandTimeoutMs / 1_000} s unless timeout_seconds (up to ${longestTimeoutSeconds}) says otherwise. Of long output the head and tail come back, and the rest is in a file for read_file.`,
    input: inputFor(shell.name),
    prepare: async ({ command, folder: given, timeout_seconds: seconds }) => {
      refuseDeceptive(command);
      const folder = await startFolder(ports.files, given);
      // Decided once: what was approved as sandboxed never runs without.
      const place = await placeOf(folder);
      const isSandboxed = place.kind === 'sandbox';
      const timeoutMs = seconds === undefined ? ports.commandTimeoutMs : seconds * 1_000;
      const firstLine = command.trim().split('\n', 1)[0] ?? '';
      const title = cutText(firstLine === command.trim() ? firstLine : `${firstLine} …`, 80);
      const fetching = networkProgram(command);
      const deadline = seconds === undefined ? '' : `\nDeadline: ${seconds} s`;
      return {
        title,
        effect: 'execute',
        targets: [command],
        access: {
          paths: [],
          command: {
            line: command,
            folder: folder.label,
            root: folder.realRoot,
            below: folder.below,
            isSandboxed,
            ...(isSandboxed ? { hasNetwork: place.hasNetwork } : {}),
          },
        },
        approval: {
          title: `Run ${title}?`,
          detail: `${shownCommand(command)}\n\nFolder: ${folder.editorFile}${placeLine(place)}${deadline}`,
          diffs: [],
          isSandboxed,
        },
        changes: [],
        run: async (signal, emit) => {
          const now = await startFolder(ports.files, given);
          if (now.file !== folder.file)
            throw new ToolError(`${folder.label} is another folder now. Try again.`);
          const kept = createKeptOutput(ports.spillFolder);
          const live = createLiveOutput(emit);
          const run: PlacedRun = {
            command,
            folder: now,
            timeoutMs,
            onOutput: (chunk) => {
              live.add(chunk);
              return kept.add(chunk);
            },
          };
          // Also of a cancelled command the file is written and closed before this answers.
          const finish = (): Promise<string> => {
            live.finish();
            return kept.finish();
          };
          const running = isSandboxed ? sandboxRun(place, run, signal) : hostRun(ports, run, signal);
          const { summary, isError, notes } = await running.catch(async (error: unknown) => {
            await finish();
            throw error;
          });
          const text = await finish();
          const shown = text.trim() === '' ? '(no output)' : text.replace(/\n+$/, '');
          return {
            content: [{ type: 'text', text: `${shown}\n\n[${[summary, ...notes].join('; ')}]` }],
            isError,
            summary,
            diffs: [],
            ...(fetching === undefined ? {} : { taint: `a command that reads the network (${fetching})` }),
          };
        },
      };
    },
  });
};
