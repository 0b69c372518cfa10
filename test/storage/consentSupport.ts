import type { NewAuditEntry } from '../../extension/shared/audit.ts';
import type { Rule } from '../../extension/shared/rule.ts';
import type { FileVersion } from '../../extension/shared/undo.ts';

export const rule = (id: string, changes: Partial<Rule> = {}): Rule => ({
  id,
  match: { kind: 'command', argv: ['npm', 'test'], folder: 'project' },
  duration: 'workspace',
  folder: '/home/me/project',
  createdAt: 1,
  createdIn: 'dialog',
  ...changes,
});

export const decision: NewAuditEntry = {
  at: 1,
  kind: 'rule',
  outcome: 'changed',
  title: 'Always allow npm test in this workspace',
  detail: '{}',
  by: 'user',
  reason: 'dialog',
  ruleIds: [],
};

/** 64 hexadecimal digits that begin with these letters. */
export const hash = (letters: string): string => letters.padEnd(64, '0');

/** What is older than a month is forgotten. */
const recently = Date.now();

/** A file as it was before a step. */
export const version = (
  stepId: string,
  sessionId: string,
  {
    file = '/home/me/project/a.ts',
    content = hash('aa'),
    ...changes
  }: Partial<FileVersion> & {
    readonly content?: string;
  } = {},
): FileVersion => ({
  stepId,
  sessionId,
  jobId: 'job',
  file,
  label: file.slice('/home/me/project/'.length),
  root: '/home/me/project',
  before: { kind: 'file', hash: content, size: 3, mode: 0o644 },
  at: recently,
  ...changes,
});
