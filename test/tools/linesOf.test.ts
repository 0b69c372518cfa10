import assert from 'node:assert/strict';
import fc from 'fast-check';
import { linesOf } from '../../extension/tools/linesOf.ts';

const linesIn = async (chunks: readonly Buffer[]): Promise<string[]> => {
  const stream = (async function* () {
    yield* chunks;
  })();
  const lines: string[] = [];
  for await (const line of linesOf(stream)) lines.push(line);
  return lines;
};

describe('linesOf', () => {
  it('gives the same lines wherever the stream is cut', async () => {
    const word = fc.constantFrom('a', 'é€😀', '\n', '\r\n', '\r', '\u2028', '\u2029', '');
    const text = fc.array(word, { maxLength: 20 }).map((words) => words.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (content, size) => {
        const bytes = Buffer.from(content);
        const count = Math.ceil(bytes.length / size);
        const chunks = Array.from({ length: count }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        const expected = content.split('\n').map((line) => line.replace(/\r$/, ''));
        if (content === '' || content.endsWith('\n')) expected.pop();
        assert.deepEqual(await linesIn(chunks), expected);
      }),
    );
  });
});
