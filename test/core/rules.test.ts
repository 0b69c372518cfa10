import assert from 'node:assert/strict';
import type { Decision } from '../../extension/core/approver.ts';
import { createRuleBook } from '../../extension/core/rules.ts';
import { StoreError } from '../../extension/core/store.ts';
import type { NewAuditEntry } from '../../extension/shared/audit.ts';
import type { Step } from '../../extension/shared/event.ts';
import type { Rule, RuleOffer } from '../../extension/shared/rule.ts';
import { command, paths, ruleOf } from './policyParts.ts';

const step: Step = {
  id: 'step',
  sessionId: 'chat',
  messageId: 'message',
  callId: 'call',
  tool: 'run_command',
  input: {},
  title: 'npm test',
  effect: 'execute',
  targets: [],
};
const place = { agentId: 'agent', folder: '/home' };
const yes = (scope: Decision['scope'], more: Partial<Decision> = {}): Decision => ({
  approved: true,
  scope,
  by: 'user',
  surface: 'dialog',
  ...more,
});
const offer = (duration: RuleOffer['duration'], ...matches: RuleOffer['matches']): RuleOffer => ({
  duration,
  matches,
  label: 'l',
});

const book = (first: readonly Rule[] = []) => {
  let rules = [...first];
  const audits: NewAuditEntry[] = [];
  const calls: string[] = [];
  const errors: unknown[] = [];
  const broken = { audit: false, save: false };
  let ids = 0;
  const store = {
    listRules: async () => rules,
    saveRule: async (rule: Rule) => {
      calls.push('save');
      if (broken.save) throw new StoreError('full');
      rules = [...rules.filter(({ id }) => id !== rule.id), rule];
    },
    deleteRule: async (id: string) => {
      calls.push('delete');
      rules = rules.filter((rule) => rule.id !== id);
    },
    audit: async (entry: NewAuditEntry) => {
      calls.push('audit');
      if (broken.audit) throw new StoreError('full');
      audits.push(entry);
    },
  };
  const ruleBook = createRuleBook({
    store,
    newId: () => {
      ids += 1;
      return `id${ids}`;
    },
    now: () => 7,
    logError: (error) => errors.push(error),
  });
  let changes = 0;
  ruleBook.onChange(() => {
    changes += 1;
  });
  return { ...ruleBook, rules: () => rules, audits, calls, errors, broken, changes: () => changes };
};

describe('rules', () => {
  it('are made of an approval, one for each match, and recorded', async () => {
    const made = book();
    const ids = await made.allow(
      step,
      offer('workspace', command('a'), command('b')),
      yes('workspace'),
      place,
    );
    assert.deepEqual(ids, ['id1', 'id2']);
    assert.deepEqual(made.rules(), [
      {
        id: 'id1',
        match: command('a'),
        duration: 'workspace',
        folder: '/home',
        agentId: 'agent',
        createdAt: 7,
        createdIn: 'dialog',
      },
      { ...made.rules()[0], id: 'id2', match: command('b') },
    ]);
    assert.deepEqual(made.audits[0], {
      at: 7,
      kind: 'rule',
      outcome: 'changed',
      title: 'Rule made: a in this workspace',
      detail: JSON.stringify(made.rules()[0]),
      by: 'user',
      reason: 'dialog',
      ruleIds: ['id1'],
      sessionId: 'chat',
      agentId: 'agent',
      stepId: 'step',
      tool: 'run_command',
      effect: 'execute',
    });
    assert.equal(made.audits.length, 2);
    assert.equal(made.changes(), 1);
  });

  it('of a session carry its chat, and who answered from where', async () => {
    const { allow, rules, audits } = book();
    const decision = yes('session', { by: 'telegram', surface: 'phone' });
    await allow(step, offer('session', command('a')), decision, place);
    assert.equal(rules()[0]?.sessionId, 'chat');
    assert.equal(rules()[0]?.createdIn, 'phone');
    assert.equal(audits[0]?.by, 'telegram');
  });

  it('of another definition of a tool from outside are others', async () => {
    const made = book();
    const tool = (definition: string) => ({ kind: 'tool', tool: 'memory__add', definition }) as const;
    for (const definition of ['1', '2', '1']) {
      await made.allow(step, offer('workspace', tool(definition)), yes('workspace'), place);
    }
    assert.deepEqual(
      made.rules().map(({ match }) => match),
      [tool('1'), tool('2')],
    );
    assert.match(
      made.audits[0]?.title ?? '',
      /^Rule made: memory__add \(MCP server memory\) in this workspace$/,
    );
  });

  it('that are there already are not made again, also for all agents', async () => {
    const all = ruleOf(paths('**', 'write_file', 'edit_file'), { id: 'all' });
    const other = ruleOf(command('b'), { id: 'other', agentId: 'other' });
    const made = book([all, other]);
    const wanted = offer('workspace', paths('**'), command('b'), command('b'));
    assert.deepEqual(await made.allow(step, wanted, yes('workspace'), place), ['all', 'id2']);
    assert.equal(made.rules().length, 3);
    assert.deepEqual(await made.allow(step, wanted, yes('workspace'), place), ['all', 'id2']);
    assert.equal(made.changes(), 1);
  });

  const differences: [string, Partial<Rule>][] = [
    ['another folder', { folder: '/other' }],
    ['another agent', { agentId: 'other' }],
    ['a chat', { duration: 'session', sessionId: 'chat' }],
    ['other arguments', { match: command('a', '') }],
    ['another folder of the command', { match: { kind: 'command', argv: ['a'], folder: 'sub' } }],
    ['the sandbox', { match: { kind: 'command', argv: ['a'], folder: '.', isSandboxed: true } }],
    ['a tool', { match: { kind: 'tool', tool: 'a' } }],
    ['a skill', { match: { kind: 'skill', skill: 'a', hash: '1', entry: 'a' } }],
  ];
  for (const [name, difference] of differences) {
    it(`of ${name} are others`, async () => {
      const { allow, rules } = book([ruleOf(command('a'), difference)]);
      assert.deepEqual(await allow(step, offer('workspace', command('a')), yes('workspace'), place), ['id1']);
      assert.equal(rules().length, 2);
    });
  }

  it('are made once by two answers at the same time', async () => {
    const { allow, rules } = book();
    const one = () => allow(step, offer('workspace', command('a')), yes('workspace'), place);
    assert.deepEqual(await Promise.all([one(), one()]), [['id1'], ['id1']]);
    assert.equal(rules().length, 1);
  });

  const noes: [string, Decision][] = [
    ['a no', { ...yes('workspace'), approved: false }],
    ['a yes for once', yes('once')],
    ['a yes for the other duration', yes('session')],
    ['nobody', yes('workspace', { by: 'rule' })],
  ];
  for (const [name, decision] of noes) {
    it(`are not made by ${name}`, async () => {
      const { allow, rules, audits } = book();
      assert.deepEqual(await allow(step, offer('workspace', command('a')), decision, place), []);
      assert.deepEqual([rules(), audits], [[], []]);
    });
  }

  it('that cannot be recorded are not there; the book works on', async () => {
    const { allow, rules, broken } = book();
    broken.audit = true;
    const one = () => allow(step, offer('workspace', command('a')), yes('workspace'), place);
    await assert.rejects(one, StoreError);
    assert.deepEqual(rules(), []);
    broken.audit = false;
    assert.equal((await one()).length, 1);
  });

  it('are changed and deleted, which is recorded with the rule as it was', async () => {
    const rule = ruleOf(command('npm', 'test'), { id: 'r' });
    const made = book([rule]);
    const wider = { ...rule, match: command('npm', 'ci') };
    await made.save(wider, 'rules view');
    await made.save({ ...rule, id: 'new' }, 'rules view');
    await made.delete('r', 'rules view');
    assert.deepEqual(
      made.audits.map(({ title, reason, by }) => `${title} (${by}, ${reason})`),
      [
        'Rule changed: npm ci in this workspace (user, rules view)',
        'Rule made: npm test in this workspace (user, rules view)',
        'Rule deleted: npm ci in this workspace (user, rules view)',
      ],
    );
    assert.equal(made.audits[2]?.detail, JSON.stringify(wider));
    assert.deepEqual(await made.list(), [{ ...rule, id: 'new' }]);
    assert.equal(made.changes(), 3);
    assert.deepEqual(made.calls, ['audit', 'save', 'audit', 'save', 'audit', 'delete']);
  });

  it('that cannot be recorded as deleted stay', async () => {
    const { delete: remove, rules, broken } = book([ruleOf(command('a'), { id: 'r' })]);
    broken.audit = true;
    await assert.rejects(remove('r', 'rules view'), StoreError);
    assert.equal(rules().length, 1);
  });

  it('that are not there any more are deleted without a word', async () => {
    const { delete: remove, audits, changes } = book();
    await remove('gone', 'rules view');
    assert.deepEqual([audits, changes()], [[], 0]);
  });

  it('tell of a change until nobody listens, whatever a listener does', async () => {
    const { save, onChange, errors, changes } = book();
    onChange(() => {
      throw new Error('listener');
    });
    let heard = 0;
    const unlisten = onChange(() => {
      heard += 1;
    });
    await save(ruleOf(command('a')), 'rules view');
    unlisten();
    await save(ruleOf(command('b')), 'rules view');
    assert.deepEqual([heard, changes(), errors.length], [1, 2, 2]);
  });
});
