import assert from 'node:assert/strict';
import { readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { createEditor } from '../../../extension/vscode/editor.ts';

const fileOf = (name: string): string => {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(first);
  return path.join(first.uri.fsPath, name);
};

const open = async (name: string, text: string): Promise<vscode.TextDocument> => {
  writeFileSync(fileOf(name), text);
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(fileOf(name)));
  await vscode.window.showTextDocument(document);
  return document;
};

describe('the editor port', () => {
  const editor = createEditor();
  const made: string[] = [];
  const files = (name: string): string => {
    made.push(fileOf(name));
    return fileOf(name);
  };

  afterEach(async () => {
    // Reverting first: a document that cannot be saved would ask.
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    for (const file of made.splice(0)) unlinkSync(file);
  });

  it('replaces and saves an open document, and knows which ones are not saved', async () => {
    const file = files('port.txt');
    assert.equal(await editor.replaceText(file, 'x'), 'notOpen');
    const document = await open('port.txt', 'one\ntwo\n');
    assert.equal(await editor.replaceText(file, 'three\n'), 'saved');
    assert.equal(readFileSync(file, 'utf8'), 'three\n');
    // Other tests leave documents of their own.
    const unsaved = () => editor.unsavedDocuments().filter((each) => each.file === file);
    assert.deepEqual(unsaved(), []);
    await vscode.window.activeTextEditor?.edit((edit) => edit.insert(new vscode.Position(0, 0), 'typed '));
    assert.equal(document.isDirty, true);
    assert.deepEqual(unsaved(), [{ file, text: 'typed three\n' }]);
  });

  it('leaves a read-only file and its document as they were', async () => {
    const file = files('readonly.txt');
    // By its mode it would not be read-only to root.
    const settings = vscode.workspace.getConfiguration('files');
    await settings.update('readonlyInclude', { '**/readonly.txt': true }, vscode.ConfigurationTarget.Global);
    try {
      const document = await open('readonly.txt', 'one\n');
      assert.equal(await editor.replaceText(file, 'two\n'), 'notSaved');
      assert.equal(document.getText(), 'one\n');
      assert.equal(readFileSync(file, 'utf8'), 'one\n');
    } finally {
      await settings.update('readonlyInclude', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('does not overwrite what changed on the disk beneath unsaved text', async () => {
    const file = files('conflict.txt');
    const document = await open('conflict.txt', 'one\n');
    await vscode.window.activeTextEditor?.edit((edit) => edit.insert(new vscode.Position(0, 0), 'typed '));
    writeFileSync(file, 'by another program\n');
    utimesSync(file, new Date(), new Date(Date.now() + 60_000));
    assert.equal(await editor.replaceText(file, 'two\n'), 'notSaved');
    assert.equal(document.getText(), 'typed one\n');
    assert.equal(readFileSync(file, 'utf8'), 'by another program\n');
  });

  it('has the formatted text on the disk when it answers', async () => {
    const file = files('format.txt');
    const formatter = vscode.languages.registerDocumentFormattingEditProvider('plaintext', {
      provideDocumentFormattingEdits: (document) => [
        vscode.TextEdit.insert(document.lineAt(document.lineCount - 1).range.end, '// formatted\n'),
      ],
    });
    const settings = vscode.workspace.getConfiguration('editor');
    await settings.update('formatOnSave', true, vscode.ConfigurationTarget.Global);
    try {
      await open('format.txt', 'one\n');
      assert.equal(await editor.replaceText(file, 'two\n'), 'saved');
      assert.equal(readFileSync(file, 'utf8'), 'two\n// formatted\n');
      assert.equal(editor.openText(file)?.text, 'two\n// formatted\n');
    } finally {
      await settings.update('formatOnSave', undefined, vscode.ConfigurationTarget.Global);
      formatter.dispose();
    }
  });
});
