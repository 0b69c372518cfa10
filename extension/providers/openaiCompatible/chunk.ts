import * as z from 'zod';

const textPart = z.object({ type: z.literal('text'), text: z.string() });

/** Some servers send parts, as requests may hold them; those that are no text are not read. */
const content = z.union([
  z.string(),
  z.array(z.unknown()).transform((parts) =>
    parts
      .flatMap((part) => {
        const { success, data } = textPart.safeParse(part);
        return success ? [data.text] : [];
      })
      .join(''),
  ),
]);

/** What is read of a chat completion chunk. Servers leave out, add and null whatever they like, so nothing is required. */
export const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: content.nullish(),
            refusal: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            reasoning: z.string().nullish(),
            reasoning_details: z.array(z.record(z.string(), z.json())).nullish(),
            tool_calls: z
              .array(
                z.object({
                  index: z.number().nullish(),
                  id: z.string().nullish(),
                  function: z
                    .object({ name: z.string().nullish(), arguments: z.unknown() })
                    .partial()
                    .nullish(),
                  extra_content: z.json().optional(),
                }),
              )
              .nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({
      prompt_tokens: z.number().nullish(),
      completion_tokens: z.number().nullish(),
      prompt_tokens_details: z
        .object({ cached_tokens: z.number().nullish(), cache_write_tokens: z.number().nullish() })
        .nullish(),
      completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
      prompt_cache_hit_tokens: z.number().nullish(),
    })
    .nullish(),
});

export type Chunk = z.infer<typeof chunkSchema>;
export type ChunkDelta = NonNullable<NonNullable<Chunk['choices']>[number]['delta']>;
export type ToolCallDelta = NonNullable<ChunkDelta['tool_calls']>[number];
export type ReasoningDetail = NonNullable<ChunkDelta['reasoning_details']>[number];
