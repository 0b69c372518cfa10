import assert from 'node:assert/strict';
import { catalogueText } from '../../extension/skills/catalogueText.ts';
import { skillOf } from './skillRig.ts';

const linesOf = (text: string): readonly string[] => text.split('\n').slice(1);

describe('the catalogue of skills', () => {
  it('has one line for each that agents may choose', () => {
    const text = catalogueText([
      skillOf(),
      skillOf({ id: 'mine', isForAgents: false }),
      skillOf({ id: 'off', state: 'disabled' }),
      skillOf({ id: 'other', state: 'changed' }),
      skillOf({ id: 'found', state: 'unreviewed', description: `Two\nlines. \u200b${'x'.repeat(500)}` }),
    ]);
    assert.equal(linesOf(text).length, 2);
    assert.equal(linesOf(text)[0], '- tables: Reads and writes tables. Use it for spreadsheets.');
    assert.match(linesOf(text)[1] ?? '', /^- found \(not reviewed\): Two lines\. \\u\{200B\}x+…$/);
    assert.ok((linesOf(text)[1] ?? '').length < 240);
    assert.match(text, /use_skill/);
    assert.match(text, /\/name/);
  });

  it('is nothing where there are none', () => {
    assert.equal(catalogueText([]), '');
    assert.equal(catalogueText([skillOf({ state: 'broken' })]), '');
  });

  it('shortens descriptions before it leaves out skills', () => {
    const many = (count: number, length: number) =>
      Array.from({ length: count }, (_, index) =>
        skillOf({ id: `skill-${index}`, description: 'd'.repeat(length) }),
      );
    const full = catalogueText(many(7, 1_000));
    assert.doesNotMatch(full, /…/);
    const short = catalogueText([...many(50, 1_000), skillOf({ id: 'short', description: 'Short.' })]);
    assert.equal(linesOf(short).length, 51);
    assert.ok(linesOf(short).join('\n').length <= 8_000);
    assert.ok(linesOf(short).join('\n').length > 7_800);
    assert.match(short, /- short: Short\.$/);
    const bare = catalogueText(many(500, 100));
    assert.equal(linesOf(bare)[0], '- skill-0');
    assert.equal(linesOf(bare).length, 500);
    const cut = catalogueText(many(2_000, 100));
    assert.ok(linesOf(cut).join('\n').length <= 8_000);
    assert.match(cut, /\n- skill-\d+\n- and more, which the person can choose by \/name$/);
  });
});
