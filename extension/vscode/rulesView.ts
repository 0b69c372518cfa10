/** The rules that people made, in a tree: those that hold here first. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Agents } from '../core/agents.ts';
import type { Chats } from '../core/chats.ts';
import type { RuleBook } from '../core/rules.ts';
import type { Store } from '../core/store.ts';
import type { WorkspaceRoot } from '../core/workspace.ts';
import type { Rule, RuleMatch } from '../shared/rule.ts';
import type { CurrentChat } from './currentChat.ts';
import type { RulesTree } from './rulesTree.ts';
import { coveredBy } from './ruleWords.ts';
import { titleOf } from './words.ts';

const groups = ['workspace', 'chat', 'elsewhere'] as const;
type Group = (typeof groups)[number];

const groupNames: Record<Group, string> = {
  workspace: 'This workspace',
  chat: 'This chat',
  elsewhere: 'Other workspaces and chats',
};

const icons: Record<RuleMatch['kind'], string> = {
  path: 'edit',
  command: 'terminal',
  skill: 'extensions',
  tool: 'tools',
};

export class RuleItem extends vscode.TreeItem {
  readonly rule: Rule;
  constructor(rule: Rule) {
    super(coveredBy(rule.match), vscode.TreeItemCollapsibleState.None);
    this.rule = rule;
    this.id = rule.id;
    this.contextValue = 'rule';
    this.iconPath = new vscode.ThemeIcon(icons[rule.match.kind]);
  }
}

class GroupItem extends vscode.TreeItem {
  readonly rules: readonly Rule[];
  constructor(group: Group, rules: readonly Rule[]) {
    const state = vscode.TreeItemCollapsibleState;
    super(groupNames[group], group === 'elsewhere' ? state.Collapsed : state.Expanded);
    this.id = group;
    this.rules = rules;
  }
}

/** Where the window is. */
export interface Here {
  /** Absolute real paths of the open folders. */
  readonly folders: readonly string[];
  readonly sessionId: string | undefined;
}

export const groupOf = (rule: Rule, { folders, sessionId }: Here): Group => {
  const holds = rule.match.kind === 'tool' ? folders[0] === rule.folder : folders.includes(rule.folder);
  if (!holds || rule.folder === '') return 'elsewhere';
  if (rule.duration === 'workspace') return 'workspace';
  return rule.sessionId !== undefined && rule.sessionId === sessionId ? 'chat' : 'elsewhere';
};

/** Agent and folder, as people call them. */
export const aboutRule = (rule: Rule, agentNames: ReadonlyMap<string, string>): string => {
  const agent =
    rule.agentId === undefined ? 'all agents' : (agentNames.get(rule.agentId) ?? 'an agent that was deleted');
  // Paths of another system may be in a store that several share.
  return `${agent} · ${path.win32.basename(rule.folder)}`;
};

export const createRulesView = (ports: {
  readonly rules: Pick<RuleBook, 'list' | 'onChange'>;
  readonly store: Pick<Store, 'onExternalChange'>;
  readonly agents: Pick<Agents, 'list'>;
  readonly chats: Pick<Chats, 'get'>;
  readonly current: Pick<CurrentChat, 'sessionId' | 'onShown'>;
  /** The open folders, with their real paths. */
  roots(): Promise<readonly WorkspaceRoot[]>;
}): RulesTree => {
  const { rules, store, agents, chats, current } = ports;

  const itemsOf = async (all: readonly Rule[]): Promise<RuleItem[]> => {
    const agentNames = new Map((await agents.list()).map(({ id, name }) => [id, name]));
    return Promise.all(
      all.map(async (rule) => {
        const item = new RuleItem(rule);
        item.description = aboutRule(rule, agentNames);
        const chat = rule.sessionId === undefined ? undefined : await chats.get(rule.sessionId);
        item.tooltip = [
          `Runs without asking: ${coveredBy(rule.match)}`,
          `For: ${item.description}`,
          ...(rule.match.kind === 'command' && rule.match.folder !== '.'
            ? [`Runs in: ${rule.match.folder}, below ${rule.folder}`]
            : []),
          rule.duration === 'workspace'
            ? `Until it is deleted, in ${rule.folder}`
            : `In the chat “${chat === undefined ? 'that was removed' : titleOf(chat)}”`,
          `Made ${new Date(rule.createdAt).toLocaleString()} in: ${rule.createdIn}`,
        ].join('\n');
        return item;
      }),
    );
  };

  return {
    children: async (parent) => {
      if (parent instanceof GroupItem) return itemsOf(parent.rules);
      if (parent !== undefined) return [];
      const folders = (await ports.roots()).map(({ path: folder }) => folder);
      const here = { folders, sessionId: current.sessionId() };
      const all = await rules.list();
      return groups.flatMap((group) => {
        const own = all.filter((rule) => groupOf(rule, here) === group);
        return own.length === 0 ? [] : [new GroupItem(group, own)];
      });
    },
    onChange: (listener) => {
      const unlisten = [
        rules.onChange(listener),
        store.onExternalChange(listener),
        current.onShown(listener),
      ];
      return () => {
        for (const each of unlisten) each();
      };
    },
  };
};
