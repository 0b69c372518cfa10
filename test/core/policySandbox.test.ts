import assert from 'node:assert/strict';
import {
  type Case,
  command,
  commandStep,
  foreignStep,
  outcomeOf,
  pathStep,
  paths,
  ruleOf,
  sandboxedCommand,
  skill,
  skillStep,
  withAccess,
} from './policyParts.ts';

const npm = { rules: [ruleOf(command('npm', 'test'))] };
const edit = pathStep('edit_file', 'src/a.ts');
const boxed = commandStep('npm test', { isSandboxed: true });
const boxedRule = { rules: [ruleOf(sandboxedCommand('npm', 'test'))] };

const commandCases: Case[] = [
  [
    'sandboxed with the internet, in autopilot mode',
    commandStep('npm test', { isSandboxed: true, hasNetwork: true }),
    { mode: 'autopilot' },
    'ask',
  ],
  ['sandboxed, with a rule made on this computer', boxed, npm, 'run'],
  ['sandboxed, with a rule made in the sandbox', boxed, boxedRule, 'run'],
  ['not sandboxed, with a rule made in the sandbox', commandStep('npm test'), boxedRule, 'ask'],
  [
    'not sandboxed, with a rule made in the sandbox, in autopilot mode',
    commandStep('npm test'),
    { ...boxedRule, mode: 'autopilot' },
    'ask',
  ],
  [
    'with the internet, with a rule made in the sandbox',
    commandStep('npm test', { isSandboxed: true, hasNetwork: true }),
    boxedRule,
    'ask',
  ],
  [
    'two that are sandboxed, with a rule of each kind',
    commandStep('npm test && ls', { isSandboxed: true }),
    { rules: [ruleOf(sandboxedCommand('npm', 'test')), ruleOf(command('ls'))] },
    'run',
  ],
  [
    'two that are not, with a rule of each kind',
    commandStep('npm test && ls'),
    { rules: [ruleOf(sandboxedCommand('npm', 'test')), ruleOf(command('ls'))] },
    'ask',
  ],
  ['sandboxed on Windows, where its shell is sh', boxed, { ...boxedRule, shell: 'cmd' }, 'run'],
];

const pdf = { rules: [ruleOf(skill('pdf', 'a1', 'tables'))] };
const everyRule = {
  rules: [
    ...pdf.rules,
    ruleOf(command('pdf/tables', 'report.pdf')),
    ruleOf(sandboxedCommand('pdf/tables', 'report.pdf')),
    ruleOf(paths('**', 'run_skill')),
    ruleOf({ kind: 'tool', tool: 'run_skill' }),
  ],
};
const pdfAccess = { id: 'pdf', hash: 'a1', entry: 'tables' };
const skillCases: Case[] = [
  ['its own program', skillStep(), pdf, 'run'],
  ['with other arguments', skillStep({ line: 'pdf/tables other.pdf | cat' }), pdf, 'run'],
  ['in a folder below', skillStep({ folder: 'sub', below: 'sub' }), pdf, 'run'],
  ['on Windows', skillStep(), { ...pdf, shell: 'cmd' }, 'run'],
  ['with other files', skillStep({ skill: { ...pdfAccess, hash: 'a2' } }), everyRule, 'ask'],
  ['another program of it', skillStep({ skill: { ...pdfAccess, entry: 'text' } }), everyRule, 'ask'],
  ['of another skill', skillStep({ skill: { ...pdfAccess, id: 'pdf2' } }), everyRule, 'ask'],
  [
    'with nothing in its names, as the rule has it',
    skillStep({ skill: { id: '', hash: '', entry: '' } }),
    { rules: [ruleOf(skill('', '', ''))] },
    'ask',
  ],
  ['in another folder', skillStep({ root: '/other' }), pdf, 'ask'],
  ['with the rules of other kinds only', skillStep(), { rules: everyRule.rules.slice(1) }, 'ask'],
  ['on this computer', skillStep({ isSandboxed: false }), everyRule, 'ask'],
  [
    'on this computer, in smart mode',
    skillStep({ isSandboxed: false }),
    { ...everyRule, mode: 'smart' },
    'ask',
  ],
  [
    'on this computer, in autopilot mode',
    skillStep({ isSandboxed: false }),
    { ...everyRule, mode: 'autopilot' },
    'ask',
  ],
  ['with the internet', skillStep({ hasNetwork: true }), everyRule, 'ask'],
  ['with the internet, in autopilot mode', skillStep({ hasNetwork: true }), { mode: 'autopilot' }, 'ask'],
  ['after foreign words', skillStep(), { ...everyRule, mode: 'autopilot', taint: 'a page' }, 'ask'],
  ['that nobody has reviewed', withAccess(skillStep(), { caution: 'no' }), everyRule, 'caution'],
  ['untrusted', skillStep(), { ...everyRule, isTrusted: false }, 'refuse'],
  ['a run that names no skill', { ...boxed, tool: 'run_skill' }, { ...npm, ...pdf }, 'ask'],
  ['a run without a command', { ...boxed, tool: 'run_skill', access: { paths: [] } }, everyRule, 'ask'],
  [
    'a command that names a skill',
    { ...skillStep({ line: 'npm test' }), tool: 'run_command' },
    { rules: [...npm.rules, ...everyRule.rules] },
    'ask',
  ],
  ['a command with the line of a program', commandStep('pdf/tables report.pdf'), pdf, 'ask'],
  ['an edit', edit, pdf, 'ask'],
  ['a foreign tool', foreignStep('mcp', 'execute'), pdf, 'ask'],
  [
    'a foreign tool that names the skill',
    { ...skillStep(), tool: 'mcp_skill' },
    { ...pdf, mode: 'autopilot' },
    'ask',
  ],
];

const unseen = { uncheckedEdit: 'src/a.ts' };
const unseenCases: Case[] = [
  ['a sandboxed program of a skill by rule', skillStep(), { ...pdf, ...unseen }, 'run'],
  [
    'a sandboxed command with the internet by rule',
    commandStep('npm test', { isSandboxed: true, hasNetwork: true }),
    { ...npm, ...unseen },
    'ask',
  ],
];

const groups: Record<string, Case[]> = {
  commands: commandCases,
  'programs of skills': skillCases,
  'after edits that nobody saw': unseenCases,
};

describe('policy: the sandbox', () => {
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const [name, step, context, outcome] of cases) {
        it(`${name}: ${outcome}`, () => assert.equal(outcomeOf(step, context), outcome));
      }
    });
  }
});
