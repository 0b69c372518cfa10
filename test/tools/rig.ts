import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ToolSpec } from '../../extension/core/provider.ts';
import { type PreparedStep, type Tool, ToolError, type ToolOutput } from '../../extension/core/tool.ts';
import type { WorkspaceFiles } from '../../extension/core/workspace.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { type BuiltInToolName, createTools, type ToolPorts } from '../../extension/tools/index.ts';
import { createLeftProcesses, type LeftProcesses } from '../../extension/tools/leftProcesses.ts';
import { createSeenFiles } from '../../extension/tools/seenFiles.ts';
import { createWorkspaceFiles } from '../../extension/workspace/files.ts';
import { createFakeEditor, type FakeEditor } from '../fakes/editor.ts';
import { fill, temporaryFolder } from '../workspace/folders.ts';

/** The real tools on a real folder, with a fake editor. */
export interface ToolRig {
  readonly base: string;
  /** The workspace folder: `base`/work. */
  readonly root: string;
  readonly editor: FakeEditor;
  readonly files: WorkspaceFiles;
  readonly leftProcesses: LeftProcesses;
  prepare(tool: BuiltInToolName, input: JsonObject, signal?: AbortSignal): Promise<PreparedStep>;
  /** Prepares and runs, as if it had been approved. */
  run(tool: BuiltInToolName, input: JsonObject): Promise<ToolOutput>;
  /** The text of the result. */
  text(tool: BuiltInToolName, input: JsonObject): Promise<string>;
  onDisk(name: string): string;
  spec(tool: BuiltInToolName): ToolSpec;
}

export const never = new AbortController().signal;

export const createToolRig = (
  content: Record<string, string | Uint8Array>,
  overrides: Partial<ToolPorts> & {
    readonly secondRoot?: boolean;
    /** A folder of the first root that is a root too. */
    readonly nestedRoot?: string;
  } = {},
): ToolRig => {
  const base = temporaryFolder();
  const root = path.join(base, 'work');
  fill(base, { 'work/.keep': '' });
  fill(root, content);
  const roots = [{ name: 'work', path: root }];
  if (overrides.secondRoot === true) {
    fill(base, { 'second/only.txt': 'in the second\n' });
    roots.push({ name: 'second', path: path.join(base, 'second') });
  }
  if (overrides.nestedRoot !== undefined) {
    roots.push({ name: 'nested', path: path.join(root, overrides.nestedRoot) });
  }
  const editor = createFakeEditor();
  const files = createWorkspaceFiles({ roots: () => roots, editor });
  const leftProcesses = createLeftProcesses();
  const tools = createTools({
    files,
    editor,
    seen: createSeenFiles(),
    ripgrep: async () => undefined,
    environment: () => ({ PATH: process.env.PATH ?? '', HOME: base }),
    spillFolder: path.join(base, 'output'),
    commandTimeoutMs: 10_000,
    leftProcesses,
    ...overrides,
  });
  const toolOf = (name: BuiltInToolName): Tool => {
    const tool = tools.find(({ spec }) => spec.name === name);
    assert.ok(tool, `no tool ${name}`);
    return tool;
  };
  const prepare: ToolRig['prepare'] = async (name, input, signal = never) =>
    toolOf(name).prepare(input, signal);
  const run: ToolRig['run'] = async (name, input) => (await prepare(name, input)).run(never, () => {});
  return {
    base,
    root,
    editor,
    files,
    leftProcesses,
    prepare,
    run,
    text: async (name, input) => textOfOutput(await run(name, input)),
    spec: (name) => toolOf(name).spec,
    onDisk: (name) => readFileSync(path.join(root, name), 'utf8'),
  };
};

export const textOfOutput = (output: ToolOutput): string =>
  output.content.map((block) => (block.type === 'text' ? block.text : `<${block.mediaType}>`)).join('\n');

/** For assert.rejects: a failure that the model reads, with such a text. */
export const toolError =
  (pattern: RegExp) =>
  (error: unknown): true => {
    assert.ok(error instanceof ToolError, String(error));
    assert.match(error.message, pattern);
    return true;
  };
