import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { withoutWindowOrders } from '../../extension/core/windowOrders.ts';
import { cpuTime } from '../support/clocks.ts';

describe('orders to a terminal’s window', () => {
  it('go, and the text between them stays', () => {
    const link = '\u001b]8;;https://x.example\u0007here\u001b]8;;\u0007';
    assert.equal(withoutWindowOrders(`see ${link} and \u001b]0;title\u001b\\go`), 'see here and go');
    assert.equal(withoutWindowOrders('a]b \u001b[31mred\u001b[0m'), 'a]b \u001b[31mred\u001b[0m');
  });

  it('leave no text other than Node does, where nothing is open', () => {
    const part = fc.constantFrom('a', ']', '\u001b[1m', '\u001b]0;t\u0007', '\n', 'ü');
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('');
        assert.equal(stripVTControlCharacters(withoutWindowOrders(text)), stripVTControlCharacters(text));
      }),
    );
  });

  it('take no longer where very many of them never end', () => {
    const began = cpuTime();
    const text = withoutWindowOrders('\u001b]8;;x'.repeat(100_000));
    stripVTControlCharacters(text);
    assert.ok(!text.includes('\u001b'));
    assert.ok(cpuTime() - began < 2_000, `${cpuTime() - began} ms`);
  });
});
