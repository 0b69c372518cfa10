import assert from 'node:assert/strict';
import type { FileState } from '../../extension/shared/undo.ts';
import type { ShownFile, ShownSide, UndoView } from '../../extension/vscode/undoView.ts';
import { executed, resetVscode, workspace } from '../fakes/vscode.ts';
import { opened, registerFileSystemProvider, type Uri } from '../fakes/vscodeDocuments.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createUndoView, undoScheme } = await loadWithVscode(
  () => import('../../extension/vscode/undoView.ts'),
);

interface Provider {
  provideTextDocumentContent(uri: Uri): string | Promise<string>;
}

const file = (size: number): FileState => ({ kind: 'file', hash: 'ab12'.repeat(16), size, mode: 0o644 });
const side = (state: FileState, bytes?: Uint8Array): ShownSide => ({ state, read: async () => bytes });
const missing = side({ kind: 'missing' });
const text = (content: string) => side(file(content.length), Buffer.from(content));
const shown = (label: string, left: ShownFile['left'], right: ShownFile['right']): ShownFile => ({
  label,
  file: `/w/${label}`,
  left,
  right,
});

describe('view of an undo', () => {
  let view: UndoView;
  let provider: Provider;
  const { registerTextDocumentContentProvider: original } = workspace;

  beforeEach(() => {
    resetVscode();
    // Documents of a content provider, where the fake knows only those of file systems.
    Object.assign(workspace, {
      registerTextDocumentContentProvider: (scheme: string, made: Provider) => {
        provider = made;
        return registerFileSystemProvider(scheme, {
          stat: () => ({ permissions: 1 }),
          readFile: () => new Uint8Array(),
          writeFile: () => assert.fail('it is read-only'),
        });
      },
    });
    view = createUndoView();
  });
  afterEach(() => {
    view.dispose();
    Object.assign(workspace, { registerTextDocumentContentProvider: original });
  });

  /** As they come into view. */
  const texts = () =>
    Promise.all(opened.documents.map(({ uri }) => provider.provideTextDocumentContent(uri)));

  it('shows one file as a diff of read-only documents', async () => {
    await view.show([shown('src/a.ts', text('now'), text('then'))], 'now ↔ as before');
    assert.deepEqual(executed[0]?.[0], 'vscode.diff');
    assert.equal(executed[0]?.[3], 'src/a.ts (now ↔ as before)');
    assert.deepEqual(await texts(), ['now', 'then']);
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
    assert.deepEqual(await texts(), ['now', 'then', 'new', 'gone']);
    assert.ok(opened.tabs[0]?.label.startsWith('Undo: now ↔ as before'));
  });

  it('names both sides alike, so that no file is taken for renamed', async () => {
    const [one, two] = [shown('src/a.ts', text('now'), text('then')), shown('b.ts', text('1'), text('2'))];
    await view.show([one, two], 'now ↔ as before');
    assert.deepEqual(
      opened.documents.map(({ uri }) => uri.path),
      ['/src/a.ts', '/src/a.ts', '/b.ts', '/b.ts'],
    );
    assert.deepEqual(await texts(), ['now', 'then', '1', '2']);
    // What is shown next is not what VS Code still has of the last time.
    await view.show([shown('src/a.ts', text('later'), text('then'))], 'now ↔ as before');
    assert.deepEqual((await texts()).slice(4), ['later', 'then']);
  });

  for (const [name, given, pattern] of [
    ['binary files', side(file(3), Buffer.from([0, 255, 0])), /^A binary file of 3 bytes, ab12ab12ab12\.$/m],
    ['what is too large', side(file(50_000_000)), /^A file of 47\.7 MB, which is too large/],
    ['links', side({ kind: 'link', target: '../x' }), /^A symbolic link to \.\.\/x$/m],
    ['folders', side({ kind: 'folder', mode: 0o755 }), /^A folder\.$/m],
    ['empty files', side(file(0)), /^$/],
  ] as const) {
    it(`says what ${name} are`, async () => {
      await view.show([shown('x', given, missing)], 'now');
      assert.match((await texts())[0] ?? '', pattern);
    });
  }

  it('reads what comes into view, and holds nothing once it is closed', async () => {
    const read: string[] = [];
    const slow = (name: string) => ({
      ...text(name),
      read: async () => {
        read.push(name);
        return Buffer.from(name);
      },
    });
    await view.show([shown('a', slow('1'), slow('2')), shown('b', slow('3'), slow('4'))], 'now');
    assert.deepEqual(read, []);
    const [, second] = opened.documents;
    assert.ok(second !== undefined);
    assert.equal(await provider.provideTextDocumentContent(second.uri), '2');
    assert.deepEqual(read, ['2']);
    await view.close();
    assert.match(await provider.provideTextDocumentContent(second.uri), /^This was shown before/);
    assert.deepEqual(read, ['2']);
  });

  it('says so where a file cannot be read', async () => {
    const broken = { ...text('x'), read: () => Promise.reject(new Error('no')) };
    await view.show([shown('a', broken, missing)], 'now');
    assert.match((await texts())[0] ?? '', /^A file of 1 byte, which .* cannot be read\.$/m);
  });

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
