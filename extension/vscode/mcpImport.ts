/** Takes MCP servers over from other programs. They are only written down, not started. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { McpImportable, McpImportSource, McpServers, McpTarget } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { McpServerInfo } from '../shared/mcp.ts';
import { type McpSavePorts, saveServer } from './mcpAdd.ts';
import { firstFree, isSameEntry, usedInputIds, withFreeInputs } from './mcpEntry.ts';
import { chooseTarget, type McpFilePorts } from './mcpFiles.ts';
import { called } from './mcpWords.ts';
import { cancellable } from './progressTask.ts';
import { visible } from './skillWords.ts';
import { count, firstLine, withoutIcons, withoutLinks } from './words.ts';

export interface McpImportPorts
  extends McpSavePorts,
    Pick<McpFilePorts, 'userFile' | 'folders' | 'isTrusted'> {
  readonly servers: Pick<McpServers, 'list'>;
  /** Looks for configurations of other programs. */
  findImports(): Promise<readonly McpImportSource[]>;
  showServers(): Promise<void>;
}

const title = 'Import MCP servers';

/** How a server that is offered relates to those that there are. */
const markOf = ({ name, entry }: McpImportable, all: readonly McpServerInfo[]): 'same' | 'named' | 'new' => {
  if (all.some(({ config }) => config !== undefined && isSameEntry(entry, config))) return 'same';
  return all.some((info) => info.name === name) ? 'named' : 'new';
};

const markWords = { same: 'already configured', named: 'another server has this name', new: '' } as const;

/** @returns undefined when the person thought better of it. @throws InputError where there is nothing, or it cannot be read */
const chooseSource = async (
  sources: readonly McpImportSource[],
  program: string | undefined,
): Promise<McpImportSource | undefined> => {
  const fitting = sources.filter((source) => program === undefined || source.program === program);
  const usable = fitting.filter(({ servers, problem }) => servers.length > 0 || problem !== undefined);
  if (usable.length === 0)
    throw new InputError(
      'No MCP servers were found in the configurations of Claude Desktop, Claude Code, Cursor, Cline, Windsurf or VS Code on this computer. Nothing was imported.',
    );
  const items = usable.map((source) => ({
    label: withoutIcons(source.program),
    description: source.problem === undefined ? count(source.servers.length, 'server') : 'cannot be read',
    detail: withoutIcons(visible(source.file)),
    source,
  }));
  const options = { title, placeHolder: 'From which program' };
  const [only] = usable;
  const picked =
    program !== undefined && usable.length === 1
      ? only
      : (await vscode.window.showQuickPick(items, options))?.source;
  if (picked?.problem !== undefined)
    throw new InputError(`${visible(picked.file)}: ${visible(picked.problem)} Nothing was imported.`);
  return picked;
};

const chooseServers = async (
  { program, servers }: McpImportSource,
  all: readonly McpServerInfo[],
): Promise<readonly McpImportable[] | undefined> => {
  const items = servers.map((importable) => {
    const mark = markOf(importable, all);
    const secrets = Object.keys(importable.secrets).length;
    const notes = [
      markWords[mark],
      secrets === 0 ? '' : `${count(secrets, 'secret')} to secret storage`,
    ].filter((note) => note !== '');
    return {
      label: withoutIcons(called(importable.name)),
      description: notes.join(' · '),
      detail: withoutIcons(firstLine(visible(importable.summary), 200)),
      picked: mark !== 'same',
      importable,
    };
  });
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${title} from ${program}`,
    placeHolder: 'Which servers. None is started by this',
    canPickMany: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return chosen?.map(({ importable }) => importable);
};

/** A name for each; those that are taken get a number behind. Pure. */
export const namesFor = (
  chosen: readonly Pick<McpImportable, 'name'>[],
  taken: ReadonlySet<string>,
): readonly string[] => {
  const used = new Set(taken);
  return chosen.map(({ name }) => {
    const free = firstFree(name, (each) => used.has(each));
    used.add(free);
    return free;
  });
};

export const createMcpImport = (ports: McpImportPorts) => {
  /** @returns those to import with their names; undefined when the person thought better of it */
  const named = async (
    chosen: readonly McpImportable[],
    all: readonly McpServerInfo[],
  ): Promise<readonly (readonly [name: string, importable: McpImportable])[] | undefined> => {
    const taken = new Set(all.map(({ name }) => name));
    const names = namesFor(chosen, taken);
    const pairs = chosen.map((importable, index) => [names[index] ?? importable.name, importable] as const);
    const renamed = pairs.filter(([name, importable]) => name !== importable.name);
    if (renamed.length === 0) return pairs;
    const [rename, leave] = ['Import With These Names', 'Leave Them Out'];
    const list = renamed.map(([name, importable]) => `${called(importable.name)} → ${called(name)}`);
    const answer = await vscode.window.showWarningMessage(
      `${count(renamed.length, 'name')} ${renamed.length === 1 ? 'is' : 'are'} taken`,
      { modal: true, detail: `They would be imported under other names:\n\n${list.join('\n')}` },
      rename,
      leave,
    );
    if (answer === rename) return pairs;
    return answer === leave ? pairs.filter((pair) => !renamed.includes(pair)) : undefined;
  };

  const importInto = async (
    target: McpTarget,
    pairs: readonly (readonly [name: string, importable: McpImportable])[],
    all: readonly McpServerInfo[],
  ) => {
    const used = new Set(usedInputIds(all, target));
    const done: string[] = [];
    const failed: string[] = [];
    for (const [name, importable] of pairs) {
      const free = withFreeInputs(importable, used);
      try {
        await saveServer(ports, { target, name, ...free });
        done.push(name);
        for (const { id } of free.inputs) if (typeof id === 'string') used.add(id);
      } catch (error) {
        failed.push(`${called(name)}: ${reasonOf(error)}`);
      }
    }
    return { done, failed };
  };

  return {
    /**
     * @param given by code: the program to import from
     * @returns names of what was imported; undefined when the person thought better of it
     */
    importMcpServers: async (given?: unknown): Promise<readonly string[] | undefined> => {
      const sources = await cancellable(
        'Looking for MCP servers of other programs…',
        async (_report, signal) => {
          const found = await ports.findImports();
          signal.throwIfAborted();
          return found;
        },
      );
      if (sources === undefined) return undefined;
      const source = await chooseSource(sources, typeof given === 'string' ? given : undefined);
      if (source === undefined) return undefined;
      const all = await ports.servers.list();
      const chosen = await chooseServers(source, all);
      if (chosen === undefined || chosen.length === 0) return undefined;
      const pairs = await named(chosen, all);
      if (pairs === undefined || pairs.length === 0) return undefined;
      const target = await chooseTarget(`${title} from ${source.program}: where?`, ports);
      if (target === undefined) return undefined;
      const { done, failed } = await importInto(target, pairs, all);
      if (failed.length > 0)
        throw new InputError(
          `${done.length === 0 ? 'Nothing was imported' : `Imported: ${done.map((name) => called(name)).join(', ')}`}. Not imported: ${failed.join('; ')}`,
        );
      await ports.showServers();
      vscode.window.showInformationMessage(
        withoutLinks(
          `${count(done.length, 'MCP server was', 'MCP servers were')} imported from ${source.program}. None is started until you have approved what it runs. ${source.program} keeps its own configuration.`,
        ),
      );
      return done;
    },
  };
};
