/** Forms that servers ask to be filled in, and pages that they ask to be opened. */
import * as vscode from 'vscode';
import type { McpElicitation, McpFormAnswer, McpFormField } from '../core/mcp.ts';
import { markedLines } from '../core/shownText.ts';
import type { JsonValue } from '../shared/message.ts';
import type { McpDocuments } from './mcpDocuments.ts';
import { answerText, askField, type FieldPorts, fieldName } from './mcpElicitField.ts';
import { choose, tokenOf } from './mcpPeopleAsk.ts';
import { called } from './mcpWords.ts';
import { visible } from './skillWords.ts';
import { count, firstLine, withoutIcons } from './words.ts';

export interface FormPorts extends FieldPorts {
  readonly documents: Pick<McpDocuments, 'show'>;
  /** What in a form asks for a secret; undefined: nothing. */
  secretAsked(message: string, fields: readonly McpFormField[]): string | undefined;
}

type Form = Extract<McpElicitation, { kind: 'form' }>;
type Answers = ReadonlyMap<string, JsonValue>;

const decline: McpFormAnswer = { action: 'decline' };
const cancel: McpFormAnswer = { action: 'cancel' };

/** A longer message is shown in a document. */
const shortMessage = 120;

const formText = ({ server, message, fields }: Form): string =>
  [
    `The MCP server ${called(server)} asks you to fill in a form. These are its words:`,
    '',
    markedLines(message),
    '',
    `It asks for ${count(fields.length, 'value')}:`,
    '',
    ...fields.map((field) =>
      markedLines(
        [fieldName(field), ...(field.description === undefined ? [] : [field.description])].join('\n'),
      ),
    ),
    '',
    'What you answer goes to that server. Passwords and keys do not belong into a form.',
    '',
  ].join('\n');

/** @returns whether the person wants to answer */
const begin = async (
  form: Form,
  ports: FormPorts,
  signal: AbortSignal,
): Promise<McpFormAnswer | 'answer'> => {
  const { server, message, fields } = form;
  const name = called(server);
  const line = firstLine(visible(message), shortMessage);
  const isShort = line === visible(message).trim();
  const show = () => ports.documents.show(`MCP server ${name} asks`, formText(form));
  if (!isShort) await show();
  for (;;) {
    const picked = await choose(
      `The MCP server ${name} asks`,
      `Its words: “${line}”`,
      [
        {
          label: 'Answer…',
          detail: `${count(fields.length, 'field')}: ${firstLine(fields.map(fieldName).join(', '), 150)}. You see all of it again before it is sent to ${name}`,
          pick: 'answer' as const,
        },
        { label: 'Decline', detail: 'The server is told that you do not want to', pick: 'decline' as const },
        { label: 'Show Its Whole Words', pick: 'show' as const },
      ],
      signal,
    );
    if (picked === 'answer') return 'answer';
    if (picked !== 'show') return picked === 'decline' ? decline : cancel;
    await show();
  }
};

/** @returns the answers; undefined when it was closed */
const fill = async (
  form: Form,
  fields: readonly McpFormField[],
  before: Answers,
  ports: FormPorts,
  signal: AbortSignal,
): Promise<Answers | undefined> => {
  const answers = new Map(before);
  for (const [index, field] of fields.entries()) {
    const step = fields.length === 1 ? '' : ` (${index + 1} of ${fields.length})`;
    const title = `MCP server ${called(form.server)}${step}: ${fieldName(field)}`;
    const answer = await askField(field, title, answers.get(field.key), ports, signal);
    if (answer.kind === 'closed') return undefined;
    if (answer.kind === 'left') answers.delete(field.key);
    else answers.set(field.key, answer.value);
  }
  return answers;
};

const defaultsOf = (fields: readonly McpFormField[]): Answers =>
  new Map(
    fields.flatMap(({ key, default: value }): readonly [string, JsonValue][] => {
      if (value === undefined) return [];
      return [[key, typeof value === 'object' ? [...value] : value]];
    }),
  );

interface Row extends vscode.QuickPickItem {
  readonly pick?: 'again' | 'send' | 'decline' | McpFormField;
}

/** All that would be sent. What is picked first does no harm. */
const confirm = (form: Form, answers: Answers, signal: AbortSignal): Thenable<Row | undefined> => {
  const name = called(form.server);
  const rows: readonly Row[] = [
    { label: 'Look Through It Again', pick: 'again' },
    { label: withoutIcons(`Send to ${name}`), pick: 'send' },
    { label: 'Decline', detail: 'Nothing is sent', pick: 'decline' },
    { label: 'What is sent; choose one to change it', kind: vscode.QuickPickItemKind.Separator },
    ...form.fields.map((field) => ({
      label: withoutIcons(fieldName(field)),
      description: withoutIcons(answerText(field, answers.get(field.key))),
      pick: field,
    })),
  ];
  const options = {
    title: `Send this to the MCP server ${name}?`,
    placeHolder: 'Nothing has been sent yet',
    ignoreFocusOut: true,
  };
  return vscode.window.showQuickPick(rows, options, tokenOf(signal));
};

/** Own properties only, whatever a field is called. */
const contentOf = ({ fields }: Form, answers: Answers): Record<string, JsonValue> => {
  const content: Record<string, JsonValue> = {};
  for (const { key } of fields) {
    const value = answers.get(key);
    if (value === undefined) continue;
    Object.defineProperty(content, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return content;
};

export const askForm = async (form: Form, ports: FormPorts, signal: AbortSignal): Promise<McpFormAnswer> => {
  const { message, fields } = form;
  // They do not come here; a form that one could be typed into is not shown in any case.
  if (ports.secretAsked(message, fields) !== undefined) return decline;
  const begun = await begin(form, ports, signal);
  if (begun !== 'answer') return begun;
  let answers = await fill(form, fields, defaultsOf(fields), ports, signal);
  while (answers !== undefined) {
    const picked = (await confirm(form, answers, signal))?.pick;
    if (signal.aborted || picked === undefined) return cancel;
    if (picked === 'decline') return decline;
    if (picked === 'send') return { action: 'accept', content: contentOf(form, answers) };
    const again = picked === 'again' ? fields : [picked];
    answers = await fill(form, again, answers, ports, signal);
  }
  return cancel;
};
