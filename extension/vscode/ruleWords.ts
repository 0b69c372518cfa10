/** Rules and modes in words. Pure. */
import { commandText } from '../core/commandLine.ts';
import { matchText, sandboxedText } from '../core/ruleMatch.ts';
import type { ApprovalMode, RuleMatch } from '../shared/rule.ts';

/** What each mode is called, and what runs in it without a question: as much as a line of a list holds. */
export const modeWords: Record<ApprovalMode, { readonly name: string; readonly runs: string }> = {
  ask: {
    name: 'Ask',
    runs: 'Reads in this workspace run. Everything else asks.',
  },
  smart: {
    name: 'Smart',
    runs: 'Edits in this workspace run too, and can be undone. Everything else asks.',
  },
  autopilot: {
    name: 'Autopilot',
    runs: 'What the sandbox holds runs too, without asking. Everything else asks.',
  },
};

/** What holds besides, in a line. */
export const inEveryMode = 'Rules run what they cover. Protected files and secrets always ask.';

/** What asks in every mode. */
export const alwaysAsks =
  'Protected files, secrets, what lies outside this workspace, and programs of skills that are not sandboxed or reach the internet ask in every mode; so does everything but reading, once text from the web or from other programs has come in.';

/** What a rule covers, whole: `npm test`, `in the sandbox: npm test`, `edits in src/**`. */
export const coveredBy = (match: RuleMatch): string =>
  match.kind === 'command' ? sandboxedText(match, commandText(match.argv)) : matchText(match);
