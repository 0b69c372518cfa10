import assert from 'node:assert/strict';
import { ToolError } from '../../extension/core/tool.ts';
import { atRest } from '../fakes/clock.ts';
import { createRig, folderSource, runTool, stdioConfig, textOf, userSource } from './managerRig.ts';

describe('MCP servers that may not run', () => {
  it('run nowhere in Restricted Mode', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const tool = await rig.tool('memory__read');
    rig.isTrusted = false;
    rig.manager.windowChanged();
    await atRest();
    assert.equal(await rig.state('memory'), 'untrusted');
    assert.equal(rig.server('memory').last().isClosed(), true);
    assert.deepEqual(await rig.toolNames(), []);
    await assert.rejects(rig.manager.start('memory'), /Restricted Mode/);
    await assert.rejects(runTool(tool), (error) => {
      assert.ok(error instanceof ToolError);
      assert.match(error.message, /Restricted Mode/);
      return true;
    });
    assert.equal(rig.server('memory').requests.length, 1);
    rig.isTrusted = true;
    rig.manager.windowChanged();
    assert.equal(textOf(await runTool(tool)), 'read is done');
  });

  it('end at once when what they start has changed, and ask again', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const tool = await rig.tool('memory__read');
    rig.configure([
      stdioConfig('memory', { transport: { type: 'stdio', command: 'other', args: [], env: {} } }),
    ]);
    await atRest();
    assert.equal(rig.server('memory').last().isClosed(), true);
    assert.deepEqual((await rig.info('memory')).state, { kind: 'unapproved', hasChanged: true });
    assert.deepEqual(await rig.toolNames(), []);
    await assert.rejects(runTool(tool), /has changed since it was approved\. The person has to start/);
    assert.equal(rig.server('memory').requests.length, 1);
    await rig.manager.start('memory');
    assert.equal(rig.approvals[1]?.hasChanged, true);
    await assert.rejects(runTool(tool), ToolError, 'it was a tool of the other command');
    assert.equal(textOf(await rig.call('memory__read')), 'read is done');
  });

  it('hide one another by name, and end when they are hidden', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    rig.configure([stdioConfig('memory', { source: folderSource }), stdioConfig('memory')]);
    await atRest();
    assert.equal(rig.server('memory').last().isClosed(), true);
    assert.deepEqual(
      (await rig.manager.list()).map(({ source, state }) => [source.place, state]),
      [
        ['vscode', { kind: 'unapproved', hasChanged: false }],
        ['user', { kind: 'shadowed', by: '.vscode/mcp.json' }],
      ],
    );
    assert.deepEqual(await rig.toolNames(), []);
  });

  it('end when their entry, or the folder, is gone', async () => {
    const rig = createRig({ configs: [stdioConfig('memory', { source: folderSource })] });
    await rig.manager.start('memory');
    rig.configure([]);
    await atRest();
    assert.equal(rig.server('memory').last().isClosed(), true);
    assert.deepEqual(await rig.manager.list(), []);
    await assert.rejects(rig.manager.start('memory'), /There is no MCP server memory/);
  });

  it('end when they are disabled, and say what to do', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    const tool = await rig.tool('memory__read');
    await rig.manager.setEnabled('memory', false);
    assert.equal(await rig.state('memory'), 'disabled');
    assert.equal(rig.server('memory').last().isClosed(), true);
    await assert.rejects(rig.manager.start('memory'), /is disabled/);
    await assert.rejects(runTool(tool), /is disabled: the person can enable it/);
    await rig.manager.setEnabled('memory', true);
    assert.equal(await rig.state('memory'), 'stopped');
  });

  it('show what cannot be used, with why', async () => {
    const rig = createRig({ configs: [stdioConfig('broken')] });
    rig.configure(
      [stdioConfig('broken')],
      [
        { source: userSource, name: 'odd', problem: '`args` has to be a list of strings.' },
        { source: folderSource, problem: 'It is no JSON.' },
      ],
    );
    assert.deepEqual(
      (await rig.manager.list()).map(({ name, state }) => [name, state]),
      [
        ['.vscode/mcp.json', { kind: 'invalid', problem: 'It is no JSON.' }],
        ['broken', { kind: 'invalid', problem: 'The variable X is not set.' }],
        ['odd', { kind: 'invalid', problem: '`args` has to be a list of strings.' }],
      ],
    );
    await assert.rejects(rig.manager.start('broken'), /The variable X is not set/);
    assert.deepEqual(await rig.toolNames(), []);
  });
});

describe('MCP servers that are being started', () => {
  it('are not, where the window is closed meanwhile', async () => {
    const rig = createRig({ pause: atRest });
    rig.approve = async () => {
      await rig.manager.close();
      return true;
    };
    await assert.rejects(rig.manager.start('memory'), /being closed/);
    const again = createRig({ pause: atRest, records: rig.records });
    const start = assert.rejects(again.manager.start('memory'), /being closed/);
    await again.manager.close();
    await start;
    for (const { servers } of [rig, again]) assert.equal(servers.get('memory')?.requests.length, 0);
  });

  it('are not, where the person stops them while their start waits for another one', async () => {
    const rig = createRig();
    await rig.manager.start('memory');
    await rig.manager.stop('memory');
    rig.server('memory').onConnect = () => new Promise(() => undefined);
    const call = rig.call('memory__read');
    await atRest();
    assert.equal(await rig.state('memory'), 'starting');
    const start = assert.rejects(rig.manager.start('memory'), /was stopped by the person/);
    await atRest();
    const stop = rig.manager.stop('memory');
    await start;
    await rig.clock.advance(3_000);
    await stop;
    assert.match(textOf(await call), /was stopped by the person/);
    assert.equal(await rig.state('memory'), 'stopped');
    assert.equal(rig.server('memory').requests.length, 2);
  });
});
