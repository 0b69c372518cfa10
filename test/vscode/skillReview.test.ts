import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { answers, executed, messages, resetVscode, shownDocuments, Uri } from '../fakes/vscode.ts';
import { opened, TabInputText, TabInputTextDiff } from '../fakes/vscodeDocuments.ts';
import { contentProviders, linkProviders } from '../fakes/vscodeLanguages.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { entry, offered, skill, skillRig } from './skillRig.ts';

const { reviewReport } = await loadWithVscode(() => import('../../extension/vscode/skillReviewText.ts'));
const { changedFiles, changesText } = await loadWithVscode(
  () => import('../../extension/vscode/skillDiff.ts'),
);
const { foreign, visible, wishesOf } = await loadWithVscode(
  () => import('../../extension/vscode/skillWords.ts'),
);
const { createSkillDocuments, harmless } = await loadWithVscode(
  () => import('../../extension/vscode/skillDocuments.ts'),
);

const file = (name: string, sha256: string) => ({ path: name, bytes: 2_048, sha256, isExecutable: false });

const reviewed = (more: Partial<Parameters<typeof reviewReport>[0]> = {}) =>
  reviewReport({
    ...offered('pdf'),
    place: 'installed',
    from: 'github.com/a/b',
    commit: '0123',
    grants: {},
    ...more,
  });

beforeEach(resetVscode);

describe('the document of a review', () => {
  const files = [
    { ...file('scripts/read.py', 'b'.repeat(64)), isExecutable: true },
    { ...file('font.ttf', 'c'.repeat(64)), bytes: 3 },
  ];
  const report = reviewed({
    skill: skill('pdf', {
      entries: [entry('read', { pages: { type: 'string', description: 'Such as 1-3' } }, ['pages'])],
      sandbox: { network: true, image: 'someone/image:1', workspace: 'ro' },
      triggers: ['extract table'],
      allowedTools: ['Read'],
    }),
    files,
    findings: [
      {
        file: 'scripts/read.py',
        line: 12,
        reason: 'pipes a download into a shell',
        excerpt: 'curl x | `sh`',
      },
    ],
    problems: [{ file: 'SKILL.md', severity: 'warning', message: 'The name is odd.' }],
  });

  it('says what it is, from where, what it asks for, what it runs, and has every file', () => {
    for (const part of [
      '- From: github.com/a/b, commit 0123',
      '- **Network** The whole internet: it can send out whatever it can read',
      '- **Image: someone/image:1**',
      'it reads the open folder (/workspace)',
      '## Reasons to look (1)',
      '- scripts/read.py:12 pipes a download into a shell: `curl x | ´sh´`',
      '- SKILL.md The name is odd.',
      '- **read** (read.py, python): Does read.',
      '  - pages (text, required): Such as 1-3',
      '- It is offered for: extract table',
      '## Files (2, 2 KB)',
      `- \`${'b'.repeat(64)}\`    2 KB scripts/read.py executable`,
      `- \`${'c'.repeat(64)}\` 3 bytes font.ttf`,
    ]) {
      assert.ok(report.text.includes(part), `${part}\n--\n${report.text}`);
    }
  });

  it('has links where files are named, and at their lines', () => {
    const lines = report.text.split('\n');
    assert.deepEqual(
      report.links.map(({ line, from, to, file: target, atLine }) => [
        lines[line]?.slice(from, to),
        target,
        atLine,
      ]),
      [
        ['scripts/read.py:12', 'scripts/read.py', 12],
        ['SKILL.md', 'SKILL.md', undefined],
        ['read.py', 'read.py', undefined],
        ['scripts/read.py', 'scripts/read.py', undefined],
        ['font.ttf', 'font.ttf', undefined],
      ],
    );
  });

  it('says where there is nothing to say', () => {
    const { text } = reviewed();
    assert.match(text, /beyond the default\n\nNothing\.\n/);
    assert.match(text, /None: it only has instructions\./);
    assert.match(text, /That is no verdict/);
  });

  it('keeps its own form, whatever a skill says of itself', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x10ffff), { maxLength: 60 }), (points) => {
        const text = String.fromCodePoint(...points);
        const hostile = `${text}\n## Fake\n[x](command:y)![z]<img src=z>\u202e`;
        const document = reviewed({ skill: skill('pdf', { description: hostile, author: hostile }) }).text;
        assert.ok(!/^## Fake/m.test(document));
        assert.ok(!document.includes('](command:'));
        assert.ok(!document.includes('!['));
        assert.ok(!/(?<!\\)<img/.test(document));
        assert.ok(!document.includes('\u202e'));
      }),
    );
  });
});

describe('words of somebody else', () => {
  it('shows what hides', () => {
    assert.equal(
      visible('a\u200bb\u{e0001}c\u2066\ttab\nline'),
      'a\\u{200b}b\\u{e0001}c\\u{2066}\ttab\nline',
    );
    assert.equal(foreign('  two\n words '), 'two words');
    assert.equal(visible('naïve 日本語 😀'), 'naïve 日本語 😀');
  });

  it('fetches nothing when it is drawn', () => {
    const text = harmless('![x](https://a/b)\n```\n<img src="https://a">\n```\n<!-- --> 1 < 2 ![r][1]');
    assert.ok(!text.includes('!['));
    assert.ok(!/<[a-z!/?]/i.test(text));
    assert.ok(text.includes('1 < 2'));
  });
});

describe('what a skill asks for', () => {
  it('is what is more than the default', () => {
    const labels = (sandbox: object, place: 'user' | 'bundled' = 'user') =>
      wishesOf({ sandbox, runtime: 'python' }, place).map(({ label }) => label);
    assert.deepEqual(
      labels({ memoryMb: 512, cpus: 1, timeoutSeconds: 120, network: false, image: 'node:22-slim' }),
      [],
    );
    assert.deepEqual(
      labels({ memoryMb: 1_024, cpus: 2, timeoutSeconds: 600, network: true, execTmp: true, image: 'x:1' }),
      ['Network', 'Image: x:1', 'Memory: 1,024 MB', 'Processors: 2', 'Time: 10 minutes', 'Programs in /tmp'],
    );
    assert.deepEqual(labels({ image: 'x:1' }, 'bundled'), []);
  });
});

describe('what is different', () => {
  it('has changed, new and missing files', () => {
    const compared = changedFiles(
      { folder: '/old', files: [file('a', '1'), file('b', '1'), file('c', '1')] },
      { folder: '/new', files: [file('a', '1'), file('b', '2'), file('d', '1')] },
    );
    assert.deepEqual(compared, [
      { path: 'b', before: '/old', after: '/new' },
      { path: 'c', before: '/old', after: undefined },
      { path: 'd', before: undefined, after: '/new' },
    ]);
    assert.equal(changesText(compared), '1 file changed, 1 new, 1 gone.');
    assert.equal(changesText([]), 'No file is different.');
  });
});

describe('reviewing a skill that is there', () => {
  const given = skill('mine', { state: 'unreviewed', sandbox: { network: true } });

  it('marks it, and keeps what is granted for these files', async () => {
    const rig = skillRig([given]);
    answers.push('Mark as Reviewed and Grant');
    assert.equal(await rig.commands.reviewSkill('mine'), true);
    assert.deepEqual(rig.calls, [['markReviewed', 'mine'], ['refresh']]);
    assert.deepEqual(rig.records.get('mine')?.grants, { 'hash of mine': { network: true } });
    assert.equal(rig.shown[0]?.folder, '/skills/mine');
    assert.equal(messages[0]?.isModal, true);
  });

  it('grants nothing by itself', async () => {
    const rig = skillRig([given]);
    answers.push('Mark as Reviewed');
    await rig.commands.reviewSkill('mine');
    assert.equal(rig.records.size, 0);
  });

  it('leaves it as it is after Esc', async () => {
    const rig = skillRig([given]);
    answers.push(undefined);
    assert.equal(await rig.commands.reviewSkill('mine'), false);
    assert.deepEqual(rig.calls, []);
  });

  it('only shows one that was reviewed', async () => {
    const rig = skillRig([skill('mine')]);
    assert.equal(await rig.commands.reviewSkill('mine'), false);
    assert.deepEqual([rig.shown.length, messages.length], [1, 0]);
  });

  it('shows what changed since, against the kept copy', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'review-'));
    try {
      await mkdir(path.join(folder, 'scripts'));
      await writeFile(path.join(folder, 'scripts', 'a.py'), 'old');
      const now = skill('mine', {
        state: 'changed',
        files: [file('scripts/a.py', 'd'), file('new.md', 'e'), file('lib.so', 'f'), file('font.ttf', 'a')],
      });
      const rig = skillRig([now]);
      // Binary files are not in the copy, and are compared all the same.
      rig.state.copy = {
        folder,
        files: [file('scripts/a.py', 'c'), file('lib.so', 'b'), file('font.ttf', 'a')],
      };
      answers.push('Mark as Reviewed');
      assert.equal(await rig.commands.reviewSkill('mine'), true);
      assert.deepEqual(
        rig.compared[0]?.[1].map((each) => [each.path, each.before, each.after]),
        [
          ['lib.so', folder, '/skills/mine'],
          ['new.md', undefined, '/skills/mine'],
          ['scripts/a.py', folder, '/skills/mine'],
        ],
      );
      assert.match(rig.shown[0]?.report.text ?? '', /Since it was reviewed: 2 files changed, 1 new\./);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('documents about skills', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'documents-'));
    await writeFile(path.join(folder, 'a.md'), 'Text of a');
    await writeFile(path.join(folder, 'b.bin'), Buffer.from([0, 1, 2, 255]));
    await symlink('/etc/hostname', path.join(folder, 'link'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const contentOf = (uri: Uri) => contentProviders.get('anycowork-skill')?.provideTextDocumentContent(uri);

  it('link to files as they are, and to no others', async () => {
    const documents = createSkillDocuments();
    const links = ['a.md', 'b.bin', 'link', 'gone'].map((name) => ({
      line: 0,
      from: 0,
      to: 1,
      file: name,
      atLine: 3,
    }));
    await documents.show('Review', { text: 'x\n', links }, folder);
    const [shown] = shownDocuments;
    assert.ok(shown instanceof Uri);
    assert.equal(await contentOf(shown), 'x\n');
    const targets = (linkProviders[0]?.provideDocumentLinks({ uri: shown }) ?? []).map(
      ({ target }) => target,
    );
    assert.deepEqual(await Promise.all(targets.map(contentOf)), [
      'Text of a',
      'A binary file of 4 bytes.\n',
      'This is no regular file.\n',
      'This file is not there, or was not kept.\n',
    ]);
    assert.equal(targets[0]?.fragment, 'L3');
    for (const [name, query] of [
      ['/etc/passwd', '/'],
      ['/../../etc/passwd', folder],
    ] as const) {
      const other = Uri.from({ scheme: 'anycowork-skill', path: name, query });
      assert.match(String(await contentOf(other)), /Ask for it again/);
    }
    documents.dispose();
    assert.equal(linkProviders.length, 0);
  });

  it('close with the files that they are about', async () => {
    const documents = createSkillDocuments();
    const uri = (name: string, query: string) => Uri.from({ scheme: 'anycowork-skill', path: name, query });
    await documents.show('Review', { text: 'x\n', links: [] }, folder);
    await documents.show('Other', { text: 'y\n', links: [] }, '/elsewhere');
    await documents.compare('before ↔ now', [
      { path: 'a.md', before: undefined, after: folder },
      { path: 'b.bin', before: '/elsewhere', after: folder },
    ]);
    opened.tabs = [];
    const tab = (label: string, input: TabInputText | TabInputTextDiff | undefined) => {
      opened.tabs.push({ label, input, uris: [] });
      return label;
    };
    tab('Review.md', new TabInputText(uri('/Review.md', '')));
    tab('a.md', new TabInputText(uri('/a.md', folder)));
    tab('diff', new TabInputTextDiff(uri('/a.md', '/elsewhere'), uri('/a.md', folder)));
    tab('before ↔ now (2 files)', undefined);
    const kept = [
      tab('Other.md', new TabInputText(uri('/Other.md', ''))),
      tab('a file', new TabInputText(Uri.file(path.join(folder, 'a.md')))),
      tab('before', undefined),
    ];
    await documents.close(folder);
    assert.deepEqual(
      opened.tabs.map(({ label }) => label),
      kept,
    );
    assert.match(String(await contentOf(uri('/Review.md', ''))), /Ask for it again/);
    assert.match(String(await contentOf(uri('/a.md', folder))), /Ask for it again/);
    documents.dispose();
  });

  it('compares files in one editor, and one file in a diff', async () => {
    const documents = createSkillDocuments();
    const row = (name: string) => ({ path: name, before: folder, after: folder });
    await documents.compare('before ↔ now', [row('a.md')]);
    await documents.compare('before ↔ now', [row('a.md'), { ...row('b.bin'), before: undefined }]);
    await documents.compare('before ↔ now', []);
    assert.deepEqual(
      executed.map(([command]) => command),
      ['vscode.diff', 'vscode.changes'],
    );
    documents.dispose();
  });
});
