import assert from 'node:assert/strict';
import {
  answers,
  executed,
  messages,
  progress,
  resetVscode,
  shownDocuments,
  told,
  Uri,
} from '../fakes/vscode.ts';
import { emptyRecord, offered, skill, skillRig } from './skillRig.ts';

beforeEach(resetVscode);

const git = { kind: 'git', url: 'https://github.com/a/b' } as const;
const installs = (rig: ReturnType<typeof skillRig>) => rig.calls.filter(([name]) => name === 'install');

describe('installing skills', () => {
  it('from a repository that is typed: chosen, reviewed, installed', async () => {
    const rig = skillRig([], { skills: [offered('pdf'), offered('charts'), offered('xlsx')] });
    answers.push('$(repo-clone) A git repository…', 'a/b', ['pdf', 'xlsx'], 'Install', undefined);
    assert.deepEqual(await rig.commands.installSkill(), ['pdf']);
    assert.deepEqual(rig.calls, [['stage', git], ['install', 'pdf', {}], ['refresh'], ['discard']]);
    assert.deepEqual(
      rig.shown.map(({ name, folder }) => [name, folder]),
      [
        ['Review of pdf', '/staged/pdf'],
        ['Review of xlsx', '/staged/xlsx'],
      ],
    );
    assert.match(told.at(-1) ?? '', /^Installed pdf\..* 1 skill not installed\.$/);
    assert.deepEqual(rig.closed, ['/staged/pdf', '/staged/xlsx']);
  });

  it('from a folder, with what it asks for', async () => {
    const wishing = offered('pdf', { skill: skill('pdf', { sandbox: { network: true, memoryMb: 1_024 } }) });
    const rig = skillRig([], { skills: [wishing] });
    answers.push('$(folder-opened) A folder…', [Uri.file('/home/me/pdf')], 'Install with What It Asks For');
    await rig.commands.installSkill();
    assert.deepEqual(rig.calls[0], ['stage', { kind: 'folder', folder: '/home/me/pdf' }]);
    assert.deepEqual(installs(rig), [['install', 'pdf', { network: true, memoryMb: 1_024 }]]);
    assert.match(messages[0]?.detail ?? '', /• Network\. The whole internet/);
  });

  it('does not offer to grant where nothing is asked for', async () => {
    const rig = skillRig([], { skills: [offered('pdf')] });
    answers.push('$(file-zip) A zip file…', [Uri.file('/home/me/pdf.zip')], undefined);
    assert.deepEqual(await rig.commands.installSkill(), []);
    assert.deepEqual([messages[0]?.isModal, messages[0]?.buttons], [true, ['Read It First', 'Install']]);
    assert.deepEqual(rig.calls, [['stage', { kind: 'zip', file: '/home/me/pdf.zip' }], ['discard']]);
  });

  for (const [answer, after, installed] of [
    ['Decide…', 'Install', ['pdf']],
    ['Decide…', undefined, []],
    ['Not Now', 'Install', []],
    [undefined, 'Install', []],
  ] as const) {
    it(`waits while the document is read: ${answer ?? 'Esc'}, ${after ?? 'Esc'}`, async () => {
      const rig = skillRig([], { skills: [offered('pdf')] });
      answers.push('Read It First', answer, after);
      assert.deepEqual(await rig.commands.installSkill('a/b'), installed);
    });
  }

  it('shows again what there is to read, while it waits', async () => {
    const rig = skillRig([], { skills: [offered('pdf')] });
    answers.push('Read It First', 'Show the Review', 'Show the Review', 'Decide…', 'Install');
    assert.deepEqual(await rig.commands.installSkill('a/b'), ['pdf']);
    assert.deepEqual(
      rig.shown.map(({ name }) => name),
      ['Review of pdf', 'Review of pdf', 'Review of pdf'],
    );
  });

  it('asks about code’s wishes too', async () => {
    const rig = skillRig([], { skills: [offered('pdf')] });
    answers.push(undefined);
    assert.deepEqual(await rig.commands.installSkill({ kind: 'folder', folder: '/x' }), []);
    assert.deepEqual([installs(rig), messages.length], [[], 1]);
    answers.push('Install');
    assert.deepEqual(await rig.commands.installSkill('a/b'), ['pdf']);
    await assert.rejects(rig.commands.installSkill('what'), /Give owner\/repo/);
    await assert.rejects(rig.commands.installSkill({ kind: 'npm' }), /arguments are not right/);
  });

  it('says why there is none, and cleans up', async () => {
    const rig = skillRig([], {
      problems: [{ file: 'pdf/SKILL.md', line: 1, severity: 'error', message: 'No description. Add one.' }],
    });
    await assert.rejects(
      rig.commands.installSkill('a/b'),
      /no skill in github\.com\/a\/b\. Nothing was installed\. pdf\/SKILL\.md:1: No description/,
    );
    assert.deepEqual(rig.calls.at(-1), ['discard']);
  });

  it('says what was installed when a later one fails', async () => {
    const rig = skillRig([], { skills: [offered('pdf'), offered('charts')] });
    const { install } = rig.ports.installer;
    rig.ports.installer.install = async (offer, each, grants) => {
      if (each.skill.name === 'charts') throw new Error('The disk is full.');
      await install(offer, each, grants);
    };
    answers.push(['pdf', 'charts'], 'Install', 'Install');
    await assert.rejects(rig.commands.installSkill('a/b'), /The disk is full/);
    assert.match(told.at(-1) ?? '', /^Installed pdf\./);
    assert.deepEqual(rig.calls.at(-1), ['discard']);
  });

  it('is cancelled while it is fetched', async () => {
    const rig = skillRig([]);
    rig.ports.installer.stage = (_origin, _report, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        for (const listener of progress.listeners) listener();
      });
    assert.deepEqual(await rig.commands.installSkill('a/b'), []);
    assert.deepEqual([rig.calls, messages], [[], []]);
  });
});

describe('an installed skill', () => {
  const installed = skill('pdf', {}, 'installed');
  const record = { ...emptyRecord, origin: git, commit: '00112233445566' };

  it('is replaced by a newer one after its difference was looked at', async () => {
    const newer = offered('pdf', {
      hash: 'newer',
      replaces: installed,
      files: [{ path: 'skill.yaml', bytes: 11, sha256: 'b'.repeat(64), isExecutable: false }],
    });
    const rig = skillRig([installed], { skills: [offered('other'), newer] });
    rig.records.set('pdf', record);
    answers.push('Read It First', 'Show What Is Different', 'Decide…', 'Update');
    assert.equal(await rig.commands.updateSkill('pdf'), true);
    assert.deepEqual(rig.compared[0]?.[1], [
      { path: 'skill.yaml', before: '/skills/pdf', after: '/staged/pdf' },
    ]);
    assert.equal(rig.compared.length, 2);
    assert.deepEqual(installs(rig), [['install', 'pdf', {}]]);
    assert.match(rig.shown[0]?.report.text ?? '', /Against the installed one: 1 file changed\./);
    assert.match(told.at(-1) ?? '', /^Updated pdf\. Agents may use it/);
  });

  it('is told to be up to date', async () => {
    const rig = skillRig([installed], { skills: [offered('pdf')] });
    rig.records.set('pdf', record);
    assert.equal(await rig.commands.updateSkill('pdf'), false);
    assert.deepEqual(told, ['pdf is up to date (commit 0123456789).']);
    assert.deepEqual(rig.calls.at(-1), ['discard']);
  });

  it('is kept where its source has it no more, or is not known', async () => {
    const rig = skillRig([installed]);
    await assert.rejects(rig.commands.updateSkill('pdf'), /not known where pdf came from/);
    rig.records.set('pdf', record);
    await assert.rejects(
      rig.commands.updateSkill('pdf'),
      /has no skill pdf any more\. The installed one was kept/,
    );
  });

  it('is uninstalled after a question', async () => {
    const rig = skillRig([installed, skill('mine')]);
    answers.push(undefined, 'Uninstall');
    assert.deepEqual(
      [await rig.commands.uninstallSkill('pdf'), await rig.commands.uninstallSkill('pdf')],
      [false, true],
    );
    assert.deepEqual(rig.calls, [['uninstall', 'pdf'], ['refresh']]);
    await assert.rejects(rig.commands.uninstallSkill('mine'), /Only installed skills/);
    await assert.rejects(rig.commands.uninstallSkill('gone'), /There is no skill gone/);
  });
});

describe('a skill', () => {
  it('is turned off and on', async () => {
    const rig = skillRig([skill('on'), skill('off', { state: 'disabled' })]);
    answers.push('on');
    assert.equal(await rig.commands.disableSkill(), true);
    assert.equal(rig.records.get('on')?.isDisabled, true);
    assert.equal(await rig.commands.enableSkill('off'), true);
    assert.equal(rig.records.get('off')?.isDisabled, false);
  });

  it('is granted what is checked, and what is not is taken back', async () => {
    const rig = skillRig([
      skill('x', { sandbox: { network: true, memoryMb: 1_024 }, grants: { network: true } }),
    ]);
    answers.push(['Memory: 1,024 MB']);
    assert.equal(await rig.commands.grantSkill('x'), true);
    assert.deepEqual(rig.records.get('x')?.grants, { 'hash of x': { memoryMb: 1_024 } });
    answers.push(undefined);
    assert.equal(await rig.commands.grantSkill('x'), false);
    await assert.rejects(
      skillRig([skill('y')]).commands.grantSkill('y'),
      /y: It asks for nothing beyond the default/,
    );
  });
});

describe('showing a skill', () => {
  for (const [state, expected] of [
    ['ready', 'vscode.openWith'],
    ['unreviewed', undefined],
  ] as const) {
    it(`draws what was reviewed, and nothing that fetches before: ${state}`, async () => {
      const rig = skillRig([
        skill('pdf', {
          state,
          files: [{ path: 'README.md', bytes: 1, sha256: '', isExecutable: false }],
        }),
      ]);
      await rig.commands.openSkill('pdf');
      assert.equal(executed[0]?.[0], expected);
      assert.equal(shownDocuments.length, expected === undefined ? 1 : 0);
    });
  }

  it('writes it down as the SKILL.md of other products, in an editor', async () => {
    const rig = skillRig([skill('pdf')]);
    await rig.commands.exportSkill('pdf');
    assert.equal(shownDocuments.length, 1);
  });
});
