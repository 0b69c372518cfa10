/** How a waiting step, or several that are asked together, reads in a dialog or a notification. Pure. */
import type { ApprovalRequest, Decision, DecisionScope } from '../core/approver.ts';
import type { FileDiff } from '../shared/event.ts';
import type { RuleDuration } from '../shared/rule.ts';
import { count } from './words.ts';

/** One question: a step, or steps of one turn that are alike and are answered together. Never empty. */
export interface Question {
  readonly requests: readonly ApprovalRequest[];
}

export type Pick = DecisionScope | 'reject' | 'review';

export interface Choice {
  readonly title: string;
  readonly pick: Pick;
}

/** More than a dialog can list in full are asked in several. */
export const groupLimit = 10;

/** A dialog does not scroll everywhere, and its buttons must stay on the screen. */
const patchLines = 24;
const lineLength = 120;
const payloadRows = 30;
/** Of a longer one so much is shown, and it cannot be approved there. */
const headRows = 16;
const tailRows = 6;

/** VS Code cuts the text of a notification that is longer than 1,000 characters. */
const notificationLimit = 900;

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

const verbOf = (diffs: readonly FileDiff[]): string => {
  const kinds = new Set(diffs.map(({ kind }) => kind));
  const [only] = kinds;
  if (kinds.size !== 1 || only === undefined) return 'Edit';
  return { created: 'Create', changed: 'Edit', deleted: 'Delete', moved: 'Move' }[only];
};

const groupTitle = (requests: readonly ApprovalRequest[]): string => {
  const number = requests.length;
  const effects = distinct(requests.map(({ step }) => step.effect));
  if (effects.length > 1) return `Run ${count(number, 'step')}?`;
  switch (requests[0]?.step.effect) {
    case 'execute':
      return `Run ${count(number, 'command')}?`;
    case 'network':
      return `Send ${count(number, 'request')}?`;
    case 'read':
      return `Read ${count(number, 'protected file')}?`;
    default: {
      const diffs = requests.flatMap(({ prompt }) => prompt.diffs);
      const targets = requests.flatMap(({ step, prompt }) =>
        prompt.diffs.length > 0 ? prompt.diffs.map(({ path }) => path) : step.targets,
      );
      const files = distinct(targets).length;
      const steps = files === number ? '' : ` in ${count(number, 'step')}`;
      return `${verbOf(diffs)} ${count(files, 'file')}${steps}?`;
    }
  }
};

export const questionTitle = ({ requests }: Question): string => {
  const [first] = requests;
  const title = requests.length === 1 ? first?.prompt.title : groupTitle(requests);
  return `${first?.agentName ?? 'The agent'}: ${title ?? ''}`;
};

/** The change itself as far as a dialog can show it, and how much more there is to review. */
const patchOf = ({ prompt }: ApprovalRequest): string => {
  const lines = prompt.diffs.flatMap(({ path, patch }) =>
    patch === '' ? [] : [...(prompt.diffs.length > 1 ? [path] : []), ...patch.split('\n')],
  );
  const omitted = prompt.diffs.reduce((sum, diff) => sum + diff.omittedLines, 0);
  const more = lines.length - patchLines + omitted;
  return [
    ...lines
      .slice(0, patchLines)
      .map((line) => (line.length > lineLength ? `${line.slice(0, lineLength)}…` : line)),
    ...(more > 0 ? [`… ${more} more lines: choose Review to see them.`] : []),
  ].join('\n');
};

/** What the tools say of each step of a group: a path with the link it goes through, a command with its folder. */
const listed = (requests: readonly ApprovalRequest[]): string =>
  requests
    .map(({ prompt }, index) => {
      const isDeletion = prompt.diffs.length > 0 && prompt.diffs.every(({ kind }) => kind === 'deleted');
      const payload = `${isDeletion ? 'Delete ' : ''}${prompt.detail}`;
      return `${index + 1}. ${payload.replaceAll(/\n{2,}/g, '\n').replaceAll('\n', '\n   ')}`;
    })
    .join('\n');

/** As a dialog wraps them, roughly. */
const rowsOf = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => {
    const pieces: string[] = [];
    for (let at = 0; at === 0 || at < line.length; at += lineLength)
      pieces.push(line.slice(at, at + lineLength));
    return pieces;
  });

/** The exact payload; of one that is too long for a dialog the beginning and the end. */
const payloadOf = ({ requests }: Question): { readonly text: string; readonly isWhole: boolean } => {
  const [first] = requests;
  const text = requests.length === 1 ? (first?.prompt.detail ?? '') : listed(requests);
  const rows = rowsOf(text);
  if (rows.length <= payloadRows) return { text, isWhole: true };
  const more = `… +${count(rows.length - headRows - tailRows, 'line')} …`;
  const cut = [...rows.slice(0, headRows), more, ...rows.slice(-tailRows)].join('\n');
  // Only edits are reviewed together.
  const isShownWhole = requests.length === 1 || requests.every(({ changes }) => changes.length > 0);
  const where = isShownWhole
    ? 'choose Review to see all of it'
    : 'Review shows the first, and the cards in the chat each of them whole';
  return { text: `${cut}\n\nIt is too long for a dialog: ${where}.`, isWhole: false };
};

/** What every step of the question offers for this long; undefined where one of them does not. */
const offerLabels = (question: Question, duration: RuleDuration): readonly string[] | undefined => {
  const { requests } = question;
  if (!payloadOf(question).isWhole) return undefined;
  const labels = requests.map(
    ({ prompt }) => prompt.offers.find((offer) => offer.duration === duration)?.label,
  );
  return labels.every((label) => label !== undefined) ? distinct(labels) : undefined;
};

const offerTitles: readonly (readonly [duration: RuleDuration, title: string, from: string])[] = [
  ['session', 'Approve for this chat', '“Approve for this chat” covers from now on'],
  ['workspace', 'Always in this workspace', '“Always in this workspace” covers from now on'],
];

const undoText = ({ requests }: Question): string => {
  if (requests.every(({ step }) => step.effect === 'write')) return 'Can be undone.';
  return requests.some(({ step }) => step.effect === 'execute')
    ? 'What a command changes in the workspace can be undone only as far as that is seen.'
    : '';
};

/** Of several: sandboxed only where all are. */
const placeText = ({ requests }: Question): string => {
  const commands = requests.filter(({ step }) => step.effect === 'execute');
  if (commands.length === 0) return '';
  return commands.every(({ prompt }) => prompt.isSandboxed === true)
    ? 'Sandboxed.'
    : 'Not sandboxed: it can do on this computer whatever you can.';
};

/** @param waiting steps that wait besides those of this question */
export const detailOf = (question: Question, waiting: number): string => {
  const { requests } = question;
  const [first] = requests;
  if (first === undefined) return '';
  const isSingle = requests.length === 1;
  const cautions = requests.filter(({ prompt }) => prompt.isCautioned).map(({ prompt }) => prompt.reason);
  const reasons = requests.filter(({ prompt }) => !prompt.isCautioned).map(({ prompt }) => prompt.reason);
  const expiresAt = Math.min(...requests.map(({ prompt }) => prompt.expiresAt ?? Number.POSITIVE_INFINITY));
  const time = (at: number): string => new Date(at).toLocaleTimeString(undefined, { timeStyle: 'short' });
  return [
    payloadOf(question).text,
    isSingle ? patchOf(first) : '',
    cautions.length === 0 ? '' : `Careful: ${distinct(cautions).join('; ')}.`,
    reasons.length === 0 ? '' : `It asks because: ${distinct(reasons).join('; ')}.`,
    ...offerTitles.map(([duration, , from]) => {
      const labels = offerLabels(question, duration);
      return labels === undefined ? '' : `${from}: ${labels.join('; ')}.`;
    }),
    placeText(question),
    undoText(question),
    waiting > 0 ? `${waiting} more waiting.` : '',
    Number.isFinite(expiresAt) ? `Not answered by ${time(expiresAt)}, it counts as rejected.` : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};

/**
 * VS Code focuses the first one in a dialog, and Enter presses it: it may be meant for the editor, so it rejects. What
 * closes (`isCloseAffordance`) would not be first, so Esc is left to the Cancel that VS Code adds.
 */
export const choicesOf = (question: Question): readonly Choice[] => {
  const isMany = question.requests.length > 1;
  const approve: Choice = { title: isMany ? 'Approve all' : 'Approve', pick: 'once' };
  return [
    { title: isMany ? 'Reject all' : 'Reject', pick: 'reject' },
    // Nobody approves what they have not seen.
    ...(payloadOf(question).isWhole ? [approve] : []),
    ...offerTitles.flatMap(([duration, title]) =>
      offerLabels(question, duration) === undefined ? [] : [{ title, pick: duration }],
    ),
    { title: 'Review', pick: 'review' },
  ];
};

/** The end of what is said of every command. */
const commandPlace =
  /\n\nFolder: [^\n]*(?:\n(?:In the sandbox|Not sandboxed): [^\n]*)?(?:\nDeadline: [^\n]*)?$/;

/** In one line the lines of a payload could not be told from what is said about it. */
const isOneLine = ({ requests }: Question): boolean => {
  const [first, another] = requests;
  if (first === undefined || another !== undefined) return false;
  // Paths have no line breaks in them.
  const { prompt } = first;
  return prompt.diffs.length > 0 || !prompt.detail.replace(commandPlace, '').includes('\n');
};

/**
 * A notification has no detail: what is asked is in its one line. Where that does not hold it all, it cannot be approved
 * there, only looked at and rejected.
 */
export const notificationOf = (
  question: Question,
  waiting: number,
): { readonly message: string; readonly choices: readonly Choice[] } => {
  const choices = choicesOf(question);
  const detail = detailOf(question, waiting).replaceAll(/\s*\n\s*/g, ' · ');
  const message = `${questionTitle(question)} ${detail}`;
  if (message.length <= notificationLimit && isOneLine(question)) return { message, choices };
  return {
    message: `${questionTitle(question).slice(0, lineLength)} There is more than a notification can show: choose Review to see it.`,
    choices: choices.filter(({ pick }) => pick === 'reject' || pick === 'review'),
  };
};

export const decisionOf = (pick: Exclude<Pick, 'review'>, surface: string): Decision => ({
  approved: pick !== 'reject',
  scope: pick === 'reject' ? 'once' : pick,
  by: 'user',
  surface,
});
