/** The question on the phone: exactly what would run, and nothing in it that could pass for something else. */
import type { ApprovalRequest } from '../core/approver.ts';
import type { FileChange } from '../core/tool.ts';
import type { FileDiff } from '../shared/event.ts';
import { coarseDiff } from './coarseDiff.ts';
import { clockText, diffTitle, exactLine, outgoing, visible } from './replyWords.ts';
import { bold, code, plainSpan, preformatted, type Span } from './richText.ts';
import { cutPlace, partLimit } from './split.ts';
import type { Button, Outgoing, Upload } from './types.ts';

export interface ApprovalTextOptions {
  /** The bot may allow more than this once. */
  readonly allowsRules: boolean;
  /** The question is of work that was not asked for in this conversation. */
  readonly isNotice: boolean;
  /** Whose message it is for, where that is somebody else than who is asked; a name that they gave themselves. */
  readonly askedBy?: string;
  /** Unified hunks of a whole change. Absent: one hunk from the first to the last line that differ. */
  readonly diffOf?: (change: FileChange) => string;
}

/** Longest that a label of what would be allowed can be: what cannot be read to its end is not offered. */
const labelLimit = 300;
/** Room for the details of a step that has diffs too. */
const detailLimit = 1_500;

const whole = 'whole in the document';

/** Blanks in such numbers push what follows out of sight; a braille cell without dots is one that is no space. */
const pushes = / {40,}|\t{16,}|\u2800+|\n(?:[ \t]*\n){5,}/g;

const countedBlanks = (blanks: string): string => {
  if (!blanks.startsWith('\n'))
    return `\\u{${(blanks.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}×${blanks.length}`;
  return `\n\\n×${blanks.split('\n').length - 2}\n`;
};

const withLineFeeds = (text: string): string => text.replaceAll('\r\n', '\n');

interface Shown {
  readonly text: string;
  /** Characters that are left out; 0: everything is there. */
  readonly missing: number;
}

const shown = (text: string, limit: number): Shown => {
  const told = visible(withLineFeeds(text)).replace(pushes, countedBlanks);
  if (told.length <= limit) return { text: told, missing: 0 };
  const end = cutPlace(told, 0, limit);
  return { text: told.slice(0, end), missing: told.length - end };
};

const missingNote = ({ missing }: Shown): string =>
  missing === 0 ? '' : `… +${missing.toLocaleString('en-US')} characters, ${whole}\n`;

const buttonsOf = (id: string, session: string | undefined): readonly (readonly Button[])[] => [
  [
    { text: 'Allow once', data: `a1:o:${id}`, style: 'success' },
    ...(session === undefined ? [] : [{ text: 'Allow for this chat', data: `a1:s:${id}` }]),
  ],
  [
    { text: 'Deny', data: `a1:d:${id}`, style: 'danger' },
    { text: 'Deny & stop', data: `a1:x:${id}` },
  ],
];

const place = ({ step, prompt }: ApprovalRequest): string => {
  if (step.effect !== 'execute' && prompt.isSandboxed === undefined) return '';
  return prompt.isSandboxed === true
    ? '🔒 Runs in the sandbox\n'
    : '⚠ Runs on the computer itself, not in the sandbox\n';
};

/** Longer lines of a patch, and more of them, are left out of it before it comes here. */
const isWholePatch = ({ patch, omittedLines }: FileDiff): boolean =>
  omittedLines === 0 && !/… \[\d+ more characters\]$/m.test(patch);

const headOf = ({ path, before, after }: FileChange): string =>
  [
    `--- ${before === undefined ? '/dev/null' : path}`,
    `+++ ${after === undefined ? '/dev/null' : path}`,
  ].join('\n');

/** As in the message: what a viewer hides or turns around would make a document look like another one, too. */
const visibleLines = (text: string): string => text.split('\r\n').map(visible).join('\r\n');

const documentOf = (request: ApprovalRequest, id: string, options: ApprovalTextOptions): Upload => {
  const { prompt, changes, agentName } = request;
  const { diffOf = coarseDiff } = options;
  const diffs =
    changes.length > 0
      ? changes.map((change) => `${headOf(change)}\n${diffOf(change)}`)
      : prompt.diffs.map((diff) =>
          [
            `--- ${diff.path}\n+++ ${diff.movedTo ?? diff.path}\n${diff.patch}`,
            ...(isWholePatch(diff)
              ? []
              : [`(${diff.omittedLines} more lines, and the rest of long ones, are only in VS Code)`]),
          ].join('\n'),
        );
  const text = visibleLines(
    [`${prompt.title}\n${agentName}: ${prompt.reason}`, prompt.detail, ...diffs].join('\n\n'),
  );
  return {
    name: `approval-${id}.${diffs.length > 0 ? 'diff' : 'txt'}`,
    bytes: new TextEncoder().encode(`${text}\n`),
    kind: 'document',
    caption: `Everything that is asked in ${id}`,
  };
};

/** @param id of the card: in the buttons, and for `/approve` */
export const approvalText = (
  request: ApprovalRequest,
  id: string,
  options: ApprovalTextOptions,
): { readonly message: Outgoing; readonly document?: Upload } => {
  const { prompt, agentName } = request;
  const offer = options.allowsRules
    ? prompt.offers.find(({ duration }) => duration === 'session')
    : undefined;
  const label = offer === undefined ? undefined : visible(offer.label);
  const session = label === undefined || label.length > labelLimit ? undefined : label;

  const asker = options.askedBy === undefined ? '' : `, for ${exactLine(options.askedBy, 60)}`;
  const spans: Span[] = [
    bold(`${prompt.isCautioned ? '⚠️' : '❓'} ${exactLine(prompt.title, 200)}`),
    plainSpan(
      `\n${exactLine(agentName, 80)}${options.isNotice ? ', at work in VS Code' : asker}: ${exactLine(prompt.reason, 300)}\n`,
    ),
    plainSpan(place(request)),
  ];
  const end: Span[] = [
    plainSpan(session === undefined ? '' : `“Allow for this chat” allows: ${session}\n`),
    plainSpan(
      prompt.expiresAt === undefined ? '' : `Until ${clockText(prompt.expiresAt)}, then it is denied.\n`,
    ),
    plainSpan('Or write '),
    code(`/approve ${id}`),
    plainSpan(' or '),
    code(`/deny ${id}`),
  ];

  let left = partLimit - [...spans, ...end].reduce((sum, { text }) => sum + text.length, 0);
  const cutBefore = left;
  let isWhole = true;
  const add = (text: string, limit: number, language?: string): void => {
    if (text === '') return;
    // Room for the note, and for the line break around it.
    const piece = shown(text, Math.max(100, Math.min(limit, left) - 80));
    const missing = missingNote(piece);
    isWhole &&= piece.missing === 0 && piece.text === visible(withLineFeeds(text));
    spans.push(preformatted(piece.text, language), plainSpan(`\n${missing}`));
    left -= piece.text.length + missing.length + 1;
  };
  add(prompt.detail, prompt.diffs.length > 0 ? detailLimit : cutBefore);
  let untold = 0;
  for (const diff of prompt.diffs) {
    const title = `📄 ${diffTitle(diff)}\n`;
    if (left < title.length + 300) {
      untold += 1;
      continue;
    }
    spans.push(bold(title));
    left -= title.length;
    add(diff.patch, left - 60, 'diff');
    isWhole &&= isWholePatch(diff);
    if (diff.omittedLines > 0) {
      const omitted = `… ${diff.omittedLines.toLocaleString('en-US')} more lines, ${whole}\n`;
      spans.push(plainSpan(omitted));
      left -= omitted.length;
    }
  }
  if (untold > 0) spans.push(plainSpan(`… and ${untold} more files, ${whole}\n`));
  const message = outgoing([...spans, ...end], buttonsOf(id, session));
  return isWhole && untold === 0 ? { message } : { message, document: documentOf(request, id, options) };
};

export type ApprovalEnd =
  | {
      readonly kind: 'approved' | 'denied';
      readonly by: string;
      readonly at: number;
      readonly scope?: 'session';
    }
  | { readonly kind: 'expired' }
  /** Answered at the desk. */
  | { readonly kind: 'elsewhere'; readonly isApproved?: boolean }
  /** The work ended, or the window did, before anybody answered. */
  | { readonly kind: 'gone' };

const endLine = (end: ApprovalEnd): string => {
  switch (end.kind) {
    case 'approved': {
      const scope = end.scope === 'session' ? ', for this chat' : '';
      return `✅ Approved by ${exactLine(end.by, 80)} at ${clockText(end.at)}${scope}`;
    }
    case 'denied':
      return `⛔ Denied by ${exactLine(end.by, 80)} at ${clockText(end.at)}`;
    case 'expired':
      return '⌛ Expired: nobody answered in time, and it did not run';
    case 'elsewhere': {
      if (end.isApproved === undefined) return 'Answered in VS Code';
      return end.isApproved ? '✅ Approved in VS Code' : '⛔ Denied in VS Code';
    }
    case 'gone':
      return '⛔ Denied: the work ended before anybody answered';
  }
};

/** What a question becomes; without buttons. @param title of its prompt, where that is still known */
export const answeredText = (end: ApprovalEnd, title = ''): Outgoing =>
  outgoing([bold(endLine(end)), plainSpan(title === '' ? '' : `\n${exactLine(title, 300)}`)]);
