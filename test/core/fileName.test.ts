import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import { safeFileName } from '../../extension/core/fileName.ts';

describe('safeFileName', () => {
  const cases: readonly (readonly [given: string, safe: string])[] = [
    ['report.pdf', 'report.pdf'],
    ['Übersicht – März 2.txt', 'Übersicht – März 2.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\a\\b.txt', 'b.txt'],
    ['.env', 'env'],
    ['..', 'file'],
    ['', 'file'],
    ['-rf', 'rf'],
    ['a\u202egpj.exe', 'agpj.exe'],
    ['a\u0000b\n\tc.txt', 'ab c.txt'],
    ['CON.txt', '_CON.txt'],
    ['nul', '_nul'],
    ['con', '_con'],
    ['console.log', 'console.log'],
    ['what?:<x>.md', 'what__<x>.md'.replaceAll(/[<>]/g, '_')],
    ['$(rm -rf ~)`id`.sh', '_(rm -rf ~)_id_.sh'],
    ['name. . ', 'name'],
    ['😀\ud83d.png', '😀\ufffd.png'],
  ];
  for (const [given, safe] of cases) {
    it(`${JSON.stringify(given)} becomes ${safe}`, () => assert.equal(safeFileName(given), safe));
  }

  it('keeps the ending of a name that is too long', () => {
    const name = safeFileName(`${'x'.repeat(300)}.tar.gz`);
    assert.equal(name.length, 99);
    assert.ok(name.endsWith('.gz'));
    assert.ok(Buffer.byteLength(safeFileName(`${'漢'.repeat(300)}.txt`)) <= 204);
  });

  it('is always one harmless part of a path', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (given) => {
        const name = safeFileName(given);
        assert.ok(name.length >= 1 && name.length <= 100, name);
        assert.ok(Buffer.byteLength(name) <= 230);
        assert.ok(name.isWellFormed());
        assert.equal(path.posix.basename(name), name);
        assert.equal(path.win32.basename(name), name);
        assert.doesNotMatch(name, /^[.\- ]|[. ]$|[<>:"|?*/\\$`]|\p{Cc}|\p{Bidi_Control}/u);
        assert.equal(safeFileName(name), name);
      }),
      { numRuns: 500 },
    );
  });
});
