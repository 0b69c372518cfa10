import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { NewAuditEntry } from '../../extension/shared/audit.ts';
import type { DecidedBy, EventOf } from '../../extension/shared/event.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { detailLimit, forgetOldDecisions } from '../../extension/storage/decisions.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { jobEvents } from './chatEvents.ts';
import { decision, rule } from './consentSupport.ts';
import {
  openDatabase,
  openService,
  openStore,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const nasty = 'a\0b \ud800 "; DROP TABLE rules';

describe('rules', function () {
  const folder = temporaryFolder(this);
  const open = async (where = folder()) => ({ ...(await openService(where, { disk: quickDisk })), where });

  it('come back as they were, oldest first, also in another window and after a restart', async () => {
    const { service, where } = await open();
    const rules = [
      rule('b', { createdAt: 1, agentId: 'coder' }),
      rule('a', { createdAt: 2, match: { kind: 'path', tools: [nasty], glob: '**/*.ts' } }),
      rule('c', { createdAt: 2, duration: 'session', sessionId: 'chat', folder: nasty }),
    ];
    for (const each of rules.toReversed()) await service.saveRule(uniqueName(), each);
    const other = await open(where);
    assert.deepEqual(await other.service.listRules(''), rules);
    assert.deepEqual(await service.listRules(''), rules);
    await other.service.close('');
    await service.close('');
    assert.deepEqual(await (await open(where)).service.listRules(''), rules);
  });

  it('take the place of the one with their id, and are gone when they are deleted', async () => {
    const { service } = await open();
    await service.saveRule(uniqueName(), rule('a'));
    await service.saveRule(uniqueName(), rule('b'));
    const narrower = rule('a', { match: { kind: 'tool', tool: 'read_file' }, agentId: 'coder' });
    await service.saveRule(uniqueName(), narrower);
    assert.deepEqual(await service.listRules(''), [narrower, rule('b')]);
    await service.deleteRule(uniqueName(), 'a');
    await service.deleteRule(uniqueName(), 'none');
    assert.deepEqual(await service.listRules(''), [rule('b')]);
  });

  it('of a chat go with it for good, and not into a copy of it', async () => {
    const { service } = await open();
    await service.saveSession(uniqueName(), session('chat'));
    const ofChat = rule('a', { duration: 'session', sessionId: 'chat' });
    await service.saveRule(uniqueName(), ofChat);
    await service.saveRule(uniqueName(), rule('b'));
    await service.copySession(uniqueName(), { from: 'chat', to: session('copy') });
    await service.updateSession(uniqueName(), 'chat', { shelf: 'deleted' }, 1);
    assert.deepEqual(await service.listRules(''), [ofChat, rule('b')]);
    await service.deleteSession(uniqueName(), 'chat');
    assert.deepEqual(await service.listRules(''), [rule('b')]);
  });
});

describe('the mode of a chat', function () {
  const folder = temporaryFolder(this);

  it('is its agent’s until it is set, then kept, and goes along into a copy that has it', async () => {
    const where = folder();
    const { service } = await openService(where, { disk: quickDisk });
    const modeOf = async (id: string) => (await service.getSession('', id))?.mode;
    await service.saveSession(uniqueName(), session('a'));
    await service.saveSession(uniqueName(), session('b', { mode: 'smart' }));
    assert.deepEqual([await modeOf('a'), await modeOf('b')], [undefined, 'smart']);
    await service.updateSession(uniqueName(), 'a', { mode: 'autopilot' }, 1);
    await service.updateSession(uniqueName(), 'a', { isPinned: true }, 1);
    assert.equal(await modeOf('a'), 'autopilot');
    await service.copySession(uniqueName(), { from: 'a', to: session('copy', { mode: 'autopilot' }) });
    await service.importSession(uniqueName(), session('imported'), 'imported', 0);
    assert.deepEqual([await modeOf('copy'), await modeOf('imported')], ['autopilot', undefined]);
    const { sessions } = await service.listSessions('', { shelf: 'active', limit: 9, folderFirst: '' });
    assert.equal(sessions.find(({ id }) => id === 'b')?.mode, 'smart');
  });

  it('that is not known here is the strictest', async () => {
    const where = folder();
    const { service } = await openService(where, { disk: quickDisk });
    await service.saveSession(uniqueName(), session('a'));
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const sql = "UPDATE sessions SET mode = 'reckless'";
    await database.transact(uniqueName(), () => [{ sql, params: [] }]);
    assert.equal((await service.getSession('', 'a'))?.mode, 'ask');
  });
});

describe('the record of decisions', function () {
  const folder = temporaryFolder(this);
  const open = async (where = folder()) => ({ ...(await openService(where, { disk: quickDisk })), where });
  const entry: NewAuditEntry = {
    ...decision,
    sessionId: 'chat',
    jobId: 'job',
    stepId: 'step',
    agentId: 'coder',
    tool: 'run_command',
    effect: 'execute',
    title: nasty,
    detail: `{"x":"${nasty}"}`,
    reason: nasty,
    ruleIds: ['a', nasty],
  };

  it('is read back as it was, from behind any entry on', async () => {
    const { service } = await open();
    for (const each of [entry, decision, { ...decision, at: 0, kind: 'undo' as const }]) {
      await service.audit(uniqueName(), each);
    }
    const all = await service.readAudit('', 0, 100);
    assert.deepEqual(all, [
      { ...entry, id: 1 },
      { ...decision, id: 2 },
      { ...decision, at: 0, kind: 'undo', id: 3 },
    ]);
    assert.deepEqual(await service.readAudit('', 1, 1), all.slice(1, 2));
    assert.deepEqual(await service.readAudit('', 3, 10), []);
  });

  it('has what each step was let through or held up by, with its whole input', async () => {
    const { service, record } = await open();
    await service.saveSession(uniqueName(), session('chat'));
    const job = jobEvents('chat', 'job');
    await record(job.started());
    const input = { command: 'rm -rf "$HOME"\n', nested: { list: [1, null] } };
    const step = (id: string) => ({ ...job.step, id, input });
    const done = job.stepDone('', 'rejected') as EventOf<'StepCompleted'>;
    const expected: unknown[] = [];
    const deciders: readonly [DecidedBy, string, string][] = [
      ['rule', 'ran', 'refused'],
      ['user', 'approved', 'rejected'],
      ['telegram', 'approved', 'rejected'],
    ];
    for (const [by, yes, no] of deciders) {
      const common = { jobId: 'job', at: 5, by, reason: `because of ${by}` } as const;
      const ruleIds = by === 'rule' ? { ruleIds: ['r1', 'r2'] } : {};
      await record({ ...common, ...ruleIds, type: 'StepApproved', step: step(`${by}-yes`) });
      await record({ ...common, type: 'StepRejected', step: step(`${by}-no`), result: done.result });
      for (const [outcome, id] of [
        [yes, `${by}-yes`],
        [no, `${by}-no`],
      ] as const) {
        expected.push({
          id: expected.length + 1,
          at: 5,
          kind: 'step',
          outcome,
          sessionId: 'chat',
          jobId: 'job',
          stepId: id,
          agentId: 'agent',
          tool: 'run_command',
          effect: 'execute',
          title: 'ls',
          detail: JSON.stringify(input),
          by,
          reason: `because of ${by}`,
          ruleIds: outcome === 'ran' ? ['r1', 'r2'] : [],
        });
      }
    }
    assert.deepEqual(await service.readAudit('', 0, 100), expected);
  });

  it('outlives its chat, and its entries keep their numbers', async () => {
    const { service, record, where } = await open();
    await service.saveSession(uniqueName(), session('chat'));
    const job = jobEvents('chat', 'job');
    for (const event of [job.started(), job.approved(), job.stepDone('out'), job.completed()]) {
      await record(event);
    }
    const before = await service.readAudit('', 0, 100);
    assert.equal(before.length, 1);
    await service.deleteSession(uniqueName(), 'chat');
    await service.free(uniqueName(), 'deletedChats');
    await service.close('');
    const again = await open(where);
    await again.service.audit(uniqueName(), decision);
    assert.deepEqual(await again.service.readAudit('', 0, 100), [...before, { ...decision, id: 2 }]);
  });

  it('tells which contents a step was about, without a word of them, and what the person made of them', async () => {
    const { service, record } = await open();
    await service.saveSession(uniqueName(), session('chat'));
    const job = jobEvents('chat', 'job');
    await record(job.started());
    const step = (id: string, input: JsonObject) => ({ ...job.step, id, input });
    const write = step('write', { path: '.env', content: 'KEY=hunter2\nb\n' });
    const edit = step('edit', {
      path: 'a.ts',
      edits: [{ old_text: 'hunter2', new_text: '', replace_all: true }],
    });
    const common = { jobId: 'job', at: 1, by: 'user', reason: 'dialog' } as const;
    const accepted = [{ path: '.env', sha256: 'ab', added: 1, removed: 0 }];
    await record({ ...common, type: 'StepApproved', step: write, accepted });
    await record({ ...common, type: 'StepApproved', step: edit });
    const [one, two] = (await service.readAudit('', 0, 9)).map(({ detail }) => JSON.parse(detail));
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    assert.deepEqual(one, {
      path: '.env',
      content: { sha256: sha256('KEY=hunter2\nb\n'), characters: 14, lines: 2 },
      accepted,
    });
    assert.deepEqual(two, {
      path: 'a.ts',
      edits: [
        {
          old_text: { sha256: sha256('hunter2'), characters: 7, lines: 1 },
          new_text: { sha256: sha256(''), characters: 0, lines: 0 },
          replace_all: true,
        },
      ],
    });
  });

  it('has no reads that nobody decided', async () => {
    const { service, record } = await open();
    await service.saveSession(uniqueName(), session('chat'));
    const job = jobEvents('chat', 'job');
    await record(job.started());
    const read = (id: string) => ({ ...job.step, id, effect: 'read' as const });
    const common = { jobId: 'job', at: 1, reason: '', type: 'StepApproved' } as const;
    await record({ ...common, by: 'rule', step: read('mode') });
    await record({ ...common, by: 'rule', step: read('rule'), ruleIds: ['r'] });
    await record({ ...common, by: 'user', step: read('person') });
    const kept = await service.readAudit('', 0, 9);
    assert.deepEqual(
      kept.map(({ stepId }) => stepId),
      ['rule', 'person'],
    );
  });

  it('forgets the oldest where there are too many of them, or too much of it', async () => {
    const { service, where } = await open();
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    for (let index = 0; index < 5; index += 1) {
      await service.audit(uniqueName(), { ...decision, title: '', reason: '', detail: 'x'.repeat(98) });
    }
    const forgets = (entries: number, units: number) =>
      database.read((query) => forgetOldDecisions(query, { entries, units }).map(({ params }) => params[0]));
    await database.refresh();
    assert.deepEqual(await forgets(5, 1_000), []);
    assert.deepEqual(await forgets(3, 1_000), [2]);
    // As JSON, which has two more for each of the three texts.
    assert.deepEqual(await forgets(5, 2 * 104), [3]);
    assert.deepEqual(await forgets(5, 0), [5]);
    const limits = { entries: 3, units: 1_000 };
    await database.transact(uniqueName(), (query) => forgetOldDecisions(query, limits));
    await service.audit(uniqueName(), decision);
    const ids = (await service.readAudit('', 0, 9)).map(({ id }) => id);
    assert.deepEqual(ids, [3, 4, 5, 6]);
  });

  it('keeps so much of a long input, with what tells which one it was', async () => {
    const { service, record } = await open();
    await service.saveSession(uniqueName(), session('chat'));
    const job = jobEvents('chat', 'job');
    await record(job.started());
    const long = (letter: string) => ({ query: letter.repeat(detailLimit) + letter });
    for (const letter of ['a', 'b']) {
      const input = { same: 'a'.repeat(detailLimit), ...long(letter) };
      const step = { ...job.step, id: letter, input };
      await record({ jobId: 'job', at: 1, type: 'StepApproved', step, by: 'rule', reason: '' });
    }
    const [one, two] = await service.readAudit('', 0, 100);
    assert.ok(one !== undefined && two !== undefined);
    assert.ok(one.detail.length < detailLimit + 200);
    assert.match(
      one.detail,
      /^\{"same":"a+… \(16[0-9]{3} more characters; SHA-256 of the whole: [0-9a-f]{64}\)$/,
    );
    // Alike as far as they are kept.
    assert.equal(one.detail.slice(0, detailLimit), two.detail.slice(0, detailLimit));
    assert.notEqual(one.detail, two.detail);
  });

  it('has nothing of a decision that was not kept', async () => {
    const { service, record } = await open();
    await service.saveSession(uniqueName(), session('chat'));
    const job = jobEvents('chat', 'job');
    await record(job.started());
    await service.deleteSession(uniqueName(), 'chat');
    await assert.rejects(record(job.approved()), /deleted/);
    assert.deepEqual(await service.readAudit('', 0, 100), []);
  });

  it('is reached through the storage thread like all of it', async () => {
    const where = folder();
    const store = openStore(where);
    await store.saveSession(session('chat', { mode: 'smart' }));
    await store.saveRule(rule('a'));
    await store.audit(decision);
    await store.raiseBudget('chat', 'chat', 5);
    assert.deepEqual(await store.listRules(), [rule('a')]);
    assert.deepEqual(await store.readAudit(0, 9), [{ ...decision, id: 1 }]);
    const query = { jobId: 'job', sessionId: 'chat', agentId: 'agent', since: 0 };
    assert.equal((await store.spent(query)).chat.raised, 1);
    await store.deleteRule('a');
    assert.deepEqual(await store.listRules(), []);
    await store.close();
  });
});

describe('questions', function () {
  const folder = temporaryFolder(this);

  it('are kept with their end, and with an answer for the whole workspace', async () => {
    const where = folder();
    const { service, record, items } = await openService(where, { disk: quickDisk });
    await service.saveSession(uniqueName(), session('chat'));
    const job = jobEvents('chat', 'job');
    await record(job.started());
    const asked = job.asked() as EventOf<'ApprovalRequired'>;
    const prompt = {
      ...asked.prompt,
      expiresAt: 1_900_000_000_000,
      groupId: 'g',
      offers: [{ duration: 'workspace' as const, matches: [rule('a').match], label: 'npm test' }],
    };
    await record({ ...asked, prompt });
    const answer = { approved: true, scope: 'workspace', by: 'user', surface: 'dialog' } as const;
    await service.recordDecision(uniqueName(), job.step.id, answer, 7);
    const [, step] = await items('chat');
    assert.deepEqual(step?.kind === 'step' && step.record.prompt, prompt);
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const rows = await database.read((query) => query('SELECT expires_at, scope, approved FROM approvals'));
    assert.deepEqual(rows, [{ expires_at: 1_900_000_000_000, scope: 'workspace', approved: 1 }]);
  });
});
