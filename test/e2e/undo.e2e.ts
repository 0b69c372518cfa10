import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { startPuppetModel } from '../support/puppetModel.ts';
import { inSequence, type Rig, reportFailure, startRig } from './rig.ts';
import {
  answerUndo,
  call,
  clearNotifications,
  filesOf,
  gitFilesOf,
  isUndone,
  lastStep,
  newChat,
  pressUndo,
  run,
  undo,
  undoSettings,
  untilFiles,
  untilHolds,
  work,
} from './undoRig.ts';

/** A picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

const commit = (folder: string): void => {
  // Of a file that was changed in the second of the commit, git cannot tell later changes.
  const earlier = Date.now() / 1_000 - 3_600;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    utimesSync(path.join(folder, name), earlier, earlier);
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet');
  git('add', '--all');
  git('-c', 'user.name=A Person', '-c', 'user.email=person@example.org', 'commit', '--quiet', '-m', 'All');
};

const places = [
  { name: 'a plain folder', picture: 'plain', isGit: false },
  { name: 'a git work tree', picture: 'git', isGit: true },
] as const;

for (const { name, picture, isGit } of places) {
  describe(`undo in ${name}`, () => {
    inSequence();
    let rig: Rig;
    let files: Record<string, string>;
    let gitFiles: Record<string, string>;
    const at = (file: string): string => path.join(rig.folder, file);
    const screenshot = (what: string): string => `consent-undo-${picture}-${what}`;

    before(async () => {
      rig = await startRig({
        model: await startPuppetModel(),
        settings: undoSettings,
        width: 1400,
        height: 900,
      });
      mkdirSync(at('data'));
      writeFileSync(at('data/hidden.txt'), 'nobody names this file\n');
      writeFileSync(at('run.sh'), '#!/bin/sh\necho calendar\n');
      chmodSync(at('run.sh'), 0o755);
      writeFileSync(at('picture.png'), png);
      if (isGit) commit(rig.folder);
      files = filesOf(rig);
      gitFiles = gitFilesOf(rig);
      assert.equal(Object.keys(gitFiles).length > 0, isGit);
    });
    beforeEach(async () => {
      await clearNotifications(rig.workbench);
      await newChat(rig);
    });
    afterEach(async function () {
      await reportFailure(this.currentTest, rig);
    });
    after(() => rig?.stop());

    it('takes back what tools edited, made, deleted and renamed, step by step', async () => {
      const frame = await work(
        rig,
        call('read_file', { path: 'src/dates.js' }),
        call('edit_file', {
          path: 'src/dates.js',
          edits: [{ old_text: 'export const days', new_text: 'EXPORT const days' }],
        }),
        call('write_file', { path: 'docs/plan.md', content: '# Plan\n' }),
        call('delete_file', { path: 'test/dates.test.js' }),
        call('move_file', { from: 'README.md', to: 'docs/about.md' }),
      );
      assert.match(rig.file('src/dates.js'), /EXPORT/);
      assert.ok(existsSync(at('docs/plan.md')) && existsSync(at('docs/about.md')));
      assert.ok(!existsSync(at('test/dates.test.js')) && !existsSync(at('README.md')));
      const changed = filesOf(rig);

      // Shown and asked first; until then, and on Escape, nothing is changed.
      await pressUndo(lastStep(frame, 'edit_file'));
      const asked = await answerUndo(rig.workbench, 'Escape', screenshot('1-edit'));
      assert.equal(asked.title, 'Undo 1 file?');
      assert.match(asked.detail, /src\/dates\.js gets its earlier content/);
      assert.deepEqual(filesOf(rig), changed);

      await undo(rig, lastStep(frame, 'edit_file'));
      const moved = await undo(rig, lastStep(frame, 'move_file'), screenshot('2-move'));
      assert.match(moved.detail, /README\.md is made again/);
      assert.match(moved.detail, /docs\/about\.md is deleted/);
      const deleted = await undo(rig, lastStep(frame, 'delete_file'));
      assert.match(deleted.detail, /test\/dates\.test\.js is made again/);
      const made = await undo(rig, lastStep(frame, 'write_file'));
      assert.match(made.detail, /docs\/plan\.md is deleted/);
      assert.deepEqual(filesOf(rig), files);
      await rig.workbench.screenshot(screenshot('3-all-undone'));
    });

    it('undoes an undo from its notification', async () => {
      const frame = await work(rig, call('write_file', { path: 'docs/plan.md', content: '# Plan\n' }));
      await undo(rig, lastStep(frame, 'write_file'));
      assert.deepEqual(filesOf(rig), files);
      const told = await rig.workbench.notification(/Undid docs\/plan\.md: 1 file as before/);
      await told.getByRole('button', { name: 'Undo That' }).click();
      const asked = await answerUndo(rig.workbench, 'Undo That', screenshot('4-undo-that'));
      assert.match(asked.title, /as before the undo\?/);
      await untilHolds(rig, 'docs/plan.md', '# Plan\n');
      await clearNotifications(rig.workbench);
      await rig.workbench.screenshot(screenshot('5-undo-undone'));
      // The step is not undone any more, and can be once again.
      await undo(rig, lastStep(frame, 'write_file'));
      await untilFiles(rig, files);
    });

    it('takes back what commands changed, deleted, made and moved', async () => {
      const lines = [
        'sed -i s/export/EXPORT/ src/dates.js && sed -i s/calendar/CALENDAR/ run.sh',
        'rm README.md',
        'mkdir -p x/deep && echo new > x/deep/y',
        'mv src/reminders.js src/notes.js && chmod 600 src/notes.js',
      ];
      const frame = await work(rig, ...lines.map(run));
      assert.match(rig.file('src/dates.js'), /EXPORT/);
      assert.match(rig.file('run.sh'), /CALENDAR/);
      assert.ok(existsSync(at('x/deep/y')) && existsSync(at('src/notes.js')));
      assert.ok(!existsSync(at('README.md')) && !existsSync(at('src/reminders.js')));
      await rig.workbench.screenshot(screenshot('6-commands'));
      const titles: string[] = [];
      for (const line of lines) {
        const step = frame.locator('[data-test=step]', { hasText: line }).last();
        const { title, detail } = await undo(rig, step, screenshot(`7-${line.split(' ', 1)[0]}`));
        assert.match(detail, /\.git and node_modules is not followed/);
        titles.push(title);
      }
      assert.deepEqual(titles, ['Undo 2 files?', 'Undo 1 file?', 'Undo 1 file?', 'Undo 2 files?']);
      assert.deepEqual(filesOf(rig), files);
    });

    it('brings a binary file back byte for byte', async () => {
      const frame = await work(rig, run('rm *.png'));
      assert.ok(!existsSync(at('picture.png')));
      const { detail } = await undo(rig, lastStep(frame, 'run_command'), screenshot('8-binary'));
      assert.match(detail, /picture\.png is made again/);
      assert.ok(readFileSync(at('picture.png')).equals(png));
      assert.deepEqual(filesOf(rig), files);
    });

    it(
      isGit
        ? 'has from git what a command deleted without naming it'
        : 'names what a command deleted without its being known how it was',
      async () => {
        const frame = await work(rig, run('part=da; rm "$part"ta/hidden.txt; echo new > known.txt'));
        assert.ok(!existsSync(at('data/hidden.txt')) && existsSync(at('known.txt')));
        const step = lastStep(frame, 'run_command');
        await step.locator('.step-toggle').click();
        if (!isGit) {
          const unknown = await step.locator('[data-test=unknown]').innerText();
          assert.match(unknown, /cannot be put back: data\/hidden\.txt/);
        }
        await rig.workbench.screenshot(screenshot('9-details'));
        const { detail } = await undo(rig, step, screenshot('10-unknown'));
        assert.match(detail, /known\.txt is deleted/);
        if (isGit) assert.match(detail, /data\/hidden\.txt is made again/);
        else assert.match(detail, /stays as it is, because it is not known how it was:\s*data\/hidden\.txt/);
        await isUndone(step);
        const { 'data/hidden.txt': _, ...others } = files;
        assert.deepEqual(filesOf(rig), isGit ? files : others);
      },
    );

    if (isGit) {
      it('has left everything in .git as it was', () => {
        assert.deepEqual(gitFilesOf(rig), gitFiles);
      });
    }
  });
}
