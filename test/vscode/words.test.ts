import assert from 'node:assert/strict';
import {
  count,
  dayOf,
  firstLine,
  formatBytes,
  timeOf,
  withoutIcons,
  withoutLinks,
} from '../../extension/vscode/words.ts';

describe('words of lists and messages', () => {
  for (const [bytes, text] of [
    [0, '0 bytes'],
    [1, '1 byte'],
    [1_023, '1023 bytes'],
    [1_536, '1.5 KB'],
    [150 * 1_024, '150 KB'],
    [12.34 * 1_024 ** 2, '12.3 MB'],
    [3 * 1_024 ** 3, '3 GB'],
    [5_000 * 1_024 ** 4, '5000 TB'],
  ] as const) {
    it(`writes ${bytes} as ${text}`, () => assert.equal(formatBytes(bytes), text));
  }

  it('does not let a title become an icon, and leaves other dollars alone', () => {
    assert.equal(
      withoutIcons('why $(sync~spin) and $(date +%s) and $5'),
      'why \\$(sync~spin) and $(date +%s) and $5',
    );
  });

  it('does not let a title become a link, which could run a command', () => {
    const linked = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)/i;
    const title = 'See [this](command:workbench.action.terminal.sendSequence) and a[0](x)';
    assert.match(title, linked);
    assert.doesNotMatch(withoutLinks(title), linked);
    assert.equal(withoutLinks('Plain (text) [1]'), 'Plain (text) [1]');
  });

  it('cuts the first line that says something', () => {
    assert.equal(firstLine('\n\n  a \t b\nc'), 'a b');
    assert.equal(firstLine('abcdef', 4), 'abc…');
    assert.equal(firstLine(' \n '), '');
  });

  it('counts', () => {
    assert.equal(count(1, 'chat'), '1 chat');
    assert.equal(count(1_200, 'chat'), '1,200 chats');
  });

  it('names days, also where the clocks change', () => {
    const now = new Date(2026, 2, 30, 1).getTime();
    assert.equal(dayOf(now, now), 'Today');
    assert.equal(dayOf(now + 60_000, now), 'Today');
    assert.equal(dayOf(new Date(2026, 2, 29, 23, 59).getTime(), now), 'Yesterday');
    const saturday = new Date(2026, 2, 28, 0, 1);
    const name = saturday.toLocaleDateString(undefined, { weekday: 'long' });
    assert.equal(dayOf(saturday.getTime(), now), name);
    assert.match(dayOf(new Date(2025, 2, 28).getTime(), now), /2025/);
    assert.match(timeOf(now, now), /1:00/);
    assert.equal(timeOf(new Date(2026, 2, 29, 12).getTime(), now), 'Yesterday');
  });
});
