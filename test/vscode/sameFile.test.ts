import assert from 'node:assert/strict';
import { isSameFile } from '../../extension/vscode/sameFile.ts';

describe('isSameFile', () => {
  it('ignores case on Windows, where VS Code writes the drive letter small', () => {
    assert.ok(isSameFile('C:\\Work\\a.ts', 'c:\\work\\a.ts', 'win32'));
    assert.ok(!isSameFile('C:\\Work\\a.ts', 'c:\\work\\b.ts', 'win32'));
  });

  it('takes names by the letter elsewhere', () => {
    assert.ok(isSameFile('/home/me/a.ts', '/home/me/a.ts', 'linux'));
    assert.ok(!isSameFile('/home/me/A.ts', '/home/me/a.ts', 'linux'));
  });
});
