import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fencedBlock, taggedText, visibleText } from '../../extension/core/shownText.ts';
import { attachSkill, skillTaint, skillText } from '../../extension/skills/skillText.ts';
import { entryOf, skillOf } from './skillRig.ts';

const source = { place: 'workspace', label: '.agents/skills', folder: '/x' } as const;

describe('the text of a skill', () => {
  it('has its instructions, its programs with their input, and its files', () => {
    const text = skillText(skillOf());
    assert.match(text, /^<skill_content name="tables" source="installed from github.com\/a\/b">\n/);
    assert.match(text, /\n<\/skill_content>$/);
    assert.match(text, /# Tables\n\nRead first, then answer\./);
    assert.match(
      text,
      /### read\n\nReads a table\. Prints Markdown\. Its input:\n\n```json\n\{"type":"object"/,
    );
    assert.match(text, /- read\.py \(10 bytes\)/);
    assert.match(text, /not by the person/);
    assert.doesNotMatch(text, /Nobody has reviewed/);
  });

  it('is short where there is neither program nor file', () => {
    const text = skillText(skillOf({ entries: [], files: [] }));
    assert.doesNotMatch(text, /run_skill|read_skill_file/);
  });

  it('is bounded', () => {
    const files = Array.from({ length: 1_000 }, (_, index) => ({
      path: `f${index}`,
      bytes: 1,
      sha256: '',
      isExecutable: false,
    }));
    const text = skillText(skillOf({ body: 'x'.repeat(300_000), files }));
    assert.ok(text.length < 120_000);
    assert.match(text, /\[cut here; 200000 characters more are in README\.md\]/);
    assert.match(text, /and 800 more files/);
  });

  it('says who speaks where nobody has reviewed it', () => {
    const unreviewed = skillOf({ state: 'unreviewed', source });
    assert.equal(skillTaint(unreviewed), 'the skill tables (.agents/skills)');
    assert.match(skillText(unreviewed), /Nobody has reviewed this skill/);
    assert.deepEqual(attachSkill(unreviewed), {
      id: 'tables',
      name: 'tables',
      text: skillText(unreviewed),
      taint: 'the skill tables (.agents/skills)',
    });
    assert.ok(!('taint' in attachSkill(skillOf())));
  });

  it('never closes its own fence, nor opens another', () => {
    const pieces = fc.constantFrom(
      '<',
      '/',
      '</',
      ' ',
      '\n',
      'skill_content',
      'SKILL_content',
      'skill\u200b_con\u{e0041}tent',
      '\u2060',
      'skill_file',
      '>',
      '"',
      '```',
      'x',
    );
    const hostile = fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(hostile, hostile, hostile, (body, description, name) => {
        const text = skillText(
          skillOf({
            body,
            description,
            compatibility: name,
            source: { ...source, label: body },
            entries: [entryOf({ description: body })],
            files: [{ path: name, bytes: 1, sha256: '', isExecutable: false }],
          }),
        );
        const read = text.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');
        assert.equal(read.match(/<[\s/]*skill_(?:content|file)/gi)?.length, 2);
        assert.ok(text.startsWith('<skill_content name="tables" '));
        assert.ok(text.endsWith('\n</skill_content>'));
        assert.equal(text.slice(0, text.indexOf('>\n')).match(/"/g)?.length, 4);
      }),
    );
  });
});

describe('words of others', () => {
  it('cannot end the block they stand in', () => {
    assert.equal(fencedBlock('a\n'), '```\na\n```');
    assert.equal(fencedBlock('```\n````x'), '`````\n```\n````x\n`````');
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('`', '``', '\n', '~', 'x')).map((parts) => parts.join('')),
        (text) => {
          const lines = fencedBlock(text).split('\n');
          const fence = lines[0] ?? '';
          assert.ok(lines.slice(1, -1).every((line) => !line.includes(fence)));
        },
      ),
    );
  });

  it('show what could not be seen', () => {
    assert.equal(visibleText('a\u202eb\u200b\u0007c\n\t'), 'a\\u{202E}b\\u{200B}\\u{0007}c\n\t');
    assert.equal(visibleText('\u{e0041}é漢'), '\\u{E0041}é漢');
    assert.equal(
      taggedText('skill_file', { path: 'a"b\n<c>' }, 'x'),
      '<skill_file path="a&quot;b &lt;c&gt;">\nx\n</skill_file>',
    );
  });
});
