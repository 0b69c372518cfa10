// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expansions of the shell
import assert from 'node:assert/strict';
import { commandText, parseCommandLine } from '../../extension/core/commandLine.ts';

const accepted: [line: string, ...commands: string[][]][] = [
  ['npm test', ['npm', 'test']],
  ['  npm\t test  ', ['npm', 'test']],
  ['npm test;', ['npm', 'test']],
  ['npm test && git show HEAD', ['npm', 'test'], ['git', 'show', 'HEAD']],
  ['a||b;c&&d', ['a'], ['b'], ['c'], ['d']],
  ['git show HEAD~1', ['git', 'show', 'HEAD~1']],
  ['git show HEAD^', ['git', 'show', 'HEAD^']],
  ['git show HEAD~~', ['git', 'show', 'HEAD~~']],
  ['git commit -m "a b"', ['git', 'commit', '-m', 'a b']],
  ["git commit -m 'a $b `c` \\ ! *'", ['git', 'commit', '-m', 'a $b `c` \\ ! *']],
  [
    'git commit -m "a * ? [b] {c} ~ # | & ; > < ()"',
    ['git', 'commit', '-m', 'a * ? [b] {c} ~ # | & ; > < ()'],
  ],
  ['git commit -m "für 日本語 ✓"', ['git', 'commit', '-m', 'für 日本語 ✓']],
  [`echo a"b"'c'd`, ['echo', 'abcd']],
  [`echo "" ''`, ['echo', '', '']],
  [`echo "it's" 'say "hi"'`, ['echo', "it's", 'say "hi"']],
  ['make CC=gcc -j4 all', ['make', 'CC=gcc', '-j4', 'all']],
  [
    'node --test --reporter=spec a,b @scope/x 100% a+b',
    ['node', '--test', '--reporter=spec', 'a,b', '@scope/x', '100%', 'a+b'],
  ],
  ['./run.sh -- -x', ['./run.sh', '--', '-x']],
  ['/usr/bin/env node', ['/usr/bin/env', 'node']],
  ['bash -c "npm test"', ['bash', '-c', 'npm test']],
  ['echo if then', ['echo', 'if', 'then']],
  ['echo eval alias', ['echo', 'eval', 'alias']],
];

const refused: [problem: string, ...lines: string[]][] = [
  ['it has a pipe', 'a | b', 'a |b', 'a |& b', 'npm test|sh'],
  [
    'it has a redirection',
    'a > b',
    'a>b',
    'a >> b',
    'a < b',
    'a 2>&1',
    'a <<< b',
    'a << b',
    '<a b',
    'a <>b',
    'a <(b)',
  ],
  ['it starts something in the background', 'a &', 'a & b', 'a&b', 'a &> b'],
  [
    'it has a substitution',
    'a $b',
    'a ${b}',
    'a $(b)',
    'a $((1))',
    'a `b`',
    'a "$b"',
    'a "`b`"',
    "a $'b'",
    'a $"b"',
  ],
  [
    'it has more than one line',
    'a\nb',
    'a\n',
    '\na',
    'a\rb',
    'a\r\n',
    'a\u2028b',
    'a\u2029b',
    'a\u0085b',
    "a 'b\nc'",
  ],
  ['it has a pattern for file names', 'a *', 'a ?', 'a [b]', 'a b*c', '[ -f x ]', '[[ a ]]'],
  ['it has braces', 'a {b,c}', 'a {1..3}', '{ a; }', 'a }', 'git show stash@{0}'],
  ['it has parentheses', '(a)', 'a()', 'a (b)', 'a @(b)', 'f() { a; }'],
  ['it has a backslash', 'a \\b', 'a\\ b', 'a "\\b"', 'a \\', 'a\\', '\\a'],
  ['it has a comment sign', 'a # b', 'a #', '#a', 'a b#c'],
  ['it has an exclamation mark', '! a', 'a !b', 'a !!', 'a "b!"'],
  ['it has a ~ that stands for a folder', 'a ~', 'a ~/b', 'a ~b', 'a b=~/c', 'a b:~', '~/a', 'a ""~'],
  ['it sets an environment variable', 'A=1 b', 'A=1', 'A+=1 b', 'A= b', '"A=1" b', 'b && A=1'],
  ['a quote is not closed', 'a "b', "a 'b", 'a "', `a 'b"`],
  ['it is empty', '', ' ', '\t'],
  [
    'it has unusual characters',
    'a\u00a0b',
    'a\u200bb',
    'a\u202eb',
    'а',
    'a "\u200b"',
    'a\0b',
    'a\x07',
    'a\u3000b',
    "a '\u3164'",
    "a '\ud800'",
    'a\ufeff',
    "a 'e\u0301'",
  ],
  [
    'it cannot be read for certain',
    ';',
    ';;',
    'a;;',
    'a;;b',
    '; a',
    'a ; ; b',
    '&& a',
    'a &&',
    'a && && b',
    'a || ',
    '|| a',
    'a && ; b',
    '-a',
    '"" a',
    'a ^b',
  ],
  ['it is too long', `a ${'b'.repeat(10_000)}`],
  ['eval changes what the shell does', 'eval a', 'a && eval b', '"eval" a', `e'va'l a`],
  ['cd changes what the shell does', 'cd a', 'cd a && b', 'b; cd a'],
  ['. changes what the shell does', '. a'],
  ['time changes what the shell does', 'time a'],
  ['if changes what the shell does', 'if a; then b; fi', '"if" a'],
  ['alias changes what the shell does', 'alias a=b'],
  ['export changes what the shell does', 'export A=1; b'],
];

describe('command lines', () => {
  for (const [line, ...commands] of accepted) {
    it(`reads ${line}`, () => {
      assert.deepEqual(parseCommandLine(line, 'posix'), { kind: 'commands', commands });
    });
  }
  for (const [problem, ...lines] of refused) {
    for (const line of lines) {
      it(`says of ${JSON.stringify(line).slice(0, 40)}: ${problem}`, () => {
        assert.deepEqual(parseCommandLine(line, 'posix'), { kind: 'problem', problem });
      });
    }
  }

  it('refuses every word of the shell that changes what comes behind it', () => {
    const words =
      'source exec command builtin enable unalias hash trap set shopt unset readonly declare typeset local let read printf pushd popd umask exit coproc function for while case select until';
    for (const word of words.split(' ')) {
      assert.equal(parseCommandLine(`${word} x`, 'posix').kind, 'problem', word);
      assert.equal(parseCommandLine(`npm test && ${word} x`, 'posix').kind, 'problem', word);
    }
  });

  it('covers nothing that cmd.exe runs', () => {
    assert.equal(parseCommandLine('npm test', 'cmd').kind, 'problem');
  });

  it('never throws', () => {
    const nothing = undefined as unknown as string;
    assert.equal(parseCommandLine(nothing, 'posix').kind, 'problem');
    assert.equal(parseCommandLine(`a ${'"b" '.repeat(2_000)}`, 'posix').kind, 'commands');
    assert.equal(parseCommandLine('('.repeat(9_000), 'posix').kind, 'problem');
  });

  it('writes arguments so that they are read as the same again', () => {
    const argvs = [
      ['npm', 'test'],
      ['a', ''],
      ['a', 'b c', "it's", '$x', '*'],
      ['a', 'ü'],
    ];
    for (const argv of argvs) {
      assert.deepEqual(parseCommandLine(commandText(argv), 'posix'), { kind: 'commands', commands: [argv] });
    }
    assert.equal(commandText(['npm', 'run', 'a b']), "npm run 'a b'");
  });
});
