import assert from 'node:assert/strict';
import fc from 'fast-check';
import { anyEvents, reportBriefly, sessionIds } from './arbitraryEvents.ts';
import { coldNames, openSmall, rowsIn } from './coldSupport.ts';
import { session, temporaryFolder, uniqueName } from './support.ts';

describe('chats of any events that are put away and brought back', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  it('read the same there, and have the same rows afterwards', async () => {
    let away = 0;
    await fc.assert(
      fc.asyncProperty(anyEvents, async (events) => {
        const where = folder();
        const first = await openSmall(where, { liveBytes: Number.POSITIVE_INFINITY });
        for (const id of sessionIds) await first.service.saveSession(uniqueName(), session(id));
        for (const event of events) await first.record(event);
        await first.service.close('');
        const rows = await rowsIn(where);

        const moving = await openSmall(where, { liveBytes: Number.POSITIVE_INFINITY });
        const read = () => Promise.all(sessionIds.map((id) => moving.items(id)));
        const usage = () => Promise.all(sessionIds.map((id) => moving.service.sessionUsage('', id)));
        const before = [await read(), await usage()];
        const mover = await openSmall(where, { liveBytes: 1 });
        await mover.service.free(uniqueName(), 'deletedChats');
        // A job that only went on from nothing leaves no rows to put away.
        if ((rows.messages ?? []).length > 0) assert.ok(coldNames(where).length > 0);
        assert.deepEqual((await rowsIn(where)).messages, []);
        away += coldNames(where).length;
        assert.deepEqual([await read(), await usage()], before);
        await mover.service.close('');

        for (const id of sessionIds) {
          await moving.service.copySession(uniqueName(), { from: id, to: session('copy') });
          await moving.service.deleteSession(uniqueName(), 'copy');
        }
        assert.deepEqual(await rowsIn(where), rows);
        assert.deepEqual([...moving.problems, ...mover.problems], []);
        await moving.service.close('');
      }),
      { numRuns: 15, reporter: reportBriefly },
    );
    assert.ok(away > 5);
  });
});
