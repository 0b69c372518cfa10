import assert from 'node:assert/strict';
import { JobBusyError } from '../../extension/core/jobs.ts';
import { StoreError } from '../../extension/core/store.ts';
import { textOf } from '../../extension/shared/message.ts';
import type { ApprovalMode } from '../../extension/shared/rule.ts';
import { call, callReply, textReply } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { held, house, snapshotOf } from './house.ts';

describe('jobs and chats', () => {
  it('keeps the message before it answers the sender, and everything before the next request', async () => {
    const { chats, store, provider, ended } = house(
      [callReply(call('a', 'read_file')), textReply('done')],
      [fakeTool('read_file')],
    );
    const { jobId, sessionId } = await chats.send({ text: 'Please look' });
    assert.equal(store.events[0]?.type, 'JobStarted');
    await ended(jobId);
    assert.equal(provider.requests.length, 2);
    const { items, title } = await snapshotOf(chats, sessionId);
    assert.equal(title, 'Please look');
    assert.deepEqual(
      items.map((item) => item.kind),
      ['user', 'assistant', 'step', 'assistant'],
    );
  });

  it('begins only in the chat as its history has it', async () => {
    const { chats, store, provider, ended } = house([textReply('one'), textReply('two')]);
    const { jobId, sessionId } = await chats.send({ text: 'first' });
    await ended(jobId);
    const known: (number | undefined)[] = [];
    const { record } = store;
    store.record = async (event, lastRow) => {
      if (event.type === 'JobStarted') {
        known.push(lastRow);
        throw new StoreError('This chat has just changed in another window.');
      }
      await record(event);
    };
    await assert.rejects(chats.send({ sessionId, text: 'second' }), /changed in another window/);
    assert.deepEqual(known, [(await store.readAll(sessionId)).at(-1)?.row]);
    assert.equal(provider.requests.length, 1);
  });

  it('refuses a second message while the first is worked on, and takes one as soon as it is done', async () => {
    const { reply, release } = held();
    const { chats, jobs } = house([reply]);
    const { sessionId } = await chats.send({ text: 'one' });
    await assert.rejects(chats.send({ sessionId, text: 'two' }), JobBusyError);
    const next = new Promise<string>((resolve) => {
      const unlisten = jobs.onEvent((event) => {
        if (event.type !== 'JobCompleted') return;
        unlisten();
        chats.send({ sessionId, text: 'three' }).then(({ jobId }) => resolve(jobId));
      });
    });
    release();
    assert.notEqual(await next, '');
  });

  it('refuses the message when it cannot be kept, and nothing reaches the model', async () => {
    const { chats, store, provider, jobs } = house([]);
    store.failure = new StoreError('The disk is full.');
    await assert.rejects(chats.send({ text: 'hello' }), /The disk is full/);
    assert.equal(provider.requests.length, 0);
    assert.deepEqual(jobs.running(), []);
  });

  it('stops a job whose steps can no longer be kept, before anything is changed', async () => {
    const edit = fakeTool('edit_file', { effect: 'write' });
    const { chats, store, approvals, ended } = house([callReply(call('a', 'edit_file'))], [edit]);
    approvals.listen({
      onAsked: ({ step }) => {
        store.failure = new StoreError('The disk is full.');
        approvals.answer(step.id, { approved: true, scope: 'once', by: 'user', surface: 'test' });
      },
    });
    const { jobId } = await chats.send({ text: 'edit_file' });
    const end = await ended(jobId);
    assert.equal(end.type === 'JobFailed' && end.error.kind, 'storage');
    assert.equal(edit.runs.length, 0);
  });

  it('asks the model nothing more when a result could not be kept', async () => {
    const look = fakeTool('read_file');
    const { chats, store, provider, jobs, ended } = house([callReply(call('a', 'read_file'))], [look]);
    jobs.onEvent((event) => {
      if (event.type === 'StepApproved') store.failure = new StoreError('The disk is full.');
    });
    const { jobId } = await chats.send({ text: 'read_file' });
    const end = await ended(jobId);
    assert.equal(end.type === 'JobFailed' && end.error.kind, 'storage');
    assert.equal(look.runs.length, 1);
    assert.equal(provider.requests.length, 1);
  });

  it('cancels: partial text is kept, the open approval is denied, the next message works', async () => {
    const edit = fakeTool('edit_file', { effect: 'write' });
    const { chats, jobs, approvals, events } = house(
      [callReply(call('a', 'edit_file')), textReply('fine')],
      [edit],
    );
    const { jobId, sessionId } = await chats.send({ text: 'edit_file' });
    while (approvals.pending().length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await jobs.cancel(jobId), true);
    assert.equal(approvals.pending().length, 0);
    assert.equal(edit.runs.length, 0);
    assert.equal(events.at(-1)?.type, 'JobCancelled');
    assert.equal(await jobs.cancel(jobId), false);
    await chats.send({ sessionId, text: 'again' });
  });

  it('shows a running chat as it is: stored rows, then what is still streaming', async () => {
    const { reply, release } = held();
    const { chats, ended } = house([reply]);
    const { jobId, sessionId } = await chats.send({ text: 'one' });
    await new Promise((resolve) => setImmediate(resolve));
    const running = await snapshotOf(chats, sessionId);
    assert.equal(running.job?.id, jobId);
    const streaming = running.items.at(-1);
    assert.equal(streaming?.kind === 'assistant' && streaming.streaming, true);
    release();
    await ended(jobId);
    const done = await snapshotOf(chats, sessionId);
    assert.equal(done.job, undefined);
    assert.deepEqual(
      done.items.map((item) => item.kind),
      ['user', 'assistant'],
    );
  });

  it('goes on without a new message after a failure', async () => {
    const { chats, provider, ended } = house([[new Error('bug')], textReply('second try')]);
    const { jobId, sessionId } = await chats.send({ text: 'hello' });
    await ended(jobId);
    const again = await chats.goOn(sessionId);
    await ended(again.jobId);
    assert.deepEqual(provider.requests[1]?.messages, provider.requests[0]?.messages);
  });

  it('a listener that throws hurts nobody', async () => {
    const { chats, jobs, errors, ended } = house([textReply('ok')]);
    jobs.onEvent(() => {
      throw new Error('listener');
    });
    const { jobId } = await chats.send({ text: 'hello' });
    assert.equal((await ended(jobId)).type, 'JobCompleted');
    assert.ok(errors.length > 0);
  });

  it('closes by stopping what runs, and leaves its end to the store, because nobody stopped it', async () => {
    const { reply } = held();
    const { chats, jobs, events, store } = house([reply]);
    await chats.send({ text: 'one' });
    await jobs.close();
    assert.ok(!events.some((event) => event.type === 'JobCancelled'));
    assert.ok(!store.events.some((event) => event.type === 'JobCancelled'));
    assert.equal(jobs.running().length, 0);
    await assert.rejects(chats.send({ text: 'two' }), /closing/);
  });

  it('makes one default agent, checks patches, and keeps the last agent', async () => {
    const { agents } = house([]);
    const [first, second] = await Promise.all([agents.get(), agents.get()]);
    assert.equal(first.id, second.id);
    await assert.rejects(agents.create({ name: '' }), /not an agent/);
    await assert.rejects(agents.update(first.id, { execution: { turnLimit: 0 } }), /not a change/);
    const updated = await agents.update(first.id, { name: 'Reviewer', execution: { turnLimit: 7 } });
    assert.equal(updated.name, 'Reviewer');
    assert.equal(updated.execution.turnLimit, 7);
    assert.equal(updated.execution.mode, 'ask');
    await assert.rejects(agents.delete(first.id), /only agent/);
    await assert.rejects(agents.get('nobody'), /no agent/);
  });
});

describe('jobs: what is let through', () => {
  const approve = { approved: true, by: 'user', surface: 'dialog' } as const;
  const editing = (...paths: readonly string[]) =>
    paths.map((path, index) => callReply(call(`c${index}`, 'edit_file', { path })));
  const asking = (core: ReturnType<typeof house>, scope: 'once' | 'workspace') => {
    const reasons: string[] = [];
    core.approvals.listen({
      onAsked: ({ step, prompt }) => {
        reasons.push(prompt.reason);
        core.approvals.answer(step.id, { ...approve, scope });
      },
    });
    return reasons;
  };

  it('is covered by the rule of an answer from the next step on, in the folder that is open', async () => {
    const edit = fakeTool('edit_file', { effect: 'write' });
    const tools = [edit];
    const core = house([...editing('src/a', 'src/b'), textReply('done'), ...editing('src/c')], tools);
    const { chats, ended, store, events } = core;
    const reasons = asking(core, 'workspace');
    const { jobId, sessionId } = await chats.send({ text: 'edit' });
    await ended(jobId);
    assert.equal(reasons.length, 1);
    const [rule] = await store.listRules();
    assert.equal(rule?.folder, '/folder');
    const approved = events.flatMap((event) => (event.type === 'StepApproved' ? [event] : []));
    assert.deepEqual(
      approved.map(({ by, ruleIds }) => [by, ruleIds]),
      [
        ['user', [rule.id]],
        ['rule', [rule.id]],
      ],
    );
    // The chat is gone on with in a window with another folder: what was allowed is not about that one.
    tools[0] = fakeTool('edit_file', {
      effect: 'write',
      access: {
        paths: [{ label: 'src/c', file: '/another/src/c', root: '/another', below: 'src/c', kind: 'write' }],
      },
    });
    await ended((await chats.send({ sessionId, text: 'more' })).jobId);
    assert.equal(reasons.length, 2);
    assert.deepEqual([edit.runs.length, tools[0].runs.length], [2, 1]);
  });

  it('follows the mode of the agent as it is when a step comes, and is asked where there is none any more', async () => {
    const core = house(
      [...editing('a', 'b', 'c', 'd'), textReply('done')],
      [fakeTool('edit_file', { effect: 'write' })],
    );
    const { agents, jobs, chats, ended, store, events } = core;
    const agent = await agents.get();
    await agents.update(agent.id, { execution: { mode: 'smart' } });
    await agents.create({ name: 'Other' });
    const reasons = asking(core, 'once');
    jobs.onEvent((event) => {
      if (event.type !== 'StepCompleted') return;
      const { callId } = event.step;
      if (callId === 'c0') void store.saveAgent(agent);
      if (callId === 'c1')
        void store.saveAgent({ ...agent, execution: { ...agent.execution, mode: 'smart' } });
      if (callId === 'c2') void store.deleteAgent(agent.id);
    });
    await ended((await chats.send({ text: 'edit' })).jobId);
    const by = events.flatMap((event) => (event.type === 'StepApproved' ? [event.by] : []));
    assert.deepEqual(by, ['rule', 'user', 'rule', 'user']);
    assert.equal(reasons.length, 2);
  });

  it('is asked again where a job goes on behind an edit that nobody saw, and no more behind a new message', async () => {
    const command = (id: string) => callReply(call(id, 'run_command', { command: 'npm test' }));
    const core = house(
      [
        ...[command('1'), textReply('done')],
        ...[...editing('a'), textReply('done'), command('2'), textReply('done')],
        ...[command('3'), textReply('done')],
      ],
      [
        fakeTool('edit_file', { effect: 'write' }),
        fakeTool('run_command', { effect: 'execute', run: async () => output('ok') }),
      ],
    );
    const { chats, ended } = core;
    const reasons = asking(core, 'workspace');
    const { jobId, sessionId } = await chats.send({ text: 'test', mode: 'smart' });
    await ended(jobId);
    await ended((await chats.send({ sessionId, text: 'edit' })).jobId);
    assert.deepEqual(reasons, ['no rule covers it']);
    await ended((await chats.goOn(sessionId)).jobId);
    assert.deepEqual(reasons.slice(1), ['files it may run were changed without being looked at: edit_file']);
    await ended((await chats.send({ sessionId, text: 'test' })).jobId);
    assert.equal(reasons.length, 2);
  });

  it('is in another folder no more than the agent lets through', async () => {
    const core = house([...editing('a'), textReply('done')], [fakeTool('edit_file', { effect: 'write' })], {
      folder: () => '/another',
    });
    const reasons = asking(core, 'once');
    await core.ended((await core.chats.send({ text: 'edit', mode: 'smart' })).jobId);
    assert.equal(reasons.length, 1);
  });

  it('follows the mode of the chat as it is when a step comes, else that of the agent', async () => {
    const modes: (ApprovalMode | undefined)[] = [];
    const edit = fakeTool('edit_file', { effect: 'write' });
    const core = house([...editing('a', 'b', 'c'), textReply('done')], [edit]);
    const { chats, ended, jobs, store, agents } = core;
    const agent = await agents.get();
    await agents.update(agent.id, { execution: { mode: 'smart' } });
    const reasons = asking(core, 'once');
    let change = Promise.resolve();
    jobs.onEvent((event, sessionId) => {
      if (event.type !== 'StepApproved') return;
      modes.push(event.by === 'rule' ? 'smart' : 'ask');
      if (event.step.callId === 'c0') change = chats.setMode(sessionId, 'ask');
    });
    const { jobId, sessionId } = await chats.send({ text: 'edit' });
    await ended(jobId);
    await change;
    assert.deepEqual(modes, ['smart', 'ask', 'ask']);
    assert.equal(reasons.length, 2);
    assert.equal((await store.getSession(sessionId))?.mode, 'ask');
    assert.deepEqual(
      (await store.readAudit(0, 100))
        .filter(({ kind }) => kind !== 'step')
        .map(({ kind, sessionId: of, detail, by }) => [kind, of, detail, by]),
      [
        ['mode', undefined, 'from ask to smart', 'user'],
        ['mode', sessionId, 'from smart to ask', 'user'],
      ],
    );
  });

  it('is not run before its approval is kept, also where the person changed it', async () => {
    const order: string[] = [];
    const edit = fakeTool('edit_file', {
      effect: 'write',
      amend: () => ({
        title: 'edit',
        effect: 'write',
        targets: [],
        access: { paths: [] },
        changes: [],
        run: async () => {
          order.push('run');
          return output('wrote it');
        },
      }),
    });
    const { chats, approvals, store, ended, events } = house(editing('a'), [edit]);
    const { record } = store;
    store.record = async (event, row) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`kept ${event.type}`);
      await record(event, row);
    };
    approvals.listen({
      onAsked: ({ step }) => {
        order.push('asked');
        const accepted = [{ file: '/folder/a', text: 'mine' }];
        approvals.answer(step.id, { ...approve, scope: 'once', accepted });
      },
    });
    await ended((await chats.send({ text: 'edit' })).jobId);
    const steps = order.filter((each) => !/JobStarted|Usage|Turn|Job/.test(each));
    assert.deepEqual(steps.slice(0, 4), ['kept ApprovalRequired', 'asked', 'kept StepApproved', 'run']);
    const completed = events.find((event) => event.type === 'StepCompleted');
    assert.equal(textOf(completed?.result.content ?? []), 'wrote it');
  });

  it('is not run at all where the rules cannot be read and nobody says yes', async () => {
    const edit = fakeTool('edit_file', { effect: 'write' });
    const { chats, approvals, ended } = house(editing('a'), [edit], {
      rules: {
        list: () => Promise.reject(new StoreError('The disk is gone.')),
        allow: () => assert.fail('no rule is to be made'),
      },
    });
    approvals.listen({
      onAsked: ({ step, prompt }) => {
        assert.equal(prompt.reason, 'its rules could not be read');
        approvals.answer(step.id, { ...approve, scope: 'workspace', approved: false });
      },
    });
    await ended((await chats.send({ text: 'edit' })).jobId);
    assert.equal(edit.runs.length, 0);
  });

  it('counts what a request took before the next is asked for', async () => {
    const look = fakeTool('read_file');
    const kept: number[] = [];
    const core = house([callReply(call('a', 'read_file')), textReply('done')], [look], {
      budgets: {
        check: async (place) => {
          assert.equal(place.sessionId, core.events[0]?.type === 'JobStarted' && core.events[0].sessionId);
          kept.push(core.store.events.filter(({ type }) => type === 'Usage').length);
          return undefined;
        },
        costOf: (model, { input }) => (model.model === 'fake' ? input : undefined),
      },
    });
    const { record } = core.store;
    core.store.record = async (event, row) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await record(event, row);
    };
    await core.ended((await core.chats.send({ text: 'look' })).jobId);
    assert.deepEqual(kept, [0, 1]);
    const costs = core.events.flatMap((event) => (event.type === 'Usage' ? [event.costUsd] : []));
    assert.deepEqual(costs, [10, 10]);
  });
});
