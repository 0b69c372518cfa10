import assert from 'node:assert/strict';
import fc from 'fast-check';
import { resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createMcpLog, logLines } = await loadWithVscode(() => import('../../extension/vscode/mcpLog.ts'));

const rig = () => {
  const channels = new Map<string, string[]>();
  const disposed: string[] = [];
  const clock = { at: 0 };
  const log = createMcpLog({
    redact: (text) => text.replaceAll('secret-value', '[redacted]'),
    now: () => clock.at,
    openChannel: (name) => {
      const lines: string[] = [];
      channels.set(name, lines);
      const put = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
      return {
        debug: put('debug'),
        info: put('info'),
        warn: put('warn'),
        error: put('error'),
        show: () => void lines.push('shown'),
        dispose: () => void disposed.push(name),
      };
    },
  });
  return { log, channels, disposed, clock };
};

beforeEach(resetVscode);

describe('logs of MCP servers', () => {
  it('are a channel each, made when there is something', () => {
    const { log, channels, disposed } = rig();
    log.write('files', 'info', 'started');
    log.write('files', 'warning', 'slow');
    log.write('far\u202e', 'error', 'gone');
    log.write('far\u202e', 'debug', 'details');
    log.show('new');
    assert.deepEqual(
      [...channels],
      [
        ['AnyCowork MCP: files', ['info started', 'warn slow']],
        ['AnyCowork MCP: far\\u{202e}', ['error gone', 'debug details']],
        ['AnyCowork MCP: new', ['shown']],
      ],
    );
    log.dispose();
    log.write('files', 'info', 'late');
    log.show('late');
    assert.equal(disposed.length, 3);
    assert.equal(channels.size, 3);
  });

  it('have no secrets, colours or hidden characters, and no endless lines', () => {
    const redact = (text: string) => text.replaceAll('secret-value', '[redacted]');
    assert.deepEqual(logLines('\u001b[31msecret\u001b[0m-value\r\nb\u200b\n\n', redact), [
      '[redacted]',
      'b\\u{200b}',
    ]);
    const cut = logLines(`${'x'.repeat(1_990)}secret-value${'y'.repeat(50)}`, redact)[0] ?? '';
    assert.equal(cut.length, 2_000);
    assert.ok(!cut.includes('secret'));
    assert.equal(logLines('a\n'.repeat(1_000), redact).length, 101);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const line of logLines(text, redact)) {
          assert.doesNotMatch(line, /[^\P{Cc}\t]|\p{Default_Ignorable_Code_Point}/u);
          assert.ok(line.isWellFormed());
        }
      }),
    );
  });

  it('count what is too much, and go on', () => {
    const { log, channels, clock } = rig();
    for (let line = 0; line < 5_000; line += 1) log.write('flood', 'info', `line ${line}`);
    const lines = channels.get('AnyCowork MCP: flood') ?? [];
    assert.equal(lines.length, 100);
    clock.at = 1_000;
    log.write('flood', 'info', 'calm');
    assert.deepEqual(lines.slice(100), ['warn 4,900 lines left out: too many at once.', 'info calm']);
    log.dispose();
  });

  it('are so many at most', () => {
    const { log, channels, disposed } = rig();
    for (let server = 0; server < 300; server += 1) log.write(`s${server}`, 'info', 'x');
    assert.ok(channels.size <= 101, String(channels.size));
    assert.equal(channels.get('AnyCowork MCP: others')?.length, 100);
    log.dispose();
    assert.equal(disposed.length, channels.size);
  });
});
