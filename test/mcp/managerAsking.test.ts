import assert from 'node:assert/strict';
import { McpError, type McpFormAnswer } from '../../extension/core/mcp.ts';
import { mcpInputKey } from '../../extension/mcp/inputs.ts';
import { atRest } from '../fakes/clock.ts';
import { textResult } from './fakeConnection.ts';
import { away, createRig, here, type Rig, runTool, stdioConfig, textOf, userSource } from './managerRig.ts';

const { signal } = new AbortController();

/** The server asks within its call. */
const askingServer = (rig: Rig, name = 'memory'): McpFormAnswer[] => {
  const answers: McpFormAnswer[] = [];
  rig.server(name).onCall = async (_tool, _signal, { request }) => {
    answers.push(
      await request.handlers.elicit({ kind: 'form', server: name, message: name, fields: [] }, signal),
    );
    return textResult('asked');
  };
  return answers;
};

const sampling = { server: 'memory', messages: [], maxTokens: 100 };

describe('questions of servers', () => {
  it('reach the person while a call of theirs runs', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const answers = askingServer(rig);
    rig.elicit = async () => ({ action: 'accept', content: { city: 'Paris' } });
    await rig.call('memory__read');
    assert.deepEqual(answers, [{ action: 'accept', content: { city: 'Paris' } }]);
  });

  it('are declined where everything that runs was begun away from the desk', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const answers = askingServer(rig);
    await rig.call('memory__read', {}, away);
    assert.deepEqual(answers, [{ action: 'decline' }]);
    assert.deepEqual(rig.questions, []);
    assert.ok(rig.log.some((line) => /was declined: .*phone/.test(line)));

    const { promise, resolve } = Promise.withResolvers<void>();
    const asks = rig.server('memory').onCall;
    rig.server('memory').onCall = async () => {
      await promise;
      return textResult('long');
    };
    const long = rig.call('memory__read', {}, here);
    await atRest();
    rig.server('memory').onCall = asks;
    await rig.call('memory__read', {}, away);
    assert.equal(answers[1]?.action, 'accept', 'somebody at the desk waits, too');
    resolve();
    await long;
  });

  it('are declined where no call runs', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const { handlers } = rig.server('memory').last().request;
    const request = { kind: 'url', server: 'memory', message: 'x', url: 'https://a.example' } as const;
    assert.deepEqual(await handlers.elicit(request, signal), { action: 'decline' });
    assert.deepEqual(rig.questions, []);
    assert.ok(rig.log.some((line) => /no call of it runs/.test(line)));
  });

  it('are asked while a person starts it, and not while a call does', async () => {
    const rig = createRig();
    const answers: McpFormAnswer[] = [];
    rig.onConnect = ({ handlers }) => {
      rig.server('memory').onConnect = async () => {
        answers.push(
          await handlers.elicit({ kind: 'form', server: 'memory', message: 'm', fields: [] }, signal),
        );
      };
    };
    await rig.manager.start('memory');
    assert.deepEqual(answers, [{ action: 'accept', content: {} }]);
    await rig.manager.stop('memory');
    await rig.call('memory__read');
    assert.deepEqual(answers[1], { action: 'decline' });
  });

  it('come one at a time, of all servers', async () => {
    const rig = createRig({ configs: [stdioConfig('a'), stdioConfig('b')] });
    for (const name of ['a', 'b']) {
      await rig.manager.start(name);
      askingServer(rig, name);
    }
    const waiting: ((answer: McpFormAnswer) => void)[] = [];
    rig.elicit = () => new Promise((resolve) => waiting.push(resolve));
    const calls = [rig.call('a__read'), rig.call('b__read')];
    await atRest();
    assert.equal(waiting.length, 1);
    waiting[0]?.({ action: 'cancel' });
    await atRest();
    assert.equal(waiting.length, 2);
    waiting[1]?.({ action: 'decline' });
    await Promise.all(calls);
  });

  it('go with the call that they belong to, and let others be asked', async () => {
    const rig = createRig({ configs: [stdioConfig('a'), stdioConfig('b')] });
    for (const name of ['a', 'b']) await rig.manager.start(name);
    askingServer(rig, 'a');
    askingServer(rig, 'b');
    const signals: AbortSignal[] = [];
    rig.elicit = (request, own) => {
      signals.push(own);
      return request.server === 'a' ? new Promise(() => undefined) : Promise.resolve({ action: 'cancel' });
    };
    const call = rig.call('a__read');
    await atRest();
    rig.server('a').last().crash('It ended.');
    assert.match(textOf(await call), /It ended/);
    assert.equal(signals[0]?.aborted, true);
    assert.equal(textOf(await rig.call('b__read')), 'asked');
  });

  it('are declined where whoever could answer has gone while they waited', async () => {
    const rig = createRig({ configs: [stdioConfig('a'), stdioConfig('b')] });
    for (const name of ['a', 'b']) await rig.manager.start(name);
    askingServer(rig, 'a');
    const waiting: ((answer: McpFormAnswer) => void)[] = [];
    rig.elicit = () => new Promise((resolve) => waiting.push(resolve));
    const first = rig.call('a__read');
    await atRest();
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.server('b').onCall = async () => {
      await promise;
      return textResult('desk');
    };
    const desk = rig.call('b__read');
    await atRest();
    const answers = askingServer(rig, 'b');
    const phone = rig.call('b__read', {}, away);
    await atRest();
    assert.equal(answers.length, 0);
    resolve();
    await desk;
    waiting[0]?.({ action: 'cancel' });
    await Promise.all([first, phone]);
    assert.deepEqual(answers, [{ action: 'decline' }]);
    assert.equal(rig.questions.length, 1);
  });

  it('are declined where they cannot be asked', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const answers = askingServer(rig);
    rig.elicit = async () => {
      throw new Error('no window');
    };
    await rig.call('memory__read');
    assert.deepEqual(answers, [{ action: 'decline' }]);
    assert.ok(rig.log.some((line) => /no window/.test(line)));
  });

  it('for answers of the model are offered only where the person allowed them, and asked each time', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    assert.equal(rig.server('memory').last().request.handlers.sample, undefined);
    await rig.manager.setAllowsSampling('memory', true);
    await atRest();
    assert.match(rig.audits.at(-1)?.title ?? '', /may ask for answers of the model/);
    assert.equal(rig.server('memory').connections.length, 2, 'it is connected to anew, to say so');
    const { handlers } = rig.server('memory').last().request;
    assert.equal(await handlers.sample?.(sampling, signal), undefined, 'no call runs');
    const answers: unknown[] = [];
    rig.server('memory').onCall = async () => {
      answers.push(await handlers.sample?.(sampling, signal));
      return textResult('sampled');
    };
    await rig.call('memory__read');
    await rig.call('memory__read');
    assert.deepEqual(answers, [
      { text: 'an answer', model: 'm' },
      { text: 'an answer', model: 'm' },
    ]);
    assert.deepEqual(rig.questions, ['sample: memory', 'sample: memory']);

    rig.server('memory').onCall = async () => {
      await rig.manager.setAllowsSampling('memory', false);
      assert.equal(await handlers.sample?.(sampling, signal), undefined);
      return textResult('refused');
    };
    assert.equal(textOf(await rig.call('memory__read')), 'refused');
    assert.equal(rig.questions.length, 2);
    await rig.manager.restart('memory');
    assert.equal(rig.server('memory').last().request.handlers.sample, undefined);
  });
});

describe('roots', () => {
  it('are the open folders, and their changes are told', async () => {
    const rig = createRig();
    rig.roots = [{ uri: 'file:///w', name: 'w' }];
    await rig.manager.start('memory');
    const connection = rig.server('memory').last();
    assert.deepEqual(connection.request.handlers.roots(), [{ uri: 'file:///w', name: 'w' }]);
    rig.roots = [];
    rig.manager.windowChanged();
    assert.equal(connection.rootsTold, 1);
    assert.deepEqual(connection.request.handlers.roots(), []);
    rig.roots = [{ uri: 'file:///w', name: 'w' }];
    rig.isTrusted = false;
    assert.deepEqual(connection.request.handlers.roots(), []);
  });
});

describe('inputs', () => {
  const token = { id: 'token', description: 'A token', isSecret: true };
  const withInput = () => createRig({ configs: [stdioConfig('memory', { inputs: [token] })] });
  const key = 'mcp.input:user::token';

  it('are asked for once, kept as secrets, and forgotten when told', async () => {
    const rig = withInput();
    rig.input = () => 's3cret';
    await rig.manager.start('memory');
    await rig.manager.restart('memory');
    assert.deepEqual(rig.questions, ['memory: token']);
    assert.deepEqual([...rig.secrets], [[key, 's3cret']]);
    const { transport } = rig.server('memory').requests[1] ?? {};
    assert.equal(transport?.type === 'stdio' && transport.env.token, 's3cret');
    await rig.manager.forgetInputs('memory');
    assert.equal(rig.secrets.size, 0);
    await rig.manager.restart('memory');
    assert.equal(rig.questions.length, 2);
  });

  it('that are no secrets are not kept as such, nor is a secret read as one of them', async () => {
    const plain = { ...token, isSecret: false };
    const rig = createRig({ configs: [stdioConfig('memory', { inputs: [plain] })] });
    rig.secrets.set(key, 's3cret');
    rig.input = () => '/home/somebody';
    await rig.manager.start('memory');
    assert.deepEqual([...rig.plain], ['/home/somebody']);
    assert.deepEqual(rig.questions, ['memory: token']);
    await rig.manager.restart('memory');
    assert.equal(rig.questions.length, 1);
    await rig.manager.forgetInputs('memory');
    assert.equal(rig.secrets.size, 0);
  });

  it('are kept apart by place, folder and id', () => {
    const keys = [
      mcpInputKey(userSource, 'a'),
      mcpInputKey({ place: 'vscode', folder: '/w' }, 'a'),
      mcpInputKey({ place: 'vscode', folder: '/v' }, 'a'),
      mcpInputKey({ place: 'project', folder: '/w' }, 'a'),
    ];
    assert.equal(keys[0], 'mcp.input:user::a');
    assert.equal(new Set(keys).size, 4);
  });

  it('that are not given start nothing', async () => {
    const rig = withInput();
    await assert.rejects(rig.manager.start('memory'), /no value was given for “A token”/);
    assert.deepEqual(rig.server('memory').requests, []);
  });

  it('pop up nothing where no person starts the server', async () => {
    const rig = withInput();
    rig.input = () => 's3cret';
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    rig.secrets.clear();
    const output = await rig.call('memory__read');
    assert.match(textOf(output), /needs a value \(“A token”\): start it once/);
    assert.match(await rig.state('memory'), /^failed: .*start it once/);
    assert.equal(rig.questions.length, 1);
    await rig.manager.start('memory');
    assert.equal(rig.questions.length, 2);
    assert.equal(await rig.state('memory'), 'ready');
  });

  it('are asked for by a person although a call has just failed for want of them', async () => {
    const rig = withInput();
    rig.input = () => 's3cret';
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    const tool = await rig.tool('memory__read');
    rig.secrets.clear();
    const [output] = await Promise.all([runTool(tool), rig.manager.start('memory')]);
    assert.equal(await rig.state('memory'), 'ready');
    assert.ok(/needs a value|is done/.test(textOf(output)));
  });

  it('may take long to type: a command that changes meanwhile is not started', async () => {
    const rig = withInput();
    rig.input = () => {
      rig.configure([
        stdioConfig('memory', {
          inputs: [token],
          transport: { type: 'stdio', command: 'evil', args: [], env: {} },
        }),
      ]);
      return 's3cret';
    };
    await assert.rejects(rig.manager.start('memory'), /has changed/);
    assert.deepEqual(rig.server('memory').requests, []);
    assert.equal(await rig.state('memory'), 'unapproved');
  });

  it('may take long to type: another command that was approved once is not started for it either', async () => {
    const rig = withInput();
    const other = stdioConfig('memory', {
      inputs: [token],
      transport: { type: 'stdio', command: 'other', args: [], env: {} },
    });
    const first = rig.config('memory');
    assert.ok(first !== undefined);
    rig.input = () => 's3cret';
    await rig.manager.start('memory');
    rig.configure([other]);
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    await rig.manager.forgetInputs('memory');
    rig.input = () => {
      rig.configure([first]);
      return 's3cret';
    };
    await assert.rejects(rig.manager.start('memory'), McpError);
    assert.equal(rig.server('memory').requests.length, 2);
    assert.equal(await rig.state('memory'), 'stopped');
  });
});
