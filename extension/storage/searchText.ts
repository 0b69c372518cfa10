import * as z from 'zod';
import type { Blobs } from './blobs.ts';
import { text, textOrNone } from './rows.ts';
import type { Row } from './sqlite.ts';

/** What is read of one message, its files included: the beginning of a long output says what it is. UTF-16 units. */
export const searchTextLimit = 64 * 1024;

/** The columns that the text of a row is made of. */
export const searchTextColumns =
  'messages.kind AS kind, messages.body AS body, steps.step AS step, steps.result AS result';

/** A string as it is packed: itself, or the name of a file. */
const packedSchema = z.union([z.string(), z.object({ $blob: z.string() }).loose()]);
const messageSchema = z.object({
  content: z.array(z.object({ type: z.string(), text: packedSchema.optional().catch(undefined) })),
});
const stepSchema = z.object({ tool: packedSchema, title: packedSchema, targets: z.array(packedSchema) });

/** Pictures stay unread. */
const readString = (packed: z.infer<typeof packedSchema>, blobs: Blobs): string =>
  typeof packed === 'string' ? packed : blobs.unpack<string>(JSON.stringify(packed));

const textsOfMessage = (packed: string, blobs: Blobs): readonly string[] =>
  messageSchema
    .parse(JSON.parse(packed))
    .content.flatMap((block) =>
      block.type === 'text' && block.text !== undefined ? [readString(block.text, blobs)] : [],
    );

/** Name, title, and those of its files, hosts or commands that the title does not name already. */
const textsOfStep = (packed: string, blobs: Blobs): readonly string[] => {
  const step = stepSchema.parse(JSON.parse(packed));
  const title = readString(step.title, blobs);
  const targets = step.targets.map((target) => readString(target, blobs));
  return [readString(step.tool, blobs), title, ...targets.filter((target) => !title.includes(target))];
};

/** What is found of a message by a search. Thinking is not. */
export const searchTextOf = (row: Row, blobs: Blobs): string => {
  const body = textOrNone(row, 'body');
  const result = textOrNone(row, 'result');
  const texts =
    text(row, 'kind') === 'step'
      ? [
          ...textsOfStep(text(row, 'step'), blobs),
          ...(result === undefined ? [] : textsOfMessage(result, blobs)),
        ]
      : textsOfMessage(body ?? '{"content":[]}', blobs);
  return texts.join('\n').slice(0, searchTextLimit);
};
