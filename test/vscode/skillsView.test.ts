import assert from 'node:assert/strict';
import { resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { emptyRecord, entry, skill, skillRig } from './skillRig.ts';

const { createSkillsView } = await loadWithVscode(() => import('../../extension/vscode/skillsView.ts'));
const { contextOf } = await loadWithVscode(() => import('../../extension/vscode/skillItems.ts'));

const view = (...given: Parameters<typeof skillRig>) => {
  const rig = skillRig(...given);
  return { ...rig, view: createSkillsView({ ...rig.ports, now: () => Date.parse('2026-11-26T12:00:00') }) };
};

beforeEach(resetVscode);

describe('the view of skills', () => {
  it('has a group for each place that has skills', async () => {
    const { view: tree } = view([
      skill('mine', { state: 'unreviewed' }),
      skill('pdf', {}, 'bundled'),
      skill('charts', {}, 'bundled'),
      skill(
        'here',
        {
          state: 'changed',
          problems: [{ file: 'skill.yaml', severity: 'warning', message: 'Another skill has this name.' }],
        },
        'workspace',
      ),
    ]);
    const groups = await tree.children();
    const rows = await Promise.all(
      groups.map(async (group) => [
        group.label,
        ...(await tree.children(group)).map((item) => `${item.label} | ${item.description}`),
      ]),
    );
    assert.deepEqual(rows, [
      ['Bundled', 'pdf | Does pdf.', 'charts | Does charts.'],
      ['Yours (~)', 'mine | not reviewed · Does mine.'],
      ['This workspace', 'here | changed · 1 problem · Does here.'],
    ]);
  });

  it('has problems and programs below a skill, which open where they are', async () => {
    const { view: tree } = view([
      skill('bad', {
        state: 'broken',
        description: '',
        entries: [entry('run')],
        problems: [{ file: 'skill.yaml', line: 3, severity: 'error', message: 'No description. Add one.' }],
      }),
    ]);
    const [group] = await tree.children();
    const [item] = await tree.children(group);
    assert.equal(item?.description, 'cannot be read');
    const [problem, program] = await tree.children(item);
    assert.deepEqual([problem?.label, problem?.description], ['No description. Add one.', 'skill.yaml:3']);
    const [uri, options] = problem?.command?.arguments ?? [];
    assert.deepEqual([uri.fsPath, options.selection.start.line], ['/skills/bad/skill.yaml', 2]);
    assert.equal(program?.command?.arguments?.[0].fsPath, '/skills/bad/run.py');
    assert.equal(program?.contextValue, 'entry', 'a broken one cannot be run');
  });

  it('says of each where it is from, what it may and how it ran last', async () => {
    const { view: tree, records } = view([
      skill('pdf', {
        version: '1.2.0',
        sandbox: { network: true, memoryMb: 2_048 },
        grants: { memoryMb: 2_048 },
        lastRun: {
          at: Date.parse('2026-11-26T11:00:00'),
          entry: 'read',
          place: 'host',
          summary: 'exit code 1',
          isError: true,
          durationMs: 1_240,
        },
      }),
    ]);
    records.set('pdf', { ...emptyRecord, commit: 'abcdef0123456789' });
    const [group] = await tree.children();
    const [item] = await tree.children(group);
    const tooltip = String(item?.tooltip);
    for (const part of [
      /State: reviewed\. Agents may use it\./,
      /From: ~\/pdf, commit abcdef0123$/m,
      /About: version 1\.2\.0/,
      /Granted: 2,048 MB/,
      /Asks for: Network \(asks each time\)/,
      /Files: 1 file, hash of pdf/,
      /Last run: read on this computer, not sandboxed: exit code 1, 1\.2 s/,
    ]) {
      assert.match(tooltip, part);
    }
  });

  it('shows nothing that hides', async () => {
    const { view: tree } = view([skill('x', { description: 'Safe\u202e\u{e0041} text' })]);
    const [group] = await tree.children();
    const [item] = await tree.children(group);
    assert.equal(item?.description, 'Safe\\u{202e}\\u{e0041} text');
  });

  it('follows the catalogue', () => {
    const { view: tree, listeners } = view([]);
    let fired = 0;
    const unlisten = tree.onChange(() => {
      fired += 1;
    });
    for (const listener of listeners) listener();
    assert.ok(fired > 0);
    unlisten();
    assert.equal(listeners.size, 0);
  });
});

describe('what a row of a skill offers', () => {
  const origin = { kind: 'git', url: 'https://github.com/a/b' } as const;
  for (const [name, given, record, expected] of [
    ['instructions only', skill('x'), emptyRecord, 'canDisable'],
    ['a program', skill('x', { entries: [entry('run')] }), emptyRecord, 'canRun canDisable'],
    [
      'one that nobody reviewed and that asks for more',
      skill('x', { state: 'unreviewed', sandbox: { network: true } }),
      emptyRecord,
      'canReview canGrant canDisable',
    ],
    [
      'a changed one',
      skill('x', { state: 'changed', entries: [entry('run')] }),
      emptyRecord,
      'canReview canDisable',
    ],
    ['one that is off', skill('x', { state: 'disabled' }), emptyRecord, 'canEnable'],
    ['a broken one', skill('x', { state: 'broken' }), emptyRecord, ''],
    [
      'an installed one',
      skill('x', {}, 'installed'),
      { ...emptyRecord, origin },
      'canDisable canUpdate canUninstall',
    ],
    ['one from nobody knows where', skill('x', {}, 'installed'), emptyRecord, 'canDisable canUninstall'],
    [
      'a bundled one with an image of its own, which is ours',
      skill('x', { sandbox: { image: 'anycowork/toolbox:1' } }, 'bundled'),
      emptyRecord,
      'canDisable',
    ],
  ] as const) {
    it(`${name}: ${expected}`, () => {
      assert.equal(contextOf(given, record), `skill ${expected}`.trim());
    });
  }
});
