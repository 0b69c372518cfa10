import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { skillCommandNames, telegramCommandNames } from '../../extension/commandNames.ts';

const root = path.resolve(import.meta.dirname, '../..');

const entry = z.object({
  command: z.string().optional(),
  submenu: z.string().optional(),
  when: z.string().optional(),
  group: z.string().optional(),
});
const manifest = z
  .object({
    contributes: z.object({
      commands: z.array(
        z.object({
          command: z.string(),
          title: z.string(),
          category: z.literal('AnyCowork'),
          icon: z.string().optional(),
        }),
      ),
      submenus: z.array(z.object({ id: z.string(), label: z.string() })),
      menus: z.record(z.string(), z.array(entry)),
      configuration: z.object({ properties: z.record(z.string(), z.object({ scope: z.string() })) }),
    }),
    capabilities: z.object({
      untrustedWorkspaces: z.object({ restrictedConfigurations: z.array(z.string()) }),
    }),
  })
  .parse(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')));
const { commands, menus, submenus } = manifest.contributes;

/** What a menu of the chat view offers for something that was clicked. */
const offered = (context: Readonly<Record<string, string | boolean>>): string[] => {
  const holds = (clause: string): boolean => {
    const comparison = /^(\w+) (==|!=) '?([^']+)'?$/.exec(clause);
    if (comparison !== null) {
      const [, key = '', operator, value] = comparison;
      return (context[key] === value) === (operator === '==');
    }
    return clause.startsWith('!') ? context[clause.slice(1)] !== true : context[clause] === true;
  };
  return (menus['webview/context'] ?? [])
    .filter(({ when = '' }) => when.split(' && ').every(holds))
    .toSorted((a, b) => ((a.group ?? '') < (b.group ?? '') ? -1 : 1))
    .map(({ command = '' }) => command.replace('anycowork.', ''));
};

describe('the manifest', () => {
  it('names every command once, in words, and with an icon of VS Code', () => {
    const icons = readFileSync(path.join(root, 'node_modules/@vscode/codicons/dist/codicon.css'), 'utf8');
    assert.equal(new Set(commands.map(({ command }) => command)).size, commands.length);
    assert.equal(new Set(commands.map(({ title }) => title)).size, commands.length);
    const wrong = commands.filter(({ icon }) => {
      const name = icon === undefined ? undefined : /^\$\((.+)\)$/.exec(icon)?.[1];
      return icon !== undefined && !icons.includes(`.codicon-${name}:before`);
    });
    assert.deepEqual(wrong, []);
  });

  it('lets no repository decide what is asked, what may be spent, or where keys and tokens are sent', () => {
    // A repository's devcontainer.json can set what has the scope `machine`.
    const guarded = Object.entries(manifest.contributes.configuration.properties).filter(([name]) =>
      /^anycowork\.(approvals\.|budget\.|prices$|undo\.|\w+\.baseUrl$|telegram\.)/.test(name),
    );
    assert.equal(guarded.length, 18);
    assert.deepEqual(
      guarded.filter(([, { scope }]) => scope !== 'application').map(([name]) => name),
      [],
    );
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    const names = Object.keys(manifest.contributes.configuration.properties);
    assert.deepEqual(
      restrictedConfigurations.filter((name) => !names.includes(name)),
      [],
    );
    assert.ok(restrictedConfigurations.includes('anycowork.telegram.apiRoot'));
  });

  it('shows in menus only what there is', () => {
    const known = new Set(commands.map(({ command }) => command));
    const every = Object.values(menus).flat();
    assert.deepEqual(
      every.filter(({ command }) => command !== undefined && !known.has(command)),
      [],
    );
    for (const { id } of submenus) {
      assert.ok(menus[id] !== undefined && every.some(({ submenu }) => submenu === id), id);
    }
  });

  it('names every command of the parts that load on their first use, but for those of code only', () => {
    const known = new Set(commands.map(({ command }) => command.replace('anycowork.', '')));
    const absent = [...skillCommandNames, ...telegramCommandNames].filter((name) => !known.has(name));
    assert.deepEqual(absent, ['getTelegramConfigs']);
  });

  for (const [view, marks] of [
    [
      'skills',
      [
        ...['skill', 'canRun', 'canReview', 'canGrant', 'canEnable', 'canDisable', 'canUpdate'],
        'canUninstall',
      ],
    ],
    [
      'telegram',
      [
        ...['bot', 'canStart', 'canStop', 'canRestart', 'canContinue', 'needsToken', 'pairing', 'person'],
        ...['group', 'nobody', 'notices'],
      ],
    ],
    ['schedules', ['schedule', 'canEnable', 'canDisable']],
  ] as const) {
    it(`offers on rows of ${view} what the view marks them with`, () => {
      const asked = (menus['view/item/context'] ?? [])
        .filter(({ when = '' }) => when.includes(`anycowork.${view}`))
        .map(
          ({ when = '' }) =>
            /=~ \/\\b\(?([\w|]+)\)?\\b\/$/.exec(when)?.[1]?.split('|') ?? [`not read: ${when}`],
        );
      assert.deepEqual(new Set(asked.flat()), new Set<string>(marks));
    });
  }

  const view = { webviewId: 'anycowork.chat', isWorkspaceTrusted: true };
  const session = { ...view, webviewSection: 'session', isPinned: false };
  const message = { ...view, webviewSection: 'message' };
  for (const [name, context, expected] of [
    [
      'a chat of the list',
      { ...session, shelf: 'active' },
      [
        ...['renameSession', 'pinSession', 'continueOnTelegram', 'copySession', 'exportSession'],
        ...['archiveSession', 'deleteSession'],
      ],
    ],
    [
      'a pinned chat',
      { ...session, shelf: 'active', isPinned: true },
      [
        ...['renameSession', 'unpinSession', 'continueOnTelegram', 'copySession', 'exportSession'],
        ...['archiveSession', 'deleteSession'],
      ],
    ],
    [
      'a chat of the archive',
      { ...session, shelf: 'archived' },
      [
        ...['renameSession', 'continueOnTelegram', 'copySession', 'exportSession'],
        ...['unarchiveSession', 'deleteSession'],
      ],
    ],
    ['a deleted chat', { ...session, shelf: 'deleted' }, ['copySession', 'exportSession', 'restoreSession']],
    [
      'a message of the person',
      { ...message, kind: 'user' },
      ['editMessage', 'retryMessage', 'forkSession', 'restoreBefore', 'copySession', 'exportSession'],
    ],
    [
      'an answer',
      { ...message, kind: 'assistant' },
      ['retryMessage', 'forkSession', 'copySession', 'exportSession'],
    ],
    [
      'an answer in a folder that is not trusted',
      { ...message, kind: 'assistant', isWorkspaceTrusted: false },
      ['forkSession', 'copySession', 'exportSession'],
    ],
    ['another extension’s view', { ...session, webviewId: 'other', shelf: 'active' }, []],
  ] as const) {
    it(`offers for ${name} what can be done with it`, () => {
      assert.deepEqual(offered(context), [...expected]);
    });
  }
});
