/** What a review shows as text. Pure. */
import type { StepRecord } from '../shared/chat.ts';
import type { ApprovalPrompt, FileDiff, Step } from '../shared/event.ts';

export const patchText = (diffs: readonly FileDiff[]): string =>
  diffs
    .map((diff) => {
      const cut = diff.omittedLines > 0 ? `\n… ${diff.omittedLines} more lines\n` : '';
      return `--- ${diff.path}\n+++ ${diff.movedTo ?? diff.path}\n${diff.patch}${cut}`;
    })
    .join('\n');

/** The exact question, and below it all that the model gave to the tool. */
export const fullInputText = (step: Step, prompt: ApprovalPrompt | undefined): string => {
  const patch = patchText((prompt?.diffs ?? []).filter((diff) => diff.patch !== ''));
  return [
    prompt?.title ?? step.title,
    ...(prompt === undefined ? [] : [prompt.detail]),
    ...(patch === '' ? [] : [patch]),
    ...(prompt === undefined || prompt.reason === '' ? [] : [`Why it asks: ${prompt.reason}`]),
    `Input of ${step.tool}:`,
    `${JSON.stringify(step.input, undefined, 2)}\n`,
  ].join('\n\n');
};

/** Of a step that this window does not hold the contents of: the stored patch, else its input. */
export const recordText = (record: StepRecord): { readonly name: string; readonly text: string } =>
  record.diffs.length > 0
    ? { name: `${record.step.tool}.diff`, text: patchText(record.diffs) }
    : { name: inputName(record.step), text: fullInputText(record.step, record.prompt) };

/** Below a folder whose name decides the language: long lines are wrapped there. */
export const inputName = ({ tool }: Step): string => `.anycowork-step/${tool}.txt`;
