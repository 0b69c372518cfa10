import {
  type PreparedStep,
  type StepAccess,
  type Tool,
  ToolError,
  type ToolOutput,
} from '../../extension/core/tool.ts';
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
  readonly caution?: string | ((input: JsonObject) => string | undefined);
  /** Absent: no paths, but `path` and `command` of the input count. */
  readonly access?: StepAccess;
  readonly amend?: PreparedStep['amend'];
}

const kinds = { read: 'read', write: 'write', execute: 'write', network: 'read' } as const;

/** What an input says of itself: `{path}` is a file of the folder `/folder`, `{command}` a command line. */
const accessOf = (
  { path, command }: JsonObject,
  effect: Effect,
  caution: string | undefined,
): StepAccess => ({
  paths:
    typeof path === 'string'
      ? [{ label: path, file: `/folder/${path}`, root: '/folder', below: path, kind: kinds[effect] }]
      : [],
  ...(typeof command === 'string'
    ? { command: { line: command, folder: '.', root: '/folder', below: '.', isSandboxed: false } }
    : {}),
  ...(caution === undefined ? {} : { caution }),
});

/** A tool that records its runs; everything but a read can be asked. */
export const fakeTool = (
  name: string,
  options: FakeToolOptions = {},
): Tool & { readonly runs: JsonObject[]; readonly prepared: JsonObject[] } => {
  const { effect = 'read', amend } = options;
  const runs: JsonObject[] = [];
  const prepared: JsonObject[] = [];
  return {
    runs,
    prepared,
    spec: { name, description: name, inputSchema: { type: 'object' } },
    prepare: async (input) => {
      prepared.push(input);
      options.prepare?.(input);
      const caution = typeof options.caution === 'function' ? options.caution(input) : options.caution;
      return {
        title: name,
        effect,
        targets: [name],
        access: options.access ?? accessOf(input, effect, caution),
        changes: [],
        ...(effect === 'read' && caution === undefined
          ? {}
          : { approval: { title: `Run ${name}?`, detail: JSON.stringify(input), diffs: [] } }),
        run: async (signal, emit) => {
          runs.push(input);
          return options.run === undefined ? output(`${name} done`) : options.run(signal, emit);
        },
        ...(amend === undefined ? {} : { amend }),
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
