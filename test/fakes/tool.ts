import { type PreparedStep, type Tool, ToolError, type ToolOutput } from '../../extension/core/tool.ts';
import type { Effect } from '../../extension/shared/event.ts';
import type { JsonObject } from '../../extension/shared/message.ts';

export const output = (text: string, isError = false): ToolOutput => ({
  content: [{ type: 'text', text }],
  isError,
  summary: text,
  diffs: [],
});

export interface FakeToolOptions {
  readonly effect?: Effect;
  readonly prepare?: (input: JsonObject) => void;
  readonly run?: PreparedStep['run'];
  readonly caution?: string;
}

/** A tool that records its runs; everything but a read asks, with a grant for its effect. */
export const fakeTool = (
  name: string,
  options: FakeToolOptions = {},
): Tool & { readonly runs: JsonObject[] } => {
  const { effect = 'read', caution } = options;
  const runs: JsonObject[] = [];
  return {
    runs,
    spec: { name, description: name, inputSchema: { type: 'object' } },
    prepare: async (input) => {
      options.prepare?.(input);
      return {
        title: name,
        effect,
        targets: [name],
        changes: [],
        ...(effect === 'read'
          ? {}
          : {
              approval: {
                title: `Run ${name}?`,
                detail: JSON.stringify(input),
                diffs: [],
                ...(caution === undefined ? { grant: { key: effect, label: effect } } : { caution }),
              },
            }),
        run: async (signal, emit) => {
          runs.push(input);
          return options.run === undefined ? output(`${name} done`) : options.run(signal, emit);
        },
      };
    },
  };
};

export const failingTool = (name: string): Tool =>
  fakeTool(name, {
    prepare: () => {
      throw new ToolError('bad input: path is missing');
    },
  });
