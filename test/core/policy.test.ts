import assert from 'node:assert/strict';
import { decide } from '../../extension/core/policy.ts';
import type { ApprovalPrompt, Effect } from '../../extension/shared/event.ts';

const prompt = (extra: Partial<ApprovalPrompt> = {}): ApprovalPrompt => ({
  title: 't',
  detail: 'd',
  diffs: [],
  ...extra,
});
const grant = { key: 'write', label: 'edits' };

const cases: [
  string,
  Effect,
  ApprovalPrompt | undefined,
  { isTrusted?: boolean; grants?: string[] },
  string,
][] = [
  ['a read in a trusted workspace', 'read', undefined, {}, 'run'],
  ['a read in an untrusted workspace', 'read', undefined, { isTrusted: false }, 'refuse'],
  ['a read that needs consent', 'read', prompt(), {}, 'ask'],
  ['a write', 'write', prompt({ grant }), {}, 'ask'],
  ['a granted write', 'write', prompt({ grant }), { grants: ['write'] }, 'run'],
  ['a write with another grant', 'write', prompt({ grant }), { grants: ['execute:ls'] }, 'ask'],
  ['a write that cannot be granted', 'write', prompt(), { grants: ['write'] }, 'ask'],
  [
    'a protected write, even when granted',
    'write',
    prompt({ grant, caution: 'protected' }),
    { grants: ['write'] },
    'ask',
  ],
  [
    'a granted write in an untrusted workspace',
    'write',
    prompt({ grant }),
    { isTrusted: false, grants: ['write'] },
    'refuse',
  ],
  ['a command', 'execute', prompt(), {}, 'ask'],
  ['network', 'network', prompt(), {}, 'ask'],
  ['a write without a prompt', 'write', undefined, {}, 'ask'],
  ['a command without a prompt', 'execute', undefined, { grants: ['execute'] }, 'ask'],
];

describe('policy', () => {
  for (const [name, effect, approval, { isTrusted = true, grants = [] }, action] of cases) {
    it(`${name}: ${action}`, () => {
      const prepared = { effect, ...(approval === undefined ? {} : { approval }) };
      const decision = decide(prepared, { isTrusted, grants: new Set(grants) });
      assert.equal(decision.action, action);
      assert.notEqual(decision.reason, '');
    });
  }
});
