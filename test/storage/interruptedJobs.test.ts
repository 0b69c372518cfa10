import assert from 'node:assert/strict';
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import path from 'node:path';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { Blobs, blobThreshold } from '../../extension/storage/blobs.ts';
import type { Disk } from '../../extension/storage/disk.ts';
import { interruptJob } from '../../extension/storage/interruptedJobs.ts';
import { formatOwner, leaseFile, type Owner, OwnerWatch, thisOwner } from '../../extension/storage/owner.ts';
import { migrations } from '../../extension/storage/schema.ts';
import type { Row } from '../../extension/storage/sqlite.ts';
import { jobEvents } from './chatEvents.ts';
import { version } from './consentSupport.ts';
import {
  openDatabase,
  openService,
  quickDisk,
  session,
  systemError,
  temporaryFolder,
  uniqueName,
} from './support.ts';

/** A process that is no more: it had this one's id, but started at another time. */
const deadOwner = (): Owner => ({ ...thisOwner(uniqueName()), start: '1' });

const otherMachine = (): Owner => ({ ...thisOwner(uniqueName()), machine: 'another computer' });

describe('a job that was cut off', function () {
  const folder = temporaryFolder(this);

  const open = (where: string, owner = thisOwner(uniqueName())) =>
    openService(where, { disk: quickDisk, owner });

  /** A window with a running job in chat `a`; it is never closed. */
  const begin = async (where: string, owner: Owner) => {
    const window = await open(where, owner);
    await window.service.saveSession(uniqueName(), session('a'));
    const job = jobEvents('a', 'job');
    await window.record(job.started());
    return { ...window, job, draft: (text: string) => window.service.saveDraft(uniqueName(), 'job', text) };
  };

  const approvalsIn = async (where: string): Promise<readonly Row[]> => {
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    return database.read((query) =>
      query('SELECT decided_at, expires_at, approved, scope, decided_by, surface, reason FROM approvals'),
    );
  };

  const kinds = (items: readonly ChatItem[]): readonly string[] => items.map(({ kind }) => kind);

  const noticeOf = (items: readonly ChatItem[]): string => {
    const last = items.at(-1);
    assert.ok(last?.kind === 'notice' && last.notice.kind === 'interrupted');
    assert.deepEqual(last.notice.error.actions, ['continue']);
    return last.notice.error.message;
  };

  it('shows what it had said so far, and that it was interrupted', async () => {
    const where = folder();
    const owner = deadOwner();
    const { draft } = await begin(where, owner);
    await draft('I am in the mid');
    await draft('I am in the middle of');
    assert.ok(existsSync(leaseFile(where, owner)));
    const { items, service } = await open(where);
    const found = await items('a');
    assert.deepEqual(kinds(found), ['user', 'assistant', 'notice']);
    const said = found[1];
    assert.ok(said?.kind === 'assistant' && !said.streaming);
    assert.deepEqual(said.message.content, [{ type: 'text', text: 'I am in the middle of' }]);
    assert.equal(said.message.stopReason, 'interrupted');
    assert.match(noticeOf(found), /cut off.*Everything up to this point was kept\. Choose Continue/);
    assert.equal((await service.getSession('', 'a'))?.status, 'interrupted');
    assert.ok(!existsSync(leaseFile(where, owner)));
  });

  it('warns of the step that was running, which may have done something', async () => {
    const where = folder();
    const { job, record } = await begin(where, deadOwner());
    await record(job.said('I will'));
    await record(job.asked());
    await record(job.approved());
    const { items } = await open(where);
    const found = await items('a');
    assert.deepEqual(kinds(found), ['user', 'assistant', 'step', 'notice']);
    const step = found[2];
    assert.ok(step?.kind === 'step');
    assert.equal(step.record.status, 'interrupted');
    assert.ok(step.record.endedAt !== undefined);
    assert.equal(step.record.decision?.approved, true);
    assert.match(noticeOf(found), /may have had effects already/);
  });

  it('can be undone as far as something was kept before the step ran', async () => {
    const where = folder();
    const { job, record, service } = await begin(where, deadOwner());
    await record(job.asked());
    await record(job.approved());
    await service.keepVersions(uniqueName(), [
      version(job.step.id, 'a', { jobId: 'job' }),
      version(job.step.id, 'a', { jobId: 'job', file: '/b' }),
    ]);
    const { items } = await open(where);
    const step = (await items('a')).find(({ kind }) => kind === 'step');
    assert.ok(step?.kind === 'step');
    assert.deepEqual(step.record.undo, { files: 2, unknown: [] });
  });

  it('has its open question refused, and an answer that comes later changes nothing', async () => {
    const where = folder();
    const { job, record } = await begin(where, deadOwner());
    await record(job.said('I will'));
    await record(job.asked());
    const [asked] = await approvalsIn(where);
    assert.equal(asked?.decided_at, null);
    const { items, service } = await open(where);
    const found = await items('a');
    assert.ok(found[2]?.kind === 'step' && found[2].record.status === 'interrupted');
    assert.doesNotMatch(noticeOf(found), /may have had effects/);
    const [refused] = await approvalsIn(where);
    assert.equal(refused?.approved, 0);
    assert.ok(typeof refused.decided_at === 'number' && refused.expires_at === refused.decided_at);
    assert.match(String(refused.reason), /had ended before/);
    const late = { approved: true, scope: 'once', by: 'user', surface: 'dialog' } as const;
    await service.recordDecision(uniqueName(), job.step.id, late, 99);
    assert.deepEqual(await approvalsIn(where), [refused]);
  });

  it('is closed with its window', async () => {
    const where = folder();
    const owner = thisOwner(uniqueName());
    const { service, draft } = await begin(where, owner);
    await draft('so far');
    await service.close('');
    assert.ok(!existsSync(leaseFile(where, owner)));
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const rows = await database.read((query) => query('SELECT status FROM jobs'));
    assert.deepEqual(rows, [{ status: 'interrupted' }]);
    assert.deepEqual(kinds(await (await open(where)).items('a')), ['user', 'assistant', 'notice']);
  });

  it('is closed by the next window where its own could not write any more', async () => {
    const where = folder();
    let isFull = false;
    const disk: Disk = {
      ...quickDisk,
      append: (descriptor, bytes) => {
        if (isFull) throw systemError('ENOSPC');
        quickDisk.append(descriptor, bytes);
      },
    };
    const { service, record } = await openService(where, { disk });
    await service.saveSession(uniqueName(), session('a'));
    await record(jobEvents('a', 'job').started());
    isFull = true;
    await service.close('');
    assert.deepEqual(kinds(await (await open(where)).items('a')), ['user', 'notice']);
  });

  it('is closed once, though two windows find it', async () => {
    const where = folder();
    await begin(where, deadOwner());
    const [one, other] = await Promise.all([open(where), open(where)]);
    for (const { items } of [one, other]) assert.deepEqual(kinds(await items('a')), ['user', 'notice']);
  });

  it('is left as it ended, should it have ended before it could be closed', async () => {
    const where = folder();
    const owner = deadOwner();
    const { job, record, items } = await begin(where, owner);
    await record(job.completed());
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const packer = new Blobs(quickDisk, where).packer();
    for (const text of [formatOwner(owner), formatOwner(deadOwner())]) {
      await database.transact(uniqueName(), interruptJob('job', text, 9, packer));
    }
    assert.deepEqual(kinds(await items('a')), ['user']);
    const rows = await database.read((query) => query('SELECT status FROM jobs'));
    assert.deepEqual(rows, [{ status: 'completed' }]);
  });

  it('is told from one that runs in a living window, or in this one', async () => {
    const where = folder();
    const owner = thisOwner(uniqueName());
    const living = await begin(where, owner);
    const other = await open(where);
    const again = await open(where, owner);
    for (const { items, service } of [living, other, again]) {
      assert.deepEqual(kinds(await items('a')), ['user']);
      assert.equal((await service.getSession('', 'a'))?.status, 'running');
    }
    await living.record(living.job.completed());
    assert.equal((await other.service.getSession('', 'a'))?.status, 'idle');
  });

  it('on another machine counts as running for 90 s after its last sign of life', async () => {
    const where = folder();
    const owner = otherMachine();
    await begin(where, owner);
    const lease = leaseFile(where, owner);
    const now = Date.now() / 1_000;
    utimesSync(lease, now - 60, now - 60);
    assert.deepEqual(kinds(await (await open(where)).items('a')), ['user']);
    utimesSync(lease, now - 100, now - 100);
    assert.deepEqual(kinds(await (await open(where)).items('a')), ['user', 'notice']);
    assert.deepEqual(readdirSync(path.dirname(lease)).length, 2);
  });

  it('keeps its chat for its window: another can neither send there nor delete it', async () => {
    const where = folder();
    const { job, record, service } = await begin(where, thisOwner(uniqueName()));
    const other = await open(where);
    await assert.rejects(other.record(jobEvents('a', 'second').started()), /Another window is working/);
    await assert.rejects(other.service.deleteSession(uniqueName(), 'a'), /Another window is working/);
    assert.deepEqual(kinds(await other.items('a')), ['user']);
    await record(job.completed());
    await other.record(jobEvents('a', 'second').started());
    await assert.rejects(service.deleteSession(uniqueName(), 'a'), /Another window is working/);
    await other.record(jobEvents('a', 'second').completed());
    await service.deleteSession(uniqueName(), 'a');
    assert.equal(await other.service.getSession('', 'a'), undefined);
  });

  it('survives the sleep of a laptop, where nobody says when a process started', async () => {
    const where = folder();
    const owner = { ...thisOwner(uniqueName()), start: '' };
    await begin(where, owner);
    const lease = leaseFile(where, owner);
    let now = 0;
    const watch = new OwnerWatch(quickDisk, where, () => now);
    const age = (seconds: number): void =>
      utimesSync(lease, Date.now() / 1_000 - seconds, Date.now() / 1_000 - seconds);
    age(10_000);
    assert.ok(watch.isAlive(owner), 'at the first look after the sleep');
    now += 8 * 3_600_000;
    assert.ok(watch.isAlive(owner), 'by a clock that went on meanwhile');
    age(1);
    assert.ok(watch.isAlive(owner), 'it has renewed its lease');
    for (let look = 0; look < 5; look += 1) {
      assert.ok(watch.isAlive(owner), `silent for ${look * 20} s`);
      now += 20_000;
    }
    assert.ok(!watch.isAlive(owner), 'silent for longer than that');
    age(2);
    for (let look = 0; look < 8; look += 1) {
      assert.ok(watch.isAlive(owner), 'looked at every two seconds, as who follows a job does');
      now += 2_000;
    }
    now += 8 * 3_600_000;
    assert.ok(watch.isAlive(owner), 'by a clock that went on while it slept again');
    const gone = { ...owner, pid: 2 ** 30 };
    assert.ok(!watch.isAlive(gone), 'not there at all');
  });

  it('leaves no question open when it ends in any other way', async () => {
    for (const end of ['failed', 'cancelled', 'completed'] as const) {
      const where = folder();
      const { job, record } = await begin(where, thisOwner(uniqueName()));
      await record(job.said('I will'));
      await record(job.asked());
      await record(job[end]());
      const [approval] = await approvalsIn(where);
      assert.equal(approval?.approved, 0, end);
    }
  });
});

describe('answers to questions', function () {
  const folder = temporaryFolder(this);

  it('are kept, the first of each', async () => {
    const where = folder();
    const { service, record } = await openService(where, { disk: quickDisk });
    await service.saveSession(uniqueName(), session('a'));
    const job = jobEvents('a', 'job');
    for (const event of [job.started(), job.said('I will'), job.asked()]) await record(event);
    const no = { approved: false, scope: 'once', by: 'telegram', surface: 'bot', reason: 'No\0!' } as const;
    const yes = { approved: true, scope: 'session', by: 'user', surface: 'dialog' } as const;
    await service.recordDecision(uniqueName(), job.step.id, no, 7);
    await service.recordDecision(uniqueName(), job.step.id, yes, 8);
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const rows = await database.read((query) =>
      query('SELECT decided_at, approved, scope, decided_by, surface, reason FROM approvals'),
    );
    const first = { decided_at: 7, approved: 0, scope: 'once', decided_by: 'telegram', surface: 'bot' };
    assert.deepEqual(rows, [{ ...first, reason: JSON.stringify(no.reason) }]);
  });
});

describe('drafts', function () {
  const folder = temporaryFolder(this);

  /** What a window finds after the one that streamed these has crashed. */
  const foundAfter = async (
    stream: (draft: (text: string) => Promise<void>, say: (text: string) => Promise<void>) => Promise<void>,
  ) => {
    const where = folder();
    const window = await openService(where, { disk: quickDisk, owner: deadOwner() });
    await window.service.saveSession(uniqueName(), session('a'));
    const job = jobEvents('a', 'job');
    await window.record(job.started());
    await stream(
      (text) => window.service.saveDraft(uniqueName(), 'job', text),
      (text) => window.record(job.said(text)),
    );
    const opened = await openService(where, { disk: quickDisk });
    const said = (await opened.items('a')).flatMap((item) =>
      item.kind === 'assistant'
        ? item.message.content.map((block) => ('text' in block ? block.text : ''))
        : [],
    );
    return { where, said, ...opened };
  };

  it('are kept by what is new, however they are cut', async () => {
    const whole = 'A face 😀 cut in two, "quotes", a \0 and \\u0000.';
    const { said } = await foundAfter(async (draft) => {
      for (let length = 1; length <= whole.length; length += 1) await draft(whole.slice(0, length));
      await draft(whole);
    });
    assert.deepEqual(said, [whole]);
  });

  it('are replaced where they begin anew', async () => {
    const { said } = await foundAfter(async (draft) => {
      await draft('The first try');
      await draft('The second');
    });
    assert.deepEqual(said, ['The second']);
  });

  it('end with the reply', async () => {
    const { said } = await foundAfter(async (draft, say) => {
      await draft('The rep');
      await say('The reply');
    });
    assert.deepEqual(said, ['The reply']);
    const next = await foundAfter(async (draft, say) => {
      await draft('The rep');
      await say('The reply');
      await draft('The rep, again');
    });
    assert.deepEqual(next.said, ['The reply', 'The rep, again']);
  });

  it('of any length become a message, whose file goes with the chat', async () => {
    const long = 'x'.repeat(2 * blobThreshold);
    const { said, where, service } = await foundAfter((draft) => draft(long));
    assert.deepEqual(said, [long]);
    const files = (): number =>
      readdirSync(path.join(where, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      ).length;
    assert.equal(files(), 1);
    await service.deleteSession(uniqueName(), 'a');
    assert.equal(files(), 0);
  });

  it('of a job that has ended are not kept', async () => {
    const where = folder();
    const { service, record, items } = await openService(where, { disk: quickDisk });
    await service.saveSession(uniqueName(), session('a'));
    const job = jobEvents('a', 'job');
    await record(job.started());
    await record(job.completed());
    await service.saveDraft(uniqueName(), 'job', 'too late');
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    assert.deepEqual(await database.read((query) => query('SELECT * FROM drafts')), []);
    assert.equal((await items('a')).length, 1);
  });
});
