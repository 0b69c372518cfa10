/** A person who answers what MCP servers ask: lists and fields are looked at, and answered or left open. */
import type { McpFormField, McpSampling } from '../../extension/core/mcp.ts';
import type { SamplingTarget } from '../../extension/core/sampling.ts';
import { problemOf, secretAsked } from '../../extension/mcp/elicitation.ts';
import type { McpSource } from '../../extension/shared/mcp.ts';
import { env, type Uri, window } from '../fakes/vscode.ts';
import { contentProviders } from '../fakes/vscodeLanguages.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createMcpPeople } = await loadWithVscode(() => import('../../extension/vscode/mcpPeople.ts'));
const { createMcpDocuments } = await loadWithVscode(() => import('../../extension/vscode/mcpDocuments.ts'));

interface Token {
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export interface Shown {
  readonly title: string;
  readonly placeHolder: string;
  readonly prompt: string;
  readonly value: string;
  readonly password: boolean;
  /** Labels with descriptions; of a field: none. */
  readonly rows: readonly string[];
  readonly picked: readonly string[];
  /** Of a field: why a text does not fit. */
  problem(text: string): unknown;
}

/** A label; labels; a text; `undefined`: closed. `leave`: it stays open. */
export type Reply = string | readonly string[] | undefined | typeof leave;
export const leave = Symbol('leave');

const textAt = (from: object | undefined, name: string): string => {
  const value: unknown = from === undefined ? '' : Reflect.get(from, name);
  return typeof value === 'string' ? value : '';
};
const labelOf = (item: object): string =>
  [textAt(item, 'label'), textAt(item, 'description')].filter((each) => each !== '').join(' | ');

/** Puts a person in front of the window. @returns what they see */
export const seat = () => {
  const shown: Shown[] = [];
  const replies: Reply[] = [];
  let open = 0;
  const original = { showQuickPick: window.showQuickPick, showInputBox: window.showInputBox };

  const see = (options: object | undefined, items: readonly object[]): void => {
    const validate: unknown = options === undefined ? undefined : Reflect.get(options, 'validateInput');
    shown.push({
      title: textAt(options, 'title'),
      placeHolder: textAt(options, 'placeHolder'),
      prompt: textAt(options, 'prompt'),
      value: textAt(options, 'value'),
      password: options !== undefined && Reflect.get(options, 'password') === true,
      rows: items.map(labelOf),
      picked: items.filter((item) => Reflect.get(item, 'picked') === true).map(labelOf),
      problem: (text) => (typeof validate === 'function' ? Reflect.apply(validate, undefined, [text]) : ''),
    });
  };
  const answer = async (token: Token | undefined, of: (reply: Reply) => unknown): Promise<unknown> => {
    const reply = replies.length === 0 ? leave : replies.shift();
    if (reply !== leave) return of(reply);
    open += 1;
    return new Promise((resolve) => {
      token?.onCancellationRequested(() => {
        open -= 1;
        resolve(undefined);
      });
    });
  };
  const find = (items: readonly object[], label: string): object => {
    const found = items.find((item) => textAt(item, 'label') === label);
    if (found === undefined) throw new Error(`There is no ${label} among ${items.map(labelOf).join(', ')}`);
    return found;
  };
  Object.assign(window, {
    showQuickPick: (items: readonly object[], options?: object, token?: Token) => {
      see(options, items);
      return answer(token, (reply) =>
        Array.isArray(reply)
          ? reply.map((label) => find(items, String(label)))
          : typeof reply === 'string'
            ? find(items, reply)
            : undefined,
      );
    },
    showInputBox: (options?: object, token?: Token) => {
      see(options, []);
      return answer(token, (reply) => reply);
    },
  });
  return {
    shown,
    reply: (...more: readonly Reply[]) => void replies.push(...more),
    isOpen: () => open > 0,
    restore: () => void Object.assign(window, original),
  };
};

/** What is written in a document that was shown. */
export const documentText = async (uri: unknown): Promise<string> => {
  const provider = contentProviders.get('anycowork-mcp');
  if (provider === undefined) throw new Error('Nobody gives the text of documents.');
  return provider.provideTextDocumentContent(uri as Uri);
};

export const memento = () => {
  const values = new Map<string, unknown>();
  return {
    values,
    get: <T>(key: string): T | undefined => values.get(key) as T | undefined,
    update: async (key: string, value: unknown): Promise<void> => {
      if (value === undefined) values.delete(key);
      else values.set(key, value);
    },
  };
};

export const target: SamplingTarget = {
  model: { provider: 'gemini', model: 'flash' },
  place: { jobId: 'job', sessionId: 'chat', agentId: 'agent' },
};

export const peopleRig = (
  answer: (request: McpSampling) => Promise<string> = async () => 'The answer.',
  found: SamplingTarget | undefined = target,
) => {
  const state = memento();
  const errors: unknown[] = [];
  const documents = createMcpDocuments();
  const people = createMcpPeople({
    documents,
    state,
    problemOf,
    secretAsked,
    redact: (text) => text.replaceAll('hunter2-hunter2', '[redacted]'),
    sampling: { answer },
    samplingTarget: async () => found,
    logError: (error) => void errors.push(error),
  });
  Object.assign(env, {
    asExternalUri: async (uri: object) => ({ toString: () => `outside ${textAt(uri, 'path')}` }),
  });
  return { people, documents, state, errors };
};

export const userSource: McpSource = {
  place: 'user',
  file: '/home/ann/mcp.json',
  label: 'your servers',
  line: 1,
};
export const folderSource: McpSource = {
  place: 'vscode',
  file: '/work/.vscode/mcp.json',
  label: '.vscode/mcp.json',
  folder: '/work',
  line: 3,
};

export const textField = (key: string, more: Partial<McpFormField> = {}): McpFormField => ({
  key,
  title: key,
  isRequired: false,
  kind: { type: 'text' },
  ...more,
});
