/** Texts that would keep the editor busy for minutes, or for ever, if they were read carelessly. */
import assert from 'node:assert/strict';
import { resourceAttachment } from '../../extension/mcp/attachments.ts';
import { structuredProblem } from '../../extension/mcp/connectionSchema.ts';
import { formFields } from '../../extension/mcp/elicitation.ts';
import { outputOf } from '../../extension/mcp/results.ts';
import type { McpContent } from '../../extension/mcp/types.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { textOf } from '../../extension/shared/message.ts';
import { fakeFiles, resultOf } from './toolParts.ts';

/** Milliseconds that a slow machine may take for what takes a few here, and the careless way far longer. */
const patience = 5_000;

const textIn = async (content: McpContent): Promise<string> =>
  textOf((await outputOf('get_it', { ...resultOf(), content: [content] }, fakeFiles())).content);

describe('hostile texts of MCP servers', () => {
  const cases: readonly (readonly [string, () => unknown])[] = [
    [
      'orders to a terminal without an end',
      async () => {
        const text = await textIn({ type: 'text', text: '\u001b]8;;a'.repeat(80_000) });
        assert.doesNotMatch(text, /\p{Cc}(?<!\n)/u);
        assert.match(text, /^\]8;;a\]8;;a/);
      },
    ],
    [
      'long rows of line breaks',
      async () => {
        const text = `${'\n'.repeat(200_000)}x`;
        assert.match(await textIn({ type: 'resource', uri: 'a://b', text }), /x\n```$/);
      },
    ],
    [
      'long rows of slashes',
      () => {
        const uri = `a:${'/'.repeat(200_000)}x`;
        assert.equal(resourceAttachment('s', uri, [], false).context.label, 'x');
      },
    ],
    [
      'an address of an e-mail that is none',
      () => {
        const field = { type: 'string', format: 'email', default: `a@${'.'.repeat(99_000)} ` };
        const fields = formFields({ properties: { a: field } });
        assert.ok(typeof fields !== 'string' && fields[0]?.default === undefined);
      },
    ],
    [
      'a schema each part of which is twice the one before',
      () => {
        const $defs: JsonObject = { a0: { type: 'object' } };
        for (let n = 1; n <= 33; n += 1) {
          const before = { $ref: `#/$defs/a${n - 1}` };
          $defs[`a${n}`] = { allOf: [before, before] };
        }
        const schema = { type: 'object', $defs, allOf: [{ $ref: '#/$defs/a33' }] };
        assert.match(structuredProblem(schema, {}, 500) ?? '', /not compared .* took too long/);
      },
    ],
  ];
  for (const [name, check] of cases) {
    it(`reads ${name} in time`, async () => {
      const began = performance.now();
      await check();
      assert.ok(performance.now() - began < patience);
    });
  }
});
