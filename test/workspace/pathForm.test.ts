import assert from 'node:assert/strict';
import { BoundaryError } from '../../extension/core/workspace.ts';
import { readPathForm } from '../../extension/workspace/pathForm.ts';

describe('readPathForm', () => {
  const everywhere = [
    'a\u0000b',
    'src/\u0000',
    'line\nbreak',
    'a\u202etxt.exe',
    'a\u2028b',
    '\\\\server\\share\\x',
    '//server/share/x',
    '\\\\?\\C:\\x',
    '\\\\.\\PhysicalDrive0',
    'C:x.txt',
    'c:',
    '~/x',
    '~',
    `${'a/'.repeat(3_000)}b`,
  ];
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    for (const given of everywhere) {
      it(`refuses ${JSON.stringify(given.slice(0, 30))} on ${platform}`, () => {
        assert.throws(() => readPathForm(given, platform), BoundaryError);
      });
    }
  }

  for (const given of ['C:\\x', 'c:/x', 'src\\a.ts', '..\\..\\x']) {
    it(`refuses ${given} where backslashes and drives do not belong`, () => {
      assert.throws(() => readPathForm(given, 'linux'), BoundaryError);
      assert.throws(() => readPathForm(given, 'darwin'), BoundaryError);
    });
  }

  for (const given of ['\\x', '/x', 'a.txt:stream', 'CON', 'src/nul.txt', 'aux', '.git.', 'x ', 'COM1.log']) {
    it(`refuses ${JSON.stringify(given)} on Windows`, () => {
      assert.throws(() => readPathForm(given, 'win32'), BoundaryError);
    });
  }

  it('reads what is left', () => {
    assert.deepEqual(readPathForm('src/a.ts', 'linux'), { isAbsolute: false, path: 'src/a.ts' });
    assert.deepEqual(readPathForm('/home/x/a.ts', 'linux'), { isAbsolute: true, path: '/home/x/a.ts' });
    assert.deepEqual(readPathForm('C:\\work\\a.ts', 'win32'), { isAbsolute: true, path: 'C:/work/a.ts' });
    assert.deepEqual(readPathForm('src\\..\\a.ts', 'win32'), { isAbsolute: false, path: 'src/../a.ts' });
    assert.deepEqual(readPathForm('..foo/...', 'linux'), { isAbsolute: false, path: '..foo/...' });
  });
});
