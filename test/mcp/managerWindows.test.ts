import assert from 'node:assert/strict';
import { atRest } from '../fakes/clock.ts';
import { toolNamed } from './fakeConnection.ts';
import { createRig, runTool, stdioConfig, textOf } from './managerRig.ts';

describe('two windows', () => {
  const windows = () => {
    const one = createRig();
    const other = createRig({ records: one.records, clock: one.clock });
    return { one, other };
  };

  it('share what was approved and accepted, and connect each for themselves', async () => {
    const { one, other } = windows();
    await one.manager.start('memory');
    assert.equal(await other.state('memory'), 'stopped');
    assert.equal(textOf(await other.call('memory__read')), 'read is done');
    assert.deepEqual(other.approvals, []);
    assert.equal(other.server('memory').requests.length, 1);
    assert.equal(one.server('memory').requests.length, 1);
  });

  it('hear of what the other decides', async () => {
    const { one, other } = windows();
    await one.manager.start('memory');
    const tool = await other.tool('memory__read');
    await runTool(tool);
    const before = other.changes;
    await one.manager.setToolEnabled('memory', 'read', false);
    assert.ok(other.changes > before);
    assert.deepEqual(await other.toolNames(), []);
    await assert.rejects(runTool(tool), /The person has turned off the tool read/);
    await one.manager.setEnabled('memory', false);
    await atRest();
    assert.equal(other.server('memory').last().isClosed(), true);
    assert.equal(await other.state('memory'), 'disabled');
  });

  it('do not accept over what the other has accepted', async () => {
    const { one, other } = windows();
    await one.manager.start('memory');
    await other.manager.start('memory');
    one.server('memory').offer([toolNamed('read', 'second')]);
    other.server('memory').offer([toolNamed('read', 'third')]);
    await atRest();
    const hash = await other.manager.pendingHash('memory');
    await one.manager.acceptChanges('memory', await one.manager.pendingHash('memory'));
    assert.deepEqual(await one.toolNames(), ['memory__read']);
    assert.deepEqual(await other.toolNames(), []);
    await assert.rejects(other.manager.acceptChanges('memory', hash), /changed again/);
  });

  it('ask once each for a server that neither has approved, and start what was approved', async () => {
    const { one, other } = windows();
    await Promise.all([one.manager.start('memory'), other.manager.start('memory')]);
    assert.equal(await one.state('memory'), 'ready');
    assert.equal(await other.state('memory'), 'ready');
    assert.equal(one.records.kept.size, 1);
  });

  it('begin nothing while a server waits for its approval in the other', async () => {
    const { one, other } = windows();
    one.approve = () => new Promise(() => undefined);
    void one.manager.start('memory');
    await atRest();
    assert.deepEqual(await other.toolNames(), []);
    assert.equal(await other.state('memory'), 'unapproved');
    assert.deepEqual(other.server('memory').requests, []);
  });

  it('keep running what is as it was while files of others change', async () => {
    const { one } = windows();
    await one.manager.start('memory');
    one.configure([stdioConfig('memory', { callTimeoutMs: 5_000 }), stdioConfig('new')]);
    await atRest();
    assert.equal(await one.state('memory'), 'ready');
    assert.equal(one.server('memory').last().isClosed(), false);
  });
});
