/**
 * Tools that VS Code itself has, of MCP servers that are configured there and of other extensions: offered where the
 * person wants that, each only after they have chosen it as it is, and asked about like every other step.
 */
import * as vscode from 'vscode';
import { settleAfterAbort } from '../core/abort.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { markedLines, oneLine, visibleText } from '../core/shownText.ts';
import { cutText } from '../core/text.ts';
import { type PreparedStep, type Tool, ToolError, type ToolOutput } from '../core/tool.ts';
import type { JsonObject } from '../shared/message.ts';
import {
  type ChoiceState,
  type EditorTool,
  editorToolNames,
  editorToolsNow,
  readChosen,
  writeChosen,
} from './editorToolList.ts';
import { editorToolOutput } from './editorToolResult.ts';
import { tokenOf } from './mcpPeopleAsk.ts';
import { visible } from './skillWords.ts';
import { count, firstLine, withoutIcons } from './words.ts';

export interface EditorToolsPorts {
  /** What was chosen is kept there. */
  readonly state: ChoiceState;
  /** As every vendor takes it. */
  schema?(given: JsonObject): JsonObject;
  /** Milliseconds that a tool may take. */
  readonly timeLimit?: number;
}

export interface EditorTools {
  /** Those that were chosen and are still what was chosen, in the order of their names. */
  tools(): readonly Tool[];
  /** The command `chooseEditorTools`. @returns false when the person thought better of it, or there is nothing to choose */
  choose(): Promise<boolean>;
}

const settingName = 'mcp.editorTools';
const timeLimit = 10 * 60_000;
/** Milliseconds that a tool has to end by itself once it was cancelled. */
const grace = 500;
/** Characters of a description that a model reads. */
const descriptionLimit = 8_000;

const isOn = (): boolean => vscode.workspace.getConfiguration('anycowork').get<unknown>(settingName) === true;

/** On one line, nothing hidden. */
const called = (name: string): string => cutText(oneLine(name), 100);

const argumentsText = (input: JsonObject): string => {
  const parts = Object.entries(input)
    .slice(0, 10)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return `${name}: ${text.slice(0, 200)}`;
    });
  return cutText(oneLine(parts.join(', ')), 60);
};

/** Still there, still chosen, and still what was chosen. @throws ToolError */
const checkLive = ({ name, hash }: EditorTool, { state }: EditorToolsPorts): void => {
  const shown = called(name);
  if (!isOn())
    throw new ToolError(`Tools of VS Code have been turned off. ${shown} was not called; go on without it.`);
  const live = editorToolsNow()?.find((each) => each.name === name);
  if (live === undefined)
    throw new ToolError(`VS Code has no tool ${shown} any more. Go on without it, or tell the person.`);
  if (live.hash === hash && readChosen(state).get(name) === hash) return;
  throw new ToolError(
    `The tool ${shown} of VS Code is not what the person chose. It was not called; they can choose it again with the command “AnyCowork: Choose Tools of VS Code”. Go on without it, or tell them.`,
  );
};

const runOf =
  (tool: EditorTool, input: JsonObject, ports: EditorToolsPorts): PreparedStep['run'] =>
  async (signal): Promise<ToolOutput> => {
    signal.throwIfAborted();
    checkLive(tool, ports);
    const taint = `a tool of VS Code (${called(tool.name)})`;
    const late = AbortSignal.timeout(ports.timeLimit ?? timeLimit);
    const either = AbortSignal.any([signal, late]);
    try {
      const running = vscode.lm.invokeTool(
        tool.name,
        { input, toolInvocationToken: undefined },
        tokenOf(either),
      );
      const result: unknown = await settleAfterAbort(Promise.resolve(running), either, grace);
      return { ...editorToolOutput(result), taint };
    } catch (error) {
      signal.throwIfAborted();
      // No ToolError: these are the tool's words, and then what comes behind has to know.
      const text = late.aborted
        ? 'The tool did not answer in time, and was cancelled. What it had done by then stays done.'
        : cutText(visibleText(reasonOf(error)), 10_000);
      return { content: [{ type: 'text', text }], isError: true, summary: 'failed', diffs: [], taint };
    }
  };

const toolOf = (tool: EditorTool, modelName: string, ports: EditorToolsPorts): Tool => {
  const name = `${called(tool.name)} (VS Code)`;
  const described = cutText(visibleText(tool.description).trim(), descriptionLimit);
  const given = tool.inputSchema;
  return {
    spec: {
      name: modelName,
      description: described === '' ? `The tool ${called(tool.name)} of VS Code.` : described,
      inputSchema: ports.schema?.(given) ?? given,
    },
    prepare: async (input, signal) => {
      signal.throwIfAborted();
      const shown = argumentsText(input);
      return {
        title: shown === '' ? name : `${name} ${shown}`,
        effect: 'network',
        targets: [name],
        access: { paths: [], outside: { server: 'VS Code', definition: tool.hash } },
        approval: {
          title: `Use ${name}?`,
          detail: [
            `The tool ${called(tool.name)} that VS Code has: of an MCP server that is configured there, or of an extension. It runs there, outside of the sandbox.`,
            `Input:\n${markedLines(JSON.stringify(input, undefined, 2))}`,
          ].join('\n\n'),
          diffs: [],
        },
        changes: [],
        run: runOf(tool, input, ports),
      };
    },
  };
};

/** @returns whether they are on now */
const turnOn = async (): Promise<boolean> => {
  if (isOn()) return true;
  const button = 'Turn On';
  const answer = await vscode.window.showInformationMessage(
    'Offer agents tools that VS Code has?',
    {
      modal: true,
      detail:
        'Those of MCP servers that you have configured in VS Code, and of other extensions. Each is offered only after you have chosen it, and asks like any other step. The setting is anycowork.mcp.editorTools.',
    },
    button,
  );
  if (answer !== button) return false;
  await vscode.workspace
    .getConfiguration('anycowork')
    .update(settingName, true, vscode.ConfigurationTarget.Global);
  return true;
};

const choose = async (state: ChoiceState): Promise<boolean> => {
  const available = editorToolsNow();
  if (available === undefined || available.length === 0) {
    vscode.window.showInformationMessage(
      available === undefined
        ? 'This VS Code gives its tools to no extension.'
        : 'VS Code has no tool yet. Those of MCP servers are there once the servers have been started in VS Code.',
    );
    return false;
  }
  if (!(await turnOn())) return false;
  const before = readChosen(state);
  const items = available.map((tool) => {
    const kept = before.get(tool.name);
    const hasChanged = kept !== undefined && kept !== tool.hash;
    return {
      label: withoutIcons(visible(tool.name)),
      description: hasChanged ? 'changed since you chose it: not offered until you choose it again' : '',
      detail: withoutIcons(firstLine(visible(tool.description), 300)),
      picked: kept === tool.hash,
      tool,
    };
  });
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Tools of VS Code that agents may use',
    placeHolder: 'They ask like any other step; what they answer counts as words of somebody else',
    canPickMany: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  if (picked === undefined) return false;
  const here = new Set(available.map(({ name }) => name));
  // What is not there just now, since its server does not run, stays chosen.
  const others = [...before].filter(([name]) => !here.has(name));
  await writeChosen(
    state,
    new Map([...others, ...picked.map(({ tool: { name, hash } }) => [name, hash] as const)]),
  );
  vscode.window.showInformationMessage(
    picked.length === 0
      ? 'Agents have no tool of VS Code.'
      : `Agents have ${count(picked.length, 'tool')} of VS Code from their next message on.`,
  );
  return true;
};

export const createEditorTools = (ports: EditorToolsPorts): EditorTools => ({
  tools: () => {
    if (!isOn()) return [];
    const chosen = readChosen(ports.state);
    const all = editorToolsNow() ?? [];
    // Over all of them: what a tool is called must not depend on what else was chosen.
    const names = editorToolNames(all.map(({ name }) => name));
    return all
      .filter(({ name, hash }) => chosen.get(name) === hash)
      .map((tool) => toolOf(tool, names.get(tool.name) ?? tool.name, ports));
  },
  choose: () => choose(ports.state),
});
