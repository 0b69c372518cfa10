import { StringDecoder } from 'node:string_decoder';

/**
 * The lines of a stream of UTF-8, without their `\n` or `\r\n`. `node:readline` would also split at a lone `\r`, U+2028
 * and U+2029, which are a part of the line to everybody else.
 */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  const join = (last: string): string => {
    const line = [...parts, last].join('');
    parts = [];
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  };
  for await (const chunk of stream) {
    const pieces = decoder.write(chunk).split('\n');
    const rest = pieces.pop() ?? '';
    for (const piece of pieces) yield join(piece);
    if (rest !== '') parts.push(rest);
  }
  const rest = decoder.end();
  if (parts.length > 0 || rest !== '') yield join(rest);
}
