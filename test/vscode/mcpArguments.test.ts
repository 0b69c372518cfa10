import assert from 'node:assert/strict';
import fc from 'fast-check';
import { joinArguments, splitArguments } from '../../extension/vscode/mcpArguments.ts';

const wordsOf = (line: string, isWindows = false): readonly string[] | string => {
  const split = splitArguments(line, isWindows);
  return 'words' in split ? split.words : split.problem;
};

describe('arguments in one line', () => {
  for (const [line, expected] of [
    ['', []],
    ['  ', []],
    ['-y  pkg', ['-y', 'pkg']],
    [`'a b' "c d"`, ['a b', 'c d']],
    [`a'b c'd"e f"`, ['ab cde f']],
    [`'' ""`, ['', '']],
    [String.raw`a\ b \"c\"`, ['a b', '"c"']],
    [String.raw`"a\"b" 'a\"b' "a\nb"`, ['a"b', String.raw`a\"b`, String.raw`a\nb`]],
    [`\${workspaceFolder} $HOME *.ts ~`, [`\${workspaceFolder}`, '$HOME', '*.ts', '~']],
    ['a\tb\u00a0c', ['a', 'b', 'c']],
    ['--emoji 😀', ['--emoji', '😀']],
  ] as const) {
    it(`are split as a shell does: ${JSON.stringify(line)}`, () => {
      assert.deepEqual(wordsOf(line), expected);
    });
  }

  for (const [line, expected] of [
    [String.raw`C:\Users\me\x.exe -y`, [String.raw`C:\Users\me\x.exe`, '-y']],
    [String.raw`"C:\Program Files\x.exe"`, [String.raw`C:\Program Files\x.exe`]],
    [String.raw`say \"hi\" \\host\share`, ['say', '"hi"', String.raw`\\host\share`]],
  ] as const) {
    it(`keep the paths of Windows: ${line}`, () => {
      assert.deepEqual(wordsOf(line, true), expected);
    });
  }

  it('say what is open at the end', () => {
    assert.match(String(wordsOf(`a "b`)), /quote " is open/);
    assert.match(String(wordsOf('a \\')), /backslash at the end/);
  });

  it('name what only a shell would act on', () => {
    assert.deepEqual(splitArguments(`a | b > c '&' ";"`, false), {
      words: ['a', '|', 'b', '>', 'c', '&', ';'],
      literal: '| >',
    });
  });

  for (const isWindows of [false, true]) {
    it(`are the same when they are written and split again${isWindows ? ' on Windows' : ''}`, () => {
      const part = fc.constantFrom('a', ' ', '"', "'", '\\', '$', '`', '|', '{', '\t', 'é', '😀', '-');
      const word = fc.oneof(
        fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
        fc.string(),
      );
      fc.assert(
        fc.property(fc.array(word, { maxLength: 6 }), (words) => {
          assert.deepEqual(wordsOf(joinArguments(words, isWindows), isWindows), words);
        }),
        { numRuns: 1_000 },
      );
    });

    it(`are never a failure to read${isWindows ? ' on Windows' : ''}`, () => {
      fc.assert(
        fc.property(fc.string(), (line) => {
          const split = splitArguments(line, isWindows);
          assert.ok('words' in split ? Array.isArray(split.words) : split.problem !== '');
        }),
      );
    });
  }
});
