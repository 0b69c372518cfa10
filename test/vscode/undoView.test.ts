import assert from 'node:assert/strict';
import type { FileState } from '../../extension/shared/undo.ts';
import type { ShownFile, UndoView } from '../../extension/vscode/undoView.ts';
import { executed, resetVscode, workspace } from '../fakes/vscode.ts';
import { opened, registerFileSystemProvider, type Uri } from '../fakes/vscodeDocuments.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createUndoView, undoScheme } = await loadWithVscode(
  () => import('../../extension/vscode/undoView.ts'),
);

interface Provider {
  provideTextDocumentContent(uri: Uri): string;
}

const file = (size: number): FileState => ({ kind: 'file', hash: 'ab12'.repeat(16), size, mode: 0o644 });
const missing = { state: { kind: 'missing' } as const, bytes: undefined };
const text = (content: string) => ({ state: file(content.length), bytes: Buffer.from(content) });
const shown = (label: string, left: ShownFile['left'], right: ShownFile['right']): ShownFile => ({
  label,
  file: `/w/${label}`,
  left,
  right,
});

describe('view of an undo', () => {
  let view: UndoView;
  const { registerTextDocumentContentProvider: original } = workspace;

  beforeEach(() => {
    resetVscode();
    // Documents of a content provider, where the fake knows only those of file systems.
    Object.assign(workspace, {
      registerTextDocumentContentProvider: (scheme: string, provider: Provider) =>
        registerFileSystemProvider(scheme, {
          stat: () => ({ permissions: 1 }),
          readFile: (uri) => new TextEncoder().encode(provider.provideTextDocumentContent(uri)),
          writeFile: () => assert.fail('it is read-only'),
        }),
    });
    view = createUndoView();
  });
  afterEach(() => {
    view.dispose();
    Object.assign(workspace, { registerTextDocumentContentProvider: original });
  });

  const texts = () => opened.documents.map((document) => document.getText());

  it('shows one file as a diff of read-only documents', async () => {
    await view.show([shown('src/a.ts', text('now'), text('then'))], 'now ↔ as before');
    assert.deepEqual(executed[0]?.[0], 'vscode.diff');
    assert.equal(executed[0]?.[3], 'src/a.ts (now ↔ as before)');
    assert.deepEqual(texts(), ['now', 'then']);
    for (const { uri, isReadonly } of opened.documents) {
      assert.equal(uri.scheme, undoScheme);
      assert.ok(uri.path.endsWith('/src/a.ts'));
      assert.ok(isReadonly);
    }
  });

  it('shows several in one editor, new and deleted ones with one side', async () => {
    const files = [
      shown('a.ts', text('now'), text('then')),
      shown('new.ts', text('new'), missing),
      shown('gone.ts', missing, text('gone')),
    ];
    await view.show(files, 'now ↔ as before');
    assert.equal(executed[0]?.[0], 'vscode.changes');
    assert.deepEqual(texts(), ['now', 'then', 'new', 'gone']);
    assert.ok(opened.tabs[0]?.label.startsWith('Undo: now ↔ as before'));
  });

  it('names both sides alike, so that no file is taken for renamed', async () => {
    const [one, two] = [shown('src/a.ts', text('now'), text('then')), shown('b.ts', text('1'), text('2'))];
    await view.show([one, two], 'now ↔ as before');
    assert.deepEqual(
      opened.documents.map(({ uri }) => uri.path),
      ['/src/a.ts', '/src/a.ts', '/b.ts', '/b.ts'],
    );
    assert.deepEqual(texts(), ['now', 'then', '1', '2']);
    // What is shown next is not what VS Code still has of the last time.
    await view.show([shown('src/a.ts', text('later'), text('then'))], 'now ↔ as before');
    assert.deepEqual(texts().slice(4), ['later', 'then']);
  });

  for (const [name, side, pattern] of [
    [
      'binary files',
      { state: file(3), bytes: Buffer.from([0, 255, 0]) },
      /^A binary file of 3 bytes, ab12ab12ab12\.$/m,
    ],
    [
      'what is too large',
      { state: file(50_000_000), bytes: undefined },
      /^A file of 47\.7 MB, which is too large/,
    ],
    ['links', { state: { kind: 'link', target: '../x' }, bytes: undefined }, /^A symbolic link to \.\.\/x$/m],
    ['folders', { state: { kind: 'folder', mode: 0o755 }, bytes: undefined }, /^A folder\.$/m],
    ['empty files', { state: file(0), bytes: undefined }, /^$/],
  ] as const) {
    it(`says what ${name} are`, async () => {
      await view.show([shown('x', side, missing)], 'now');
      assert.match(texts()[0] ?? '', pattern);
    });
  }

  it('closes what it has shown, and nothing else', async () => {
    await view.show([shown('a.ts', text('1'), text('2'))], 'now');
    await view.show([shown('a.ts', text('1'), text('2')), shown('b.ts', text('3'), text('4'))], 'now');
    const other = { label: 'other.ts', input: undefined, uris: [] };
    opened.tabs.push(other);
    await view.close();
    assert.deepEqual(opened.tabs, [other]);
    await view.show([], 'now');
    assert.deepEqual(opened.tabs, [other]);
  });
});
