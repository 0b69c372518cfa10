/** What a program of a skill answered, in words. Pure. */
import type { ProtectedChange, SandboxLimits, SandboxResult } from '../core/sandbox.ts';
import { fencedBlock, oneLine } from '../core/shownText.ts';
import type { SkillEntry } from '../shared/skill.ts';
import { durationText } from './limits.ts';

/** How a program ended, in a container or on this computer. */
export type RunEnd = Pick<
  SandboxResult,
  'exitCode' | 'timedOut' | 'outOfMemory' | 'isFlooding' | 'protectedChanges'
>;

export interface RunWords {
  /** In a few words: `exit code 0`, `out of memory`. */
  readonly summary: string;
  readonly isError: boolean;
  /** What to do about it. */
  readonly advice?: string;
}

export const runWords = (end: RunEnd, limits: SandboxLimits): RunWords => {
  const { exitCode, timedOut, outOfMemory, isFlooding } = end;
  if (timedOut) {
    const advice = `It was ended after ${durationText(limits.timeoutSeconds)}. Give it less to do at once. A skill that asks for more time can be granted it: AnyCowork: Grants of a Skill.`;
    return { summary: `deadline of ${limits.timeoutSeconds} s passed`, isError: true, advice };
  }
  if (isFlooding) {
    const advice = 'It wrote more than is taken, and was ended. Have it write its results into a file.';
    return { summary: 'too much output', isError: true, advice };
  }
  if (outOfMemory !== 'no' && (outOfMemory === 'certain' || exitCode !== 0)) {
    const more =
      'Give it less to do at once. A skill that asks for more memory can be granted it: AnyCowork: Grants of a Skill.';
    return outOfMemory === 'certain'
      ? {
          summary: 'out of memory',
          isError: true,
          advice: `It may take ${limits.memoryMb} MB and wanted more. ${more}`,
        }
      : {
          summary: 'likely out of memory',
          isError: true,
          advice: `It was killed, most likely because it wanted more than the ${limits.memoryMb} MB that it may take. ${more}`,
        };
  }
  if (exitCode === undefined) return { summary: 'ended by a signal', isError: true };
  return { summary: `exit code ${exitCode}`, isError: exitCode !== 0 };
};

const protectedText = ({ path, kind, answer }: ProtectedChange): string =>
  `- ${oneLine(path)} was ${kind}: ${oneLine(answer)}`;

const protectedPart = (changes: readonly ProtectedChange[]): readonly string[] =>
  changes.length === 0
    ? []
    : [
        `It touched what is protected, which was not let stand:\n${changes.slice(0, 20).map(protectedText).join('\n')}`,
        ...(changes.length > 20 ? [`and ${changes.length - 20} more`] : []),
      ];

/**
 * The whole answer as Markdown.
 * @param files as `artefactLinks` says them
 */
export const runText = (
  { output }: Pick<SkillEntry, 'output'>,
  {
    stdout,
    stderr,
    words,
    end,
    files,
  }: {
    readonly stdout: string;
    readonly stderr: string;
    readonly words: RunWords;
    readonly end: RunEnd;
    readonly files: string | undefined;
  },
): string => {
  const isSilent = stdout.trim() === '';
  const shown = output === 'markdown' ? stdout.trim() : fencedBlock(stdout);
  const nothing = stderr.trim() === '' ? ['(no output)'] : [];
  return [
    ...(isSilent ? nothing : [shown]),
    ...(stderr.trim() === '' ? [] : [`Standard error:\n\n${fencedBlock(stderr)}`]),
    ...protectedPart(end.protectedChanges),
    ...(words.advice === undefined ? [] : [words.advice]),
    `[${[words.summary, ...(files === undefined ? [] : [files])].join('; ')}]`,
  ].join('\n\n');
};
