import assert from 'node:assert/strict';
import { containerLabels, reap } from '../../extension/sandbox/reaper.ts';
import { json, startFakeEngine } from './fakeEngine.ts';

const left = (id: string, owner: string, expiresAt = 2_000) => ({
  Id: id,
  Labels: containerLabels({ owner, run: id, expiresAt }),
});
const ports = { isOwnerAlive: async (owner: string) => owner === 'alive', now: () => 1_000 };

describe('reaper', () => {
  it('removes what is past its time or whose window is gone, and counts what went', async () => {
    const engine = await startFakeEngine({
      'GET /containers/json': (request, response) => {
        const query = new URL(`http://engine${request.url}`).searchParams;
        assert.equal(query.get('filters'), '{"label":["anycowork.managed=1"]}');
        assert.equal(query.get('all'), 'true');
        json([
          left('living', 'alive'),
          left('expired', 'alive', 999),
          left('dead', 'gone'),
          left('stuck', 'gone'),
          { Id: 'strange', Labels: { 'anycowork.managed': '1', 'anycowork.expires': 'soon' } },
          { Id: 'ownerless', Labels: { 'anycowork.managed': '1', 'anycowork.expires': '500' } },
        ])(request, response, '');
      },
      'DELETE /containers/expired': json({}, 204),
      'DELETE /containers/dead': json({}, 204),
      'DELETE /containers/ownerless': json({}, 204),
      'DELETE /containers/stuck': json({ message: 'removal is already in progress' }, 409),
    });
    try {
      assert.equal(await reap(engine.docker, ports), 3);
      assert.deepEqual(engine.requests.slice(1).sort(), [
        'DELETE /containers/dead',
        'DELETE /containers/expired',
        'DELETE /containers/ownerless',
        'DELETE /containers/stuck',
      ]);
    } finally {
      await engine.close();
    }
  });

  it('says that the engine is gone', async () => {
    const engine = await startFakeEngine();
    await engine.close();
    await assert.rejects(reap(engine.docker, ports), { name: 'SandboxError', kind: 'engineLost' });
  });
});
