/** The reader of command lines against bash itself: what it accepts, bash has to understand in the same way. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { parseCommandLine } from '../../extension/core/commandLine.ts';
import { skipBecause } from '../support/skipBecause.ts';

const bash = '/bin/bash';

/** Prints how many arguments it got, and each of them, ended by NUL: no argument can hold one. */
const showScript = `#!${bash}\nprintf '%s\\0' "$#" "$@"\n`;

const parseShown = (output: string): string[][] => {
  const fields = output.split('\0').slice(0, -1);
  const calls: string[][] = [];
  for (let index = 0; index < fields.length; ) {
    const count = Number(fields[index]);
    calls.push(fields.slice(index + 1, index + 1 + count));
    index += 1 + count;
  }
  return calls;
};

describe('command lines, as bash reads them', function () {
  // Hundreds of processes, on whatever machine this is.
  this.timeout(300_000);
  let folder = '';
  before(function () {
    if (!existsSync(bash)) skipBecause(this, `there is no ${bash}`);
    folder = mkdtempSync(path.join(tmpdir(), 'anycowork-bash-'));
    writeFileSync(path.join(folder, 'show'), showScript);
    chmodSync(path.join(folder, 'show'), 0o755);
    // Something for patterns of file names to find.
    writeFileSync(path.join(folder, 'a'), '');
    writeFileSync(path.join(folder, 'ab'), '');
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  const bashReads = (line: string): string[][] => {
    const { stdout, stderr, status } = spawnSync(bash, ['-c', line], {
      cwd: folder,
      env: { PATH: folder, HOME: '/home/nobody', LANG: 'C.UTF-8' },
      encoding: 'utf8',
    });
    assert.equal(stderr, '', line);
    assert.equal(status, 0, line);
    return parseShown(stdout);
  };

  /** Only lines all of whose commands are `show` are run, whatever else the reader accepts. */
  const compare = (line: string): boolean => {
    const parsed = parseCommandLine(line, 'posix');
    if (parsed.kind !== 'commands' || parsed.commands.some(([program]) => program !== 'show')) return false;
    assert.deepEqual(
      bashReads(line),
      parsed.commands.map((argv) => argv.slice(1)),
      JSON.stringify(line),
    );
    return true;
  };

  const plainWord = fc.stringMatching(/^[A-Za-z0-9_@%+=:,./-][A-Za-z0-9_@%+=:,./^-]{0,6}$/);
  const singleQuoted = fc.stringMatching(/^[ -&(-~äß日✓]{0,8}$/).map((text) => `'${text}'`);
  const doubleQuoted = fc
    .stringMatching(/^[ #%-[\]-_a-~äß日✓]{0,8}$/)
    .map((text) => `"${text.replaceAll(/[$`!]/g, '')}"`);
  const word = fc
    .array(fc.oneof(plainWord, singleQuoted, doubleQuoted), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(''));
  const benign = fc
    .array(fc.array(word, { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((commands) => commands.map((words) => ['show', ...words].join(' ')))
    // Not `||`: behind a success it runs nothing, so there would be nothing to compare.
    .chain((commands) =>
      fc.constantFrom(' && ', ' ; ', ';', '&&').map((operator) => commands.join(operator)),
    );

  it('reads at least 100 plain lines as bash does', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(benign, (line) => {
        assert.ok(compare(line), `not accepted: ${line}`);
        seen.add(line);
      }),
      { numRuns: 200 },
    );
    assert.ok(seen.size >= 100, `${seen.size}`);
  });

  it('accepts no line of shell signs that bash reads otherwise', () => {
    const signs = fc.constantFrom(
      ...'abshow01~^=:;&|<>()[]{}$`\'"\\#!*?-+%@,. \t'.split(''),
      '&&',
      '||',
      ' show ',
      '; show ',
      ' && show ',
      "''",
      '""',
      'a~',
      '~a',
      '^~',
      '=~',
      ':~',
      'a=~',
      "'a b'",
      '"a b"',
    );
    const soup = fc.array(signs, { maxLength: 6 }).map((parts) => `show ${parts.join('')}`);
    let accepted = 0;
    fc.assert(
      fc.property(soup, (line) => {
        // A `||` behind a success skips what follows; the reader rightly names it, and bash rightly does not run it.
        if (!line.includes('||') && compare(line)) accepted += 1;
      }),
      { numRuns: 1_200 },
    );
    assert.ok(accepted >= 100, `${accepted}`);
  });

  it('accepts each printable character of ASCII only where bash takes it literally', () => {
    const characters = Array.from({ length: 95 }, (_, index) => String.fromCodePoint(32 + index));
    const places = (sign: string) => [
      `show ${sign}`,
      `show a${sign}`,
      `show ${sign}b`,
      `show a${sign}b`,
      `show "a${sign}b"`,
      `show 'a${sign}b'`,
    ];
    const accepted = characters.flatMap(places).filter(compare);
    assert.ok(accepted.length > 150, `${accepted.length}`);
  });
});
