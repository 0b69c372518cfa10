/** The words that a bot's messages share. */
import { counted } from '../core/text.ts';
import type { StepStatus } from '../shared/chat.ts';
import type { FileDiff, Step } from '../shared/event.ts';
import { verbOf } from '../shared/toolVerb.ts';
import { bold, plainSpan, type RichText, toHtml, toPlain } from './richText.ts';
import type { Button, Outgoing } from './types.ts';

/** What cannot be seen, turns text around, or passes for a space: it could make a text look like another one. */
const hidden =
  /[^\P{Cc}\n\t]|[\u2028\u2029]|\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}|[^\P{Zs} ]|\p{Cs}/gu;

const escapeOf = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`;

/** With escapes for what could not be seen: `\u{202e}`. */
export const visible = (text: string): string => text.replace(hidden, escapeOf);

const cutLine = (line: string, limit: number): string =>
  line.length <= limit ? line : `${line.slice(0, limit - 1)}…`.toWellFormed();

/** As `visible`, on one line of at most `limit` characters: for what a person decides by. */
export const exactLine = (text: string, limit: number): string =>
  cutLine(visible(text.replaceAll(/\s+/g, ' ').trim()), limit);

/** On one line of at most `limit` characters that turns nothing around; pictures of several letters stay whole. */
export const oneLine = (text: string, limit: number): string =>
  cutLine(
    text
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/\p{Bidi_Control}/gu, '')
      .trim(),
    limit,
  );

/** `Run npm test`. */
export const stepTitle = ({ tool, title }: Step, limit: number): string =>
  oneLine(`${verbOf(tool)} ${title}`, limit);

export const stepMarks: Readonly<Record<StepStatus, string>> = {
  waiting: '❓',
  running: '▸',
  completed: '✓',
  failed: '✗',
  rejected: '⊘',
  cancelled: '■',
  interrupted: '⚠',
};

/** `45 s`, `1 min 20 s`, `2 h 5 min`. */
export const durationText = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
};

/** `14:05`, as the clock of this computer shows it. */
export const clockText = (at: number): string => {
  const date = new Date(at);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
};

/** `950 tokens`, `12k tokens`, `1.2M tokens`: it changes with what is worth telling. */
export const tokensText = (tokens: number): string => {
  if (tokens < 1_000) return counted(tokens, 'token');
  return tokens < 1_000_000
    ? `${Math.round(tokens / 1_000)}k tokens`
    : `${(tokens / 1_000_000).toFixed(1)}M tokens`;
};

/** `$0.04`; undefined below a cent. */
export const costText = (usd: number): string | undefined => (usd < 0.01 ? undefined : `$${usd.toFixed(2)}`);

/** `New file src/a.ts  +3 −1`. */
export const diffTitle = (diff: FileDiff): string => {
  const kind = { created: 'New file ', changed: '', deleted: 'Deleted ', moved: 'Moved ' }[diff.kind];
  const target = diff.movedTo === undefined ? '' : ` to ${exactLine(diff.movedTo, 200)}`;
  return `${kind}${exactLine(diff.path, 200)}${target}  +${diff.added} −${diff.removed}`;
};

export const outgoing = (rich: RichText, buttons?: Outgoing['buttons']): Outgoing => ({
  html: toHtml(rich),
  plain: toPlain(rich),
  ...(buttons === undefined || buttons.length === 0 ? {} : { buttons }),
});

/** A message of sentences, the first one in bold. */
export const note = (title: string, text = '', buttons?: Outgoing['buttons']): Outgoing =>
  outgoing([bold(title), plainSpan(text === '' ? '' : `\n${text}`)], buttons);

export const stopButton: Button = { text: 'Stop', data: 'q1:stop', style: 'danger' };
export const continueButton: Button = { text: 'Continue', data: 'q1:go', style: 'primary' };
