import assert from 'node:assert/strict';
import { McpError } from '../../extension/core/mcp.ts';
import { ToolError } from '../../extension/core/tool.ts';
import { atRest } from '../fakes/clock.ts';
import { textResult, toolNamed } from './fakeConnection.ts';
import {
  agent,
  consentHash,
  createRig,
  here,
  manyTokens,
  remoteConfig,
  runTool,
  stdioConfig,
  textOf,
} from './managerRig.ts';

describe('MCP servers of a window', () => {
  it('start nothing by themselves', async () => {
    const rig = createRig();
    assert.equal(await rig.state('memory'), 'unapproved');
    assert.deepEqual(await rig.toolNames(), []);
    await rig.clock.advance(60_000);
    assert.deepEqual(rig.server('memory').requests, []);
    assert.deepEqual(rig.approvals, []);
  });

  it('start after the person has read exactly what is started', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    assert.deepEqual(rig.approvals, [
      {
        name: 'memory',
        facts: ['{"type":"stdio","command":"memory","args":["--stdio"],"env":{}}'],
        hasChanged: false,
      },
    ]);
    const info = await rig.info('memory');
    assert.deepEqual(info.state, { kind: 'ready', protocolVersion: '2025-11-25' });
    assert.deepEqual(
      info.tools.map(({ name, modelName, isEnabled }) => [name, modelName, isEnabled]),
      [['read', 'memory__read', true]],
    );
    assert.deepEqual(
      rig.audits.map(({ kind, outcome, title }) => [kind, outcome, title]),
      [['mcp', 'approved', 'MCP server memory: approved']],
    );
    assert.equal(await rig.records.lastHash('["user","","memory"]'), consentHash(stdioConfig('memory')));
  });

  it('start nothing that was refused, and say so', async () => {
    const rig = createRig();
    rig.approve = () => false;
    await assert.rejects(rig.manager.start('memory'), /was not approved, and not started/);
    assert.deepEqual(rig.server('memory').requests, []);
    assert.equal(await rig.state('memory'), 'unapproved');
    assert.deepEqual(rig.audits, []);
  });

  it('ask again where the command has changed while the person read', async () => {
    const rig = createRig();
    const other = stdioConfig('memory', {
      transport: { type: 'stdio', command: 'rm', args: ['-rf'], env: {} },
    });
    rig.approve = (_name, facts) => {
      if (!facts[0]?.includes('"rm"')) {
        rig.configure([other]);
        return true;
      }
      return false;
    };
    await assert.rejects(rig.manager.start('memory'), McpError);
    assert.equal(rig.approvals.length, 2);
    assert.deepEqual(rig.server('memory').requests, []);
    assert.equal(rig.records.kept.size, 0);
  });

  it('do not start what changes each time somebody is asked', async () => {
    const rig = createRig();
    let number = 0;
    rig.approve = () => {
      number += 1;
      const transport = { type: 'stdio', command: `x${number}`, args: [], env: {} } as const;
      rig.configure([stdioConfig('memory', { transport })]);
      return true;
    };
    await assert.rejects(rig.manager.start('memory'), /changes each time/);
    assert.deepEqual(rig.server('memory').requests, []);
  });

  it('start once for everybody who asks at the same time', async () => {
    const rig = createRig();
    await Promise.all([rig.manager.start('memory'), rig.manager.start('memory')]);
    assert.equal(rig.approvals.length, 1);
    assert.equal(rig.server('memory').requests.length, 1);
    await rig.manager.stop('memory');
    const tool = await rig.tool('memory__read');
    const gate = Promise.withResolvers<void>();
    rig.server('memory').onConnect = () => gate.promise;
    const calls = [runTool(tool), runTool(tool), runTool(tool)];
    await atRest();
    assert.equal(await rig.state('memory'), 'starting');
    gate.resolve();
    for (const output of await Promise.all(calls)) assert.match(textOf(output), /read is done/);
    assert.equal(rig.server('memory').requests.length, 2);
  });

  it('are started by a call, which says so while it waits', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    const tool = await rig.tool('memory__read');
    const told: string[] = [];
    const output = await runTool(tool, {}, undefined, (text) => told.push(text));
    assert.deepEqual(told, ['starting the MCP server memory…\n']);
    assert.equal(output.isError, false);
    assert.equal(output.taint, 'the MCP server memory');
    assert.equal(rig.approvals.length, 1);
  });

  it('give the accepted tools at once, and begin their servers behind, four at a time', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const first = createRig({ configs: names.map((name) => stdioConfig(name)) });
    for (const name of names) await first.manager.start(name);
    await first.manager.close();

    const rig = createRig({
      configs: names.map((name) => stdioConfig(name)),
      records: first.records,
      clock: first.clock,
    });
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    for (const name of names) {
      rig.server(name).onConnect = async () => {
        running += 1;
        most = Math.max(most, running);
        const { promise, resolve } = Promise.withResolvers<void>();
        gates.push(resolve);
        await promise;
        running -= 1;
      };
    }
    const offered = await rig.toolNames();
    assert.deepEqual(
      offered,
      names.map((name) => `${name}__read`),
    );
    while (gates.length > 0) {
      gates.shift()?.();
      await atRest();
    }
    assert.equal(most, 4);
    for (const name of names) assert.equal(await rig.state(name), 'ready');
  });

  it('give only what the agent may use and the person has left on, sorted', async () => {
    const rig = createRig({ configs: ['zeta', 'alpha', 'off'].map((name) => stdioConfig(name)) });
    rig.server('alpha').tools = [toolNamed('write'), toolNamed('read')];
    for (const name of ['zeta', 'alpha', 'off']) await rig.manager.start(name);
    await rig.manager.setEnabled('off', false);
    assert.deepEqual(await rig.toolNames(), ['alpha__read', 'alpha__write', 'zeta__read']);
    assert.deepEqual(await rig.toolNames(agent(['zeta'])), ['zeta__read']);
    assert.deepEqual(await rig.toolNames(agent([])), []);
    await rig.manager.setToolEnabled('alpha', 'write', false);
    assert.deepEqual(await rig.toolNames(), ['alpha__read', 'zeta__read']);
    assert.equal((await rig.info('alpha')).tools.find(({ name }) => name === 'write')?.isEnabled, false);
    await assert.rejects(rig.manager.setToolEnabled('alpha', 'none', false), /has no tool none/);
    assert.deepEqual(
      rig.audits.slice(3).map(({ title }) => title),
      ['MCP server off: disabled', 'MCP server alpha: the tool write turned off'],
    );
  });

  it('let two tools stand for many', async () => {
    const rig = createRig();
    rig.server('memory').tools = Array.from({ length: 40 }, (_, index) =>
      toolNamed(`tool_${index}`, 'x'.repeat(400)),
    );
    await rig.manager.start('memory');
    const few = await rig.manager.tools(agent(), here, 20_000);
    assert.deepEqual(
      few.map(({ spec }) => spec.name),
      ['find_mcp_tools', 'call_mcp_tool'],
    );
    assert.equal((await rig.manager.tools(agent(), here, manyTokens)).length, 40);
  });

  it('restart, with the process before at its end first', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.server('memory').onClose = () => promise;
    const restarted = rig.manager.restart('memory');
    await atRest();
    assert.equal(rig.server('memory').requests.length, 1);
    resolve();
    await restarted;
    assert.equal(rig.server('memory').requests.length, 2);
    assert.equal(await rig.state('memory'), 'ready');
  });

  it('give up a start whose signal aborts', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    rig.server('memory').onConnect = () => new Promise(() => undefined);
    const controller = new AbortController();
    const start = rig.manager.start('memory', controller.signal);
    await atRest();
    controller.abort(new Error('enough'));
    await assert.rejects(start, /enough/);
    await rig.clock.advance(3_000);
    assert.equal(await rig.state('memory'), 'stopped');
  });

  it('give up a question whose signal aborts, and ask others', async () => {
    const rig = createRig({ configs: [stdioConfig('a'), stdioConfig('b')] });
    rig.approve = (name) => (name === 'a' ? new Promise(() => undefined) : true);
    const controller = new AbortController();
    const start = rig.manager.start('a', controller.signal);
    const other = rig.manager.start('b');
    await atRest();
    assert.equal(rig.approvals.length, 1);
    controller.abort(new Error('enough'));
    await assert.rejects(start, /enough/);
    await other;
    assert.equal(rig.server('a').requests.length, 0);
  });

  it('do not wait for ever for a server that is never ready', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    rig.server('memory').onConnect = () => new Promise(() => undefined);
    const start = assert.rejects(rig.manager.start('memory'), /was not ready within 90 s/);
    await rig.clock.advance(90_000);
    await start;
    assert.match(await rig.state('memory'), /^failed: .*Look at its log/);
  });

  it('close what becomes ready after it was stopped, and wait for its end', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    const connected = Promise.withResolvers<void>();
    rig.server('memory').onConnect = () => connected.promise;
    const start = assert.rejects(rig.manager.start('memory'), /was stopped by the person/);
    await atRest();
    const closed = Promise.withResolvers<void>();
    rig.server('memory').onClose = () => closed.promise;
    let isStopped = false;
    const stop = rig.manager.stop('memory').then(() => {
      isStopped = true;
    });
    await start;
    assert.equal(await rig.state('memory'), 'stopped');
    await atRest();
    assert.equal(isStopped, false);
    connected.resolve();
    await stop;
    assert.equal(rig.server('memory').connections.length, 1, 'it is not connected to any more');

    rig.server('memory').onList = () => new Promise(() => undefined);
    const again = assert.rejects(rig.manager.start('memory'), /was stopped by the person/);
    await atRest();
    isStopped = false;
    const second = rig.manager.stop('memory').then(() => {
      isStopped = true;
    });
    await again;
    await atRest();
    assert.equal(rig.server('memory').last().isClosed(), true);
    assert.equal(isStopped, false);
    closed.resolve();
    await second;
  });

  it('stay stopped until they are called, where the person has stopped them', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    assert.deepEqual(await rig.toolNames(), ['memory__read']);
    assert.equal(rig.server('memory').requests.length, 1);
    await rig.call('memory__read');
    assert.equal(rig.server('memory').requests.length, 2);
  });

  it('count what they answer as words of others, unless the person says otherwise', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    assert.equal((await rig.call('memory__read')).taint, 'the MCP server memory');
    const tool = await rig.tool('memory__read');
    await rig.manager.setOwnWords('memory', true);
    assert.equal((await runTool(tool)).taint, undefined);
    assert.equal((await rig.info('memory')).isOwnWords, true);
    assert.match(rig.audits.at(-1)?.title ?? '', /own words/);
  });

  it('tell what has happened in their logs, without secrets', async () => {
    const rig = createRig();
    rig.server('memory').onConnect = async () => {
      throw new McpError('The key hunter2hunter2 was not taken.');
    };
    await assert.rejects(rig.manager.start('memory'), McpError);
    assert.equal(await rig.state('memory'), 'failed: The key [redacted] was not taken.');
    rig.server('memory').onConnect = async () => undefined;
    await rig.manager.start('memory');
    rig.server('memory').last().request.handlers.log('info', 'has hunter2hunter2');
    await rig.manager.stop('memory');
    assert.deepEqual(rig.log, [
      'memory info: The server is being started.',
      'memory error: The key [redacted] was not taken.',
      'memory info: The server is being started.',
      'memory info: The server is ready (protocol 2025-11-25).',
      'memory info: has [redacted]',
      'memory info: The server was stopped by the person.',
    ]);
    assert.deepEqual(rig.errors, []);
  });

  it('tell of every change of state', async () => {
    const rig = createRig();
    const before = rig.changes;
    await rig.manager.start('memory');
    const started = rig.changes;
    await rig.manager.stop('memory');
    assert.ok(started >= before + 2);
    assert.ok(rig.changes > started);
  });

  it('remember which era a server spoke, for a week', async () => {
    const rig = createRig({ configs: [remoteConfig('cloud')] });
    rig.server('cloud').era = 'modern';
    await rig.manager.start('cloud');
    const at = rig.clock.now();
    await rig.manager.restart('cloud');
    assert.deepEqual(rig.server('cloud').requests[1]?.prior, { kind: 'modern', at });
    await rig.manager.stop('cloud');
    await rig.clock.advance(8 * 24 * 3_600_000);
    await rig.manager.start('cloud');
    assert.equal(rig.server('cloud').requests[2]?.prior, undefined);
    assert.equal(rig.server('cloud').requests[0]?.prior, undefined);
  });

  it('end within three seconds, whatever they do', async () => {
    const rig = createRig({ configs: [stdioConfig('a'), stdioConfig('b')] });
    await rig.manager.start('a');
    await rig.manager.start('b');
    await rig.manager.stop('b');
    rig.server('a').onClose = () => new Promise(() => undefined);
    rig.server('b').onConnect = () => new Promise(() => undefined);
    const tool = await rig.tool('a__read');
    rig.server('a').onCall = () => new Promise(() => undefined);
    const call = runTool(tool);
    const start = assert.rejects(rig.manager.start('b'), McpError);
    await atRest();
    let isClosed = false;
    const closing = rig.manager.close().then(() => {
      isClosed = true;
    });
    assert.match(textOf(await call), /window is being closed/);
    await start;
    await rig.clock.advance(3_000);
    assert.equal(isClosed, true);
    await closing;
    assert.deepEqual(await rig.toolNames(), []);
    await assert.rejects(rig.manager.start('a'), /being closed/);
    await assert.rejects(runTool(tool), ToolError);
    assert.equal(rig.clock.pending(), 0);
  });

  it('stop a program that nobody has used for half an hour', async () => {
    const rig = createRig({ configs: [stdioConfig('memory'), remoteConfig('cloud')] });
    await rig.manager.start('memory');
    await rig.manager.start('cloud');
    await rig.clock.advance(20 * 60_000);
    await rig.call('memory__read');
    await rig.clock.advance(29 * 60_000);
    assert.equal(await rig.state('memory'), 'ready');
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.server('memory').onCall = async () => {
      await promise;
      return textResult('late');
    };
    const call = rig.call('memory__read');
    await rig.clock.advance(45 * 60_000);
    assert.equal(await rig.state('memory'), 'ready', 'a call runs');
    resolve();
    assert.equal(textOf(await call), 'late');
    await rig.clock.advance(31 * 60_000);
    assert.equal(await rig.state('memory'), 'stopped');
    assert.equal(await rig.state('cloud'), 'ready');
  });
});
