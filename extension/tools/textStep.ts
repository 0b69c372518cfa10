/** The step that writes one text file, and what becomes of it when the person changes it first. */
import type { AcceptedText } from '../core/approver.ts';
import { counted, countLines } from '../core/text.ts';
import { type PreparedStep, ToolError } from '../core/tool.ts';
import type { WorkspacePath } from '../core/workspace.ts';
import { changeAccess } from './access.ts';
import { countsOf, fileDiff } from './fileDiff.ts';
import { withEndingsOf, withPlainEndings } from './lineEndings.ts';
import {
  acceptedOf,
  changeLine,
  editableLimit,
  reviewOf,
  type TextChange,
  type TextFile,
  type WritingPorts,
  type Written,
  writeChange,
} from './writing.ts';

export const textChange = (
  target: WorkspacePath,
  before: TextFile | undefined,
  after: string,
): TextChange => ({
  target,
  before,
  after,
  diff: fileDiff({ path: target.label, before: before?.text, after }),
});

export interface TextStepWords {
  readonly verb: 'Edit' | 'Create' | 'Overwrite';
  /** What is told to the model of what was written as it proposed it: `1 edit made in a.ts (+1 -1).` */
  done(written: Written): string;
}

const doneAmended = ({ target, before }: TextChange, { diff }: Written): string =>
  `${before === undefined ? 'Created' : 'Wrote'} ${target.label} (${countsOf(diff)}).`;

/** @throws ToolError when it cannot be written, or is what the file has already */
const amended = (change: TextChange, accepted: readonly AcceptedText[]): TextChange => {
  const { target, before, after } = change;
  const [own, another] = accepted;
  if (own === undefined) return change;
  if (own.file !== target.editorFile || another !== undefined) {
    throw new ToolError(
      `What was accepted is not for ${target.label} alone. Nothing was written. Propose the edit again.`,
    );
  }
  if (own.text.length > editableLimit) {
    throw new ToolError(`What the person made of ${target.label} is too long. Nothing was written.`);
  }
  const text = own.text.replace(/^\ufeff/, '');
  const plain = withPlainEndings(text);
  if (plain === withPlainEndings(after)) return change;
  if (plain === withPlainEndings(before?.text ?? '')) {
    throw new ToolError('The person left nothing of this change.');
  }
  const references = before === undefined ? [after] : [after, before.text];
  return {
    ...textChange(target, before, withEndingsOf(references, text)),
    proposed: change.proposed ?? after,
  };
};

export const textStep = (ports: WritingPorts, change: TextChange, words: TextStepWords): PreparedStep => {
  const { target, before, diff, proposed } = change;
  return {
    title: target.label,
    effect: 'write',
    targets: [target.label],
    access: changeAccess(ports.files, 'write', [target]),
    approval: { title: `${words.verb} ${target.label}?`, detail: changeLine(change), diffs: [diff] },
    changes: [reviewOf(change)],
    ...(proposed === undefined ? {} : { accepted: [acceptedOf(change)] }),
    run: async (signal) => {
      const written = await writeChange(ports, change, signal);
      const counts = countsOf(written.diff);
      const done = proposed === undefined ? words.done(written) : doneAmended(change, written);
      const summary = before === undefined ? `created, ${counted(countLines(written.text), 'line')}` : counts;
      return {
        content: [{ type: 'text', text: `${done}${written.note}` }],
        isError: false,
        summary: proposed === undefined ? summary : `${summary}, changed by you`,
        diffs: [written.diff],
      };
    },
    amend: (accepted) => textStep(ports, amended(change, accepted), words),
  };
};
