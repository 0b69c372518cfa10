/** Commands that make, change and delete rules: from the palette, and from the view with the rule that was clicked. */
import * as vscode from 'vscode';
import { type Agents, InputError } from '../core/agents.ts';
import type { Chats } from '../core/chats.ts';
import { type CommandShell, commandText, parseCommandLine } from '../core/commandLine.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { RuleBook } from '../core/rules.ts';
import type { WorkspaceRoot } from '../core/workspace.ts';
import type { Rule, RuleMatch } from '../shared/rule.ts';
import type { CurrentChat } from './currentChat.ts';
import { aboutRule, RuleItem } from './rulesView.ts';
import { coveredBy } from './ruleWords.ts';
import { withoutIcons, withoutLinks } from './words.ts';

/** What a rule about edits covers; moves and deletions are allowed by themselves. */
const editTools = ['edit_file', 'write_file'];

const where = 'rules view';

/** @returns why it is none; undefined for a glob below the workspace folders */
export const globProblem = (glob: string): string | undefined => {
  if (glob.trim() === '') return 'Type a pattern, such as src/** or docs/*.md.';
  if (glob !== glob.trim()) return 'Take out the spaces around the pattern.';
  if (/^(?:[/!~]|[A-Za-z]:)/.test(glob) || glob.split('/').includes('..')) {
    return 'The pattern is relative to the workspace folder: without a leading /, ~, ! or drive, and without .. in it.';
  }
  // What a backslash takes its meaning from does not count.
  const active = glob.replaceAll(/\\./g, '');
  if (active.includes('\\'))
    return 'Use / between folders; a backslash only before a character that is meant as it is.';
  if (/[()]/.test(active)) return 'Patterns with parentheses are not understood.';
  const depth = (open: string, close: string): boolean => {
    let count = 0;
    for (const character of active) {
      if (character === open) count += 1;
      if (character === close) count -= 1;
      if (count < 0) return false;
    }
    return count === 0;
  };
  return depth('{', '}') && depth('[', ']') ? undefined : 'A bracket or brace is not closed.';
};

type Place = Pick<Rule, 'duration' | 'folder' | 'sessionId'>;

export const createRuleCommands = (ports: {
  readonly rules: RuleBook;
  readonly agents: Pick<Agents, 'list'>;
  readonly chats: Pick<Chats, 'get'>;
  readonly current: Pick<CurrentChat, 'sessionId'>;
  /** The open folders, with their real paths; a rule holds in one of them. */
  roots(): Promise<readonly WorkspaceRoot[]>;
  readonly shell: CommandShell;
  newId(): string;
  now(): number;
}) => {
  const { rules, agents, chats, current } = ports;

  const agentNames = async (): Promise<ReadonlyMap<string, string>> =>
    new Map((await agents.list()).map(({ id, name }) => [id, name]));

  const pickRule = async (title: string, given: unknown): Promise<Rule | undefined> => {
    const all = await rules.list();
    const id = given instanceof RuleItem ? given.rule.id : given;
    if (typeof id === 'string') {
      const found = all.find((rule) => rule.id === id);
      if (found === undefined)
        throw new InputError('This rule is not there any more. It may have been deleted.');
      return found;
    }
    if (all.length === 0) {
      vscode.window.showInformationMessage(
        'There are no rules yet. “Always allow” makes one when an agent asks.',
      );
      return undefined;
    }
    const names = await agentNames();
    const items = all.map((rule) => ({
      label: withoutIcons(coveredBy(rule.match)),
      description: withoutIcons(aboutRule(rule, names)),
      rule,
    }));
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose a rule' }))?.rule;
  };

  const commandProblem = (line: string, isOne: boolean, shell: CommandShell): string | undefined => {
    if (line.trim() === '') return 'Type a command line, such as npm test.';
    const parsed = parseCommandLine(line, shell);
    if (parsed.kind === 'problem') return `A rule cannot cover this line: ${parsed.problem}.`;
    return isOne && parsed.commands.length > 1 ? 'This rule is about one command. Type one.' : undefined;
  };

  /** The folder that a new rule holds in, or that one may hold in from now on. */
  const askFolder = async (before?: Rule): Promise<string | undefined> => {
    const roots = await ports.roots();
    const [first] = roots;
    if (before !== undefined) {
      const isOpen = before.match.kind !== 'tool' && roots.some(({ path }) => path === before.folder);
      return isOpen ? before.folder : (first?.path ?? '');
    }
    if (roots.length < 2) return first?.path;
    const items = roots.map(({ name, path }) => ({ label: withoutIcons(name), description: path, path }));
    const options = { title: 'In which folder', placeHolder: 'A rule holds in one workspace folder' };
    return (await vscode.window.showQuickPick(items, options))?.path;
  };

  const askCommands = async (
    before?: RuleMatch & { kind: 'command' },
  ): Promise<readonly RuleMatch[] | undefined> => {
    const isOne = before !== undefined;
    const { isSandboxed } = before ?? {};
    const shell = isSandboxed === true ? 'posix' : ports.shell;
    const line = await vscode.window.showInputBox({
      title: 'A command that runs without asking',
      prompt: `Exactly this command with exactly these arguments${isSandboxed === true ? ', in the sandbox only' : ''}`,
      ...(before === undefined ? { placeHolder: 'npm test' } : { value: commandText(before.argv) }),
      validateInput: (value) => commandProblem(value, isOne, shell),
    });
    if (line === undefined) return undefined;
    const problem = commandProblem(line, isOne, shell);
    if (problem !== undefined) throw new InputError(problem);
    const folder = before?.folder ?? '.';
    const parsed = parseCommandLine(line, shell);
    if (parsed.kind === 'problem') return undefined;
    const place = isSandboxed === undefined ? {} : { isSandboxed };
    return parsed.commands.map((argv) => ({ kind: 'command', argv, folder, ...place }));
  };

  const askGlob = async (
    before?: RuleMatch & { kind: 'path' },
  ): Promise<readonly RuleMatch[] | undefined> => {
    const glob = await vscode.window.showInputBox({
      title: before === undefined ? 'Edits that run without asking' : `Change “${coveredBy(before)}”`,
      prompt: 'Files that match this pattern, from the workspace folder on',
      ...(before === undefined ? { placeHolder: 'src/**' } : { value: before.glob }),
      validateInput: globProblem,
    });
    if (glob === undefined) return undefined;
    const problem = globProblem(glob);
    if (problem !== undefined) throw new InputError(problem);
    return [{ kind: 'path', tools: before?.tools ?? editTools, glob }];
  };

  const askMatches = async (before?: RuleMatch): Promise<readonly RuleMatch[] | undefined> => {
    if (before?.kind === 'command') return askCommands(before);
    if (before?.kind === 'path') return askGlob(before);
    if (before !== undefined) return [before];
    const items = [
      { label: 'A command', detail: 'Exactly one command line, such as npm test', about: 'command' as const },
      {
        label: 'Edits of files',
        detail: 'Files that match a pattern, such as src/**',
        about: 'path' as const,
      },
    ];
    const options = { title: 'Add a rule', placeHolder: 'What is to run without asking' };
    const picked = await vscode.window.showQuickPick(items, options);
    if (picked === undefined) return undefined;
    return picked.about === 'command' ? askCommands() : askGlob();
  };

  /** @returns undefined when the person thought better of it */
  const askAgent = async (before?: Rule): Promise<{ readonly agentId?: string } | undefined> => {
    const now = (isIt: boolean) => (before !== undefined && isIt ? { description: 'now' } : {});
    const items = [
      { label: 'All agents', ...now(before?.agentId === undefined), agentId: undefined },
      ...(await agents.list()).map(({ id, name }) => ({
        label: withoutIcons(name),
        ...now(before?.agentId === id),
        agentId: id,
      })),
    ];
    const picked = await vscode.window.showQuickPick(items, { title: 'For which agent' });
    if (picked === undefined) return undefined;
    return picked.agentId === undefined ? {} : { agentId: picked.agentId };
  };

  const askPlace = async (folder: string, before?: Rule): Promise<Place | undefined> => {
    const sessionId = current.sessionId();
    const session = sessionId === undefined ? undefined : await chats.get(sessionId);
    const items: { label: string; detail: string; place: Place }[] = [
      ...(before === undefined
        ? []
        : [{ label: 'As it is now', detail: placeText(before), place: placeOf(before) }]),
      ...(folder === ''
        ? []
        : [
            {
              label: 'In this workspace',
              detail: 'Until the rule is deleted',
              place: { duration: 'workspace' as const, folder },
            },
          ]),
      ...(session === undefined || folder === ''
        ? []
        : [
            {
              label: 'In this chat',
              detail: 'Only in the chat that is shown',
              // Not where the chat was begun: steps touch what is open here.
              place: { duration: 'session' as const, folder, sessionId: session.id },
            },
          ]),
    ];
    return (await vscode.window.showQuickPick(items, { title: 'For how long' }))?.place;
  };

  const save = async (rule: Rule): Promise<void> => {
    await rules.save(rule, where);
  };

  /** Not waited for: it stays until the person looks at it. */
  const offerUndo = async (rule: Rule): Promise<void> => {
    const undo = 'Undo';
    const message = `Deleted the rule “${coveredBy(rule.match)}”. Agents ask again from now on.`;
    if ((await vscode.window.showInformationMessage(withoutLinks(message), undo)) !== undo) return;
    try {
      await save(rule);
    } catch (error) {
      vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
    }
  };

  return {
    showRules: async () => {
      await vscode.commands.executeCommand('anycowork.rules.focus');
    },
    /** @returns ids of the new rules: one for each command of a line that has several */
    addRule: async (): Promise<readonly string[]> => {
      if ((await ports.roots()).length === 0) {
        throw new InputError('Rules hold in a workspace folder, and none is open. Open a folder first.');
      }
      const matches = await askMatches();
      const folder = matches === undefined ? undefined : await askFolder();
      const agent = folder === undefined ? undefined : await askAgent();
      const place = folder === undefined || agent === undefined ? undefined : await askPlace(folder);
      if (matches === undefined || agent === undefined || place === undefined) return [];
      const made = matches.map(
        (match): Rule => ({
          id: ports.newId(),
          match,
          ...agent,
          ...place,
          createdAt: ports.now(),
          createdIn: where,
        }),
      );
      for (const rule of made) await save(rule);
      return made.map(({ id }) => id);
    },
    editRule: async (given?: unknown): Promise<boolean> => {
      const before = await pickRule('Edit rule', given);
      if (before === undefined) return false;
      const [match] = (await askMatches(before.match)) ?? [];
      const agent = match === undefined ? undefined : await askAgent(before);
      const folder = (await askFolder(before)) ?? '';
      const place = agent === undefined ? undefined : await askPlace(folder, before);
      if (match === undefined || agent === undefined || place === undefined) return false;
      const { id, createdAt, createdIn } = before;
      await save({ id, match, ...agent, ...place, createdAt, createdIn });
      return true;
    },
    deleteRule: async (given?: unknown): Promise<boolean> => {
      const rule = await pickRule('Delete rule', given);
      if (rule === undefined) return false;
      await rules.delete(rule.id, where);
      void offerUndo(rule);
      return true;
    },
  };
};

const placeText = ({ duration, folder }: Place): string =>
  duration === 'workspace' ? `In ${folder}` : 'In its chat';

const placeOf = ({ duration, folder, sessionId }: Rule): Place => ({
  duration,
  folder,
  ...(sessionId === undefined ? {} : { sessionId }),
});
