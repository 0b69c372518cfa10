import assert from 'node:assert/strict';
import { McpError } from '../../extension/core/mcp.ts';
import { atRest } from '../fakes/clock.ts';
import { createRig, runTool, textOf } from './managerRig.ts';

describe('a server that crashes', () => {
  it('is started again after 1, 4 and 16 seconds, and then no more', async () => {
    const rig = createRig();
    const server = rig.server('memory');
    await rig.manager.start('memory');
    await rig.toolNames();
    for (const seconds of [1, 4, 16]) {
      server.last().crash();
      await atRest();
      assert.match(
        await rig.state('memory'),
        new RegExp(`^failed: .*exit code 1\\. It is started again in ${seconds} s`),
      );
      const before = server.requests.length;
      await rig.clock.advance(seconds * 1_000 - 1);
      assert.equal(server.requests.length, before);
      await rig.clock.advance(1);
      assert.equal(await rig.state('memory'), 'ready');
      assert.equal(server.requests.length, before + 1);
    }
    server.last().crash();
    await rig.clock.advance(60_000);
    assert.equal(server.requests.length, 4);
    assert.match(await rig.state('memory'), /three times within five minutes: look at its log/);
    await rig.clock.advance(300_000);
    assert.equal(textOf(await rig.call('memory__read')), 'read is done');
    server.last().crash();
    await rig.clock.advance(1_000);
    assert.equal(await rig.state('memory'), 'ready', 'five minutes have passed');
  });

  it('goes on being started where the start fails, too', async () => {
    const rig = createRig();
    const server = rig.server('memory');
    await rig.manager.start('memory');
    await rig.toolNames();
    server.onConnect = async () => {
      throw new McpError('It does not start.');
    };
    server.last().crash();
    await rig.clock.advance(1_000);
    assert.match(await rig.state('memory'), /It does not start\. It is started again in 4 s/);
    await rig.clock.advance(20_000);
    assert.equal(server.requests.length, 4);
    assert.match(await rig.state('memory'), /three times/);
    await rig.clock.advance(30_000);
    assert.equal(server.requests.length, 4);
  });

  it('stops where nobody uses it, until it is needed', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    rig.server('memory').last().crash('Its pipe broke.');
    await atRest();
    assert.equal(await rig.state('memory'), 'stopped');
    assert.ok(rig.log.some((line) => line.startsWith('memory warning: Its pipe broke.')));
    await rig.clock.advance(60_000);
    assert.equal(rig.server('memory').requests.length, 1);
    assert.equal(textOf(await rig.call('memory__read')), 'read is done');
    await rig.clock.advance(11 * 60_000);
    rig.server('memory').last().crash();
    await atRest();
    assert.equal(await rig.state('memory'), 'stopped', 'its tools were given to nobody lately');
  });

  it('ends the calls that run at once', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    rig.server('memory').onCall = () => new Promise(() => undefined);
    const call = rig.call('memory__read');
    await atRest();
    rig.server('memory').last().crash('Out of memory.');
    const output = await call;
    assert.equal(output.isError, true);
    assert.match(textOf(output), /Out of memory\./);
    await rig.clock.advance(1_000);
    assert.equal(await rig.state('memory'), 'ready', 'it was in use');
  });

  it('is waited for by a call that comes while it starts again', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const tool = await rig.tool('memory__read');
    rig.server('memory').last().crash();
    await atRest();
    const call = runTool(tool);
    await rig.clock.advance(500);
    assert.equal(rig.server('memory').requests.length, 1);
    await rig.clock.advance(500);
    assert.equal(textOf(await call), 'read is done');
    assert.equal(rig.server('memory').requests.length, 2);
  });

  it('is not started again once it was stopped, or its command has changed', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.toolNames();
    rig.server('memory').last().crash();
    await atRest();
    await rig.manager.stop('memory');
    await rig.clock.advance(60_000);
    assert.equal(rig.server('memory').requests.length, 1);
    await rig.manager.start('memory');
    await rig.toolNames();
    rig.server('memory').last().crash();
    await atRest();
    rig.configure([]);
    await rig.clock.advance(60_000);
    assert.equal(rig.server('memory').requests.length, 2);
  });

  it('is started at once by a person', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.toolNames();
    rig.server('memory').last().crash();
    await atRest();
    await rig.manager.start('memory');
    assert.equal(await rig.state('memory'), 'ready');
    await rig.clock.advance(30_000);
    assert.equal(rig.server('memory').requests.length, 2);
  });
});

describe('a server that cannot be connected to', () => {
  it('says why, and is tried by calls every five seconds at most', async () => {
    const rig = createRig();
    const server = rig.server('memory');
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    server.onConnect = async () => {
      throw new Error('spawn ENOENT');
    };
    const tool = await rig.tool('memory__read');
    assert.match(textOf(await runTool(tool)), /could not be started: spawn ENOENT/);
    assert.match(await rig.state('memory'), /^failed: .*spawn ENOENT/);
    assert.match(textOf(await runTool(tool)), /spawn ENOENT/);
    assert.equal(server.requests.length, 2);
    await rig.clock.advance(4_999);
    await runTool(tool);
    assert.equal(server.requests.length, 2);
    await rig.clock.advance(1);
    await runTool(tool);
    assert.equal(server.requests.length, 3);
    await assert.rejects(rig.manager.start('memory'), /spawn ENOENT/);
    assert.equal(server.requests.length, 4, 'a person tries at once');
  });

  it('is not begun with each list of tools', async () => {
    const rig = createRig();
    const server = rig.server('memory');
    await rig.manager.start('memory');
    server.last().crash();
    await atRest();
    server.onConnect = async () => {
      throw new Error('no');
    };
    await rig.toolNames();
    await rig.clock.advance(10_000);
    await rig.toolNames();
    await rig.toolNames();
    assert.equal(server.requests.length, 2);
    await rig.clock.advance(60_000);
    await rig.toolNames();
    assert.equal(server.requests.length, 3);
  });

  it('whose tools cannot be listed is closed', async () => {
    const rig = createRig();
    rig.server('memory').onList = async () => {
      throw new McpError('It does not list its tools.');
    };
    await assert.rejects(rig.manager.start('memory'), /does not list its tools/);
    assert.equal(rig.server('memory').last().isClosed(), true);
    assert.match(await rig.state('memory'), /^failed/);
    assert.deepEqual(await rig.toolNames(), []);
  });

  it('is not waited for by a call that was cancelled', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    const tool = await rig.tool('memory__read');
    rig.server('memory').onConnect = () => new Promise(() => undefined);
    const controller = new AbortController();
    const call = runTool(tool, {}, controller.signal);
    await atRest();
    controller.abort(new Error('cancelled'));
    await assert.rejects(call, /cancelled/);
  });
});
