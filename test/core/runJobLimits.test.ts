import assert from 'node:assert/strict';
import type { PolicyDecision } from '../../extension/core/policy.ts';
import { stoppedAt, warnedAt } from '../../extension/core/repeats.ts';
import { StoreError } from '../../extension/core/store.ts';
import { ToolError } from '../../extension/core/tool.ts';
import { CannotUndoError } from '../../extension/core/undo.ts';
import { type Message, textOf } from '../../extension/shared/message.ts';
import { call, callReply, fakeProvider, textReply } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { fakeUndo } from '../fakes/undoKeeper.ts';
import { answering, last, letThrough, no, only, plainDecide, run, types, yes } from './jobRun.ts';

const oneEdit = () => fakeProvider([callReply(call('a', 'edit')), textReply('done')]);
const undoable: PolicyDecision = { ...letThrough, ruleIds: [], mustBeUndoable: true };

describe('runJob: before-images', () => {
  it('are kept before the step is let through, and what can be taken back is told with its result', async () => {
    const order: string[] = [];
    const undo = fakeUndo(async () => void order.push('before'));
    const edit = fakeTool('edit', {
      effect: 'write',
      run: async () => {
        order.push('run');
        throw new Error('half done');
      },
    });
    const { events } = await run({
      provider: oneEdit(),
      tools: [edit],
      undo,
      onEvent: ({ type }) => order.push(type),
    });
    assert.deepEqual(order.slice(order.indexOf('ApprovalRequired'), order.indexOf('StepCompleted') + 1), [
      'ApprovalRequired',
      'before',
      'StepApproved',
      'run',
      'StepCompleted',
    ]);
    const [completed] = only(events, 'StepCompleted');
    assert.equal(completed?.result.outcome, 'failed');
    assert.deepEqual(completed.undo, { files: 1, unknown: [] }, 'a step that failed may have changed files');
  });

  it('are not kept of reads and of what is rejected', async () => {
    const provider = fakeProvider([callReply(call('a', 'look'), call('b', 'edit'))]);
    const tools = [fakeTool('look'), fakeTool('edit', { effect: 'write' })];
    const { events, undo } = await run({ provider, tools, approver: answering(no) });
    assert.deepEqual(undo.calls, []);
    assert.equal(only(events, 'StepCompleted')[0]?.undo, undefined);
  });

  const failures: [string, Error][] = [
    ['cannot be kept', new CannotUndoError('it is a folder')],
    ['fails in another way', new TypeError('it is a bug')],
  ];
  for (const [name, error] of failures) {
    const undo = fakeUndo(() => Promise.reject(error));
    it(`where that ${name}: what ran because it could be undone asks`, async () => {
      const edit = fakeTool('edit', { effect: 'write' });
      const asked = await run({
        provider: oneEdit(),
        tools: [edit],
        undo,
        decide: async () => undoable,
        approver: answering(no),
      });
      const [question] = only(asked.events, 'ApprovalRequired');
      assert.equal(question?.prompt.reason, `it could not be undone: ${error.message}`);
      assert.equal(edit.runs.length, 0);
    });

    it(`where that ${name}: what a person or a rule let through runs, and says so`, async () => {
      for (const decide of [{}, { decide: async () => letThrough }]) {
        const edit = fakeTool('edit', { effect: 'write' });
        const { events } = await run({ provider: oneEdit(), tools: [edit], undo, ...decide });
        assert.match(only(events, 'StepApproved')[0]?.reason ?? '', /; it cannot be undone: it is a/);
        assert.equal(edit.runs.length, 1);
      }
    });
  }

  it('end the job where the disk does not take them', async () => {
    const edit = fakeTool('edit', { effect: 'write' });
    const undo = fakeUndo(() => Promise.reject(new StoreError('The disk is full.')));
    const { events } = await run({ provider: oneEdit(), tools: [edit], undo });
    assert.equal(only(events, 'JobFailed')[0]?.error.kind, 'storage');
    assert.equal(edit.runs.length, 0);
  });

  it('start nothing when the chat is stopped meanwhile, and are let go', async () => {
    for (const decide of [undoable, letThrough]) {
      const controller = new AbortController();
      const edit = fakeTool('edit', { effect: 'write' });
      const undo = fakeUndo(async () => controller.abort(new Error('stopped')));
      const { events } = await run({
        provider: oneEdit(),
        tools: [edit],
        undo,
        decide: async () => decide,
        signal: controller.signal,
      });
      assert.equal(only(events, 'StepRejected')[0]?.result.outcome, 'cancelled');
      assert.equal(last(events)?.type, 'JobCancelled');
      assert.deepEqual([edit.runs, undo.calls], [[], ['before edit', 'after edit']]);
    }
  });
});

describe('runJob: whose words have come in', () => {
  const page = fakeTool('page', { run: async () => ({ ...output('words'), taint: 'a web page (x.org)' }) });
  const failed = fakeTool('failed', { run: async () => ({ ...output('no', true), taint: 'a server' }) });
  const taints = async (replies: Parameters<typeof fakeProvider>[0], job: object = {}) => {
    const seen: (string | undefined)[] = [];
    const result = await run({
      provider: fakeProvider(replies),
      tools: [fakeTool('look'), page, failed],
      decide: async (_, __, { taint }) => {
        seen.push(taint);
        return letThrough;
      },
      job,
    });
    return { seen, ...result };
  };

  it('is told to the policy from then on, to the end of the job', async () => {
    const { seen, events } = await taints([
      callReply(call('a', 'look'), call('b', 'page'), call('c', 'look')),
      callReply(call('d', 'failed')),
      callReply(call('e', 'look')),
    ]);
    const from = 'a web page (x.org)';
    assert.deepEqual(seen, [undefined, undefined, from, from, from]);
    assert.deepEqual(
      only(events, 'StepCompleted').map(({ result }) => result.taint),
      [undefined, from, undefined, 'a server', undefined],
    );
  });

  it('counts where the output is that of a failure', async () => {
    const { seen } = await taints([callReply(call('a', 'failed'), call('b', 'look'))]);
    assert.deepEqual(seen, [undefined, 'a server']);
  });

  it('is forgotten with the next message of the person, and not when the agent only goes on', async () => {
    const before = await taints([callReply(call('a', 'page')), textReply('read it')]);
    const history = before.events.flatMap((event): Message[] => {
      if (event.type === 'JobStarted') return event.input === undefined ? [] : [event.input];
      if (event.type === 'TurnCompleted') return [event.message];
      return event.type === 'StepCompleted' ? [event.result] : [];
    });
    const replies = [callReply(call('z', 'look'))];
    assert.deepEqual((await taints(replies, { history })).seen, [undefined]);
    const goesOn = await taints(replies, { history, input: undefined });
    assert.deepEqual(goesOn.seen, ['a web page (x.org)']);
  });
});

describe('runJob: edits that nobody saw', () => {
  const tools = () => [
    fakeTool('edit', { effect: 'write' }),
    fakeTool('command', { effect: 'execute', run: () => Promise.reject(new ToolError('it failed')) }),
    fakeTool('look'),
    ...[false, true].map((isReadOnly) =>
      fakeTool(isReadOnly ? 'reading' : 'sandboxed', {
        effect: 'execute',
        access: {
          paths: [],
          command: { line: 'x', folder: '.', root: '/folder', below: '.', isSandboxed: true, isReadOnly },
        },
      }),
    ),
    fakeTool('outside', {
      effect: 'network',
      access: { paths: [], outside: { server: 'files', definition: 'd' } },
    }),
  ];
  /** @param asked calls that the person is asked about @param rejected of these */
  const uncheckedAt = async (
    calls: readonly string[],
    asked: readonly number[] = [],
    rejected: readonly number[] = [],
    isNamed = true,
  ) => {
    const seen: (string | undefined)[] = [];
    await run({
      provider: fakeProvider([
        ...calls.map((name, index) => callReply(call(`${index}`, name))),
        textReply('done'),
      ]),
      tools: tools(),
      decide: async ({ callId }, prepared, { uncheckedEdit }) => {
        seen.push(uncheckedEdit);
        if (!asked.includes(Number(callId))) return letThrough;
        const verdict = await plainDecide(prepared);
        return uncheckedEdit === undefined || verdict.action !== 'ask'
          ? verdict
          : { ...verdict, ...(isNamed ? { namesEdit: true } : {}) };
      },
      approver: {
        ask: async ({ step: { callId } }) => (rejected.includes(Number(callId)) ? no : yes),
      },
    });
    return seen.map((edit) => edit !== undefined);
  };

  it('are told to the policy until the person has approved a command knowing of them, whatever comes of that', async () => {
    assert.deepEqual(await uncheckedAt(['command', 'edit', 'look', 'command', 'edit', 'command'], [3]), [
      ...[false, false, true, true, false, false],
    ]);
  });

  it('are told also behind a command whose question did not name them', async () => {
    assert.deepEqual(await uncheckedAt(['edit', 'command', 'edit', 'command'], [1], [], false), [
      ...[false, true, true, true],
    ]);
  });

  it('are told also where the command was rejected, or ran unasked', async () => {
    assert.deepEqual(await uncheckedAt(['edit', 'command', 'command', 'command'], [1], [1]), [
      ...[false, true, true, true],
    ]);
  });

  it('may be made by what runs in the sandbox, and a command runs them later', async () => {
    assert.deepEqual(await uncheckedAt(['command', 'command', 'sandboxed', 'command']), [
      ...[false, false, false, true],
    ]);
    // It was approved because it is held; what it wrote, nobody has seen.
    assert.deepEqual(await uncheckedAt(['sandboxed', 'command'], [0]), [false, true]);
    assert.deepEqual(await uncheckedAt(['sandboxed', 'command', 'command'], [0, 1]), [false, true, false]);
    assert.deepEqual(await uncheckedAt(['reading', 'command']), [false, false]);
  });

  it('may be made by a tool from outside that a rule let through', async () => {
    assert.deepEqual(await uncheckedAt(['outside', 'command']), [false, true]);
    assert.deepEqual(await uncheckedAt(['outside', 'command'], [0]), [false, false]);
  });

  it('are not those that the person approved', async () => {
    assert.deepEqual(await uncheckedAt(['edit', 'command'], [0]), [false, false]);
  });
});

describe('runJob: an agent that repeats itself', () => {
  const turns = (...names: readonly string[]) =>
    names.map((name, index) => callReply(call(`c${index}`, name, { path: 'x' })));
  const looking = (...names: readonly string[]) =>
    run({
      provider: fakeProvider([...turns(...names), textReply('done')]),
      tools: [fakeTool('look'), fakeTool('list')],
    });
  const notes = (events: Awaited<ReturnType<typeof looking>>['events']) =>
    only(events, 'StepCompleted').map(({ result }) => /times in a row/.test(textOf(result.content)));

  it('is told so, and goes on', async () => {
    const { events } = await looking('look', 'look', 'look', 'list', 'look');
    assert.deepEqual(notes(events), [false, false, true, false, false]);
    assert.equal(last(events)?.type, 'JobCompleted');
  });

  it('is stopped in the end, and the person reads at what', async () => {
    const { events } = await looking(...Array.from({ length: 9 }, () => 'look'));
    assert.equal(only(events, 'StepCompleted').length, stoppedAt);
    assert.equal(notes(events).filter(Boolean).length, stoppedAt - warnedAt + 1);
    const error = only(events, 'JobFailed')[0]?.error;
    assert.equal(error?.kind, 'repeating');
    assert.deepEqual(error.actions, ['continue']);
    assert.match(error.message, /same step 6 times in a row.*: look \(look\)\. Everything/);
  });

  it('may take turns with two calls', async () => {
    const { events } = await looking(...Array.from({ length: 8 }, () => ['look', 'list']).flat());
    assert.equal(only(events, 'StepCompleted').length, 2 * stoppedAt);
    assert.match(only(events, 'JobFailed')[0]?.error.message ?? '', /same two steps 6 times/);
  });

  it('is stopped within a turn too', async () => {
    const calls = Array.from({ length: 9 }, (_, index) => call(`c${index}`, 'look'));
    const { events } = await run({
      provider: fakeProvider([callReply(...calls)]),
      tools: [fakeTool('look')],
    });
    assert.equal(only(events, 'StepCompleted').length, stoppedAt);
    assert.equal(types(events).at(-1), 'JobFailed');
  });
});
