import type * as z from 'zod';
import type { JsonObject } from '../shared/message.ts';
import { plainSchema } from './plainSchema.ts';
import { type PreparedStep, type Tool, ToolError } from './tool.ts';
import { BoundaryError } from './workspace.ts';

export interface ToolDefinition<Input> {
  readonly name: string;
  /** For the model: what it does and what to mind, in few sentences. */
  readonly description: string;
  readonly input: z.ZodType<Input>;
  prepare(input: Input, signal: AbortSignal): Promise<PreparedStep>;
}

const explainIssues = (name: string, error: z.ZodError): ToolError => {
  const issues = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return new ToolError(`The input does not fit ${name}. ${issues.join('; ')}`);
};

/** Boundary and file system failures are for the model to read; anything else is a bug and passes on. */
const forTheModel = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BoundaryError) throw new ToolError(error.message, { cause: error });
    const isSystemError = error instanceof Error && 'code' in error && 'syscall' in error;
    if (isSystemError) throw new ToolError(`The system refused: ${error.message}`, { cause: error });
    throw error;
  }
};

/** Some models send null for what they leave out. */
const withoutNulls = (input: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));

/** A step whose failures are for the model to read, also once a person has changed it. */
const guarded = (step: PreparedStep): PreparedStep => {
  const { amend } = step;
  return {
    ...step,
    run: (signal, emit) =>
      forTheModel(async () => {
        signal.throwIfAborted();
        return step.run(signal, emit);
      }),
    ...(amend === undefined ? {} : { amend: (accepted) => guarded(amend(accepted)) }),
  };
};

/** A Tool from its parts: the schema the model sees and the parser are the same thing. */
export const defineTool = <Input>(definition: ToolDefinition<Input>): Tool => ({
  spec: {
    name: definition.name,
    description: definition.description,
    inputSchema: plainSchema(definition.input),
  },
  prepare: async (input, signal) => {
    signal.throwIfAborted();
    const parsed = definition.input.safeParse(withoutNulls(input));
    if (!parsed.success) throw explainIssues(definition.name, parsed.error);
    return guarded(await forTheModel(() => definition.prepare(parsed.data, signal)));
  },
});
