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
