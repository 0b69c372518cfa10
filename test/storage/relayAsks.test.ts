import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { AnswerResult } from '../../extension/core/approvals.ts';
import { type Ask, askPatience } from '../../extension/core/relay.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { jobEvents } from './chatEvents.ts';
import { eventually, followed, token, type Window, windows } from './relayRig.ts';

const approve: Ask = {
  type: 'decide',
  stepId: 'step',
  decision: { approved: true, scope: 'once', by: 'user', surface: 'chat' },
};

describe('what one window asks of a job in another', function () {
  this.timeout(60_000);
  const { open, file } = windows(this);

  /** Answers what it is asked as the broker does: the first answer to a step counts. */
  const runner = async (changes: Parameters<typeof open>[0] = {}) => {
    const window = open(changes);
    const asked: { readonly jobId: string; readonly ask: Ask }[] = [];
    window.relay.onAsk((jobId, ask): AnswerResult => {
      asked.push({ jobId, ask });
      if (ask.type === 'stop') return 'accepted';
      return asked.filter((each) => each.ask.type === 'decide').length === 1 ? 'accepted' : 'alreadyAnswered';
    });
    const job = jobEvents('chat', 'job');
    window.relay.tell(job.started(), 'chat');
    return { window, asked, job };
  };
  const asking = async (changes: Parameters<typeof open>[0] = {}): Promise<Window> => {
    const window = open(changes);
    await followed(window, 'job');
    return window;
  };

  it('is done, and answered at once', async () => {
    const { asked } = await runner();
    const other = await asking();
    const began = performance.now();
    assert.equal(await other.relay.ask('job', { type: 'stop' }), 'accepted');
    assert.ok(performance.now() - began < askPatience);
    assert.deepEqual(asked, [{ jobId: 'job', ask: { type: 'stop' } }]);
  });

  it('may allow it for the whole workspace, but neither write other texts nor say that time is up', async () => {
    const { asked } = await runner();
    const other = await asking();
    const decision = { approved: true, scope: 'workspace', by: 'user', surface: 'chat' } as const;
    const more = { ...decision, accepted: [{ file: '/a', text: 'x' }], isExpired: true };
    const ask: Ask = { type: 'decide', stepId: 'step', decision: more };
    assert.equal(await other.relay.ask('job', ask), 'accepted');
    assert.deepEqual(asked, [{ jobId: 'job', ask: { ...ask, decision } }]);
  });

  it('is answered with what came first, when two windows decide at once', async () => {
    const { asked } = await runner();
    const [one, two] = [await asking(), await asking()];
    const reject: Ask = { ...approve, decision: { ...approve.decision, approved: false, reason: 'No' } };
    const results = await Promise.all([one.relay.ask('job', approve), two.relay.ask('job', reject)]);
    assert.deepEqual([...results].sort(), ['accepted', 'alreadyAnswered']);
    assert.deepEqual(asked[0]?.ask, results[0] === 'accepted' ? approve : reject);
    assert.equal(asked.length, 2);
  });

  it('is answered also where the system cannot watch the folder', async () => {
    const watchFolder = () => {
      throw new Error('It cannot.');
    };
    await runner({ watchFolder });
    const other = await asking({ watchFolder });
    assert.equal(await other.relay.ask('job', { type: 'stop' }), 'accepted');
  });

  it('finds nobody when there is no such job, or when it ends meanwhile', async () => {
    const { window, job } = await runner({ lingerMs: 100 });
    const other = await asking();
    assert.equal(await other.relay.ask('none', { type: 'stop' }), 'unknown');
    assert.equal(await other.relay.ask('../live/job', { type: 'stop' }), 'unknown');
    window.relay.onAsk(() => 'unknown');
    window.relay.tell(job.completed(), 'chat');
    assert.equal(await other.relay.ask('job', approve), 'unknown');
    await eventually('the end', () => !existsAsk());
    assert.equal(await other.relay.ask('job', approve), 'unknown');
  });
  const existsAsk = (): boolean => {
    try {
      appendFileSync(file('job.asks'), '', { flag: 'r+' });
      return true;
    } catch {
      return false;
    }
  };

  it('is answered by an answerer that fails with a no', async () => {
    const { window } = await runner();
    const other = await asking();
    window.relay.onAsk(() => {
      throw new Error('a bug');
    });
    assert.equal(await other.relay.ask('job', approve), 'unknown');
    assert.equal(window.errors.length, 1);
  });

  it('does nothing when it cannot be understood, comes too late, or says that a rule said it', async () => {
    const { asked } = await runner();
    const other = await asking();
    const until = Date.now() + 4_000;
    const byRule = { ...approve, decision: { ...approve.decision, by: 'rule' } };
    for (const line of [
      '{"id":"a","until":9e15,"as',
      JSON.stringify({ id: 'b', until }),
      JSON.stringify({ id: 'c', until, ask: { type: 'explode' } }),
      JSON.stringify({ id: 'd', until, ask: byRule }),
      JSON.stringify({ id: 'e', until: Date.now() - 1, ask: approve }),
    ]) {
      appendFileSync(file('job.asks'), `${line}\n`);
    }
    assert.equal(await other.relay.ask('job', { type: 'stop' }), 'accepted');
    assert.deepEqual(
      asked.map(({ ask }) => ask.type),
      ['stop'],
    );
  });

  it('is not done later by a window that hung, once the asker was told that it did not answer', async function () {
    if (process.platform === 'win32') skipBecause(this, 'Windows cannot stop a process and let it go on');
    const child = spawn(
      process.execPath,
      [path.join(import.meta.dirname, 'relayRunner.ts'), path.dirname(file('.'))],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    try {
      const other = open();
      const follower = await followed(other, 'job');
      child.kill('SIGSTOP');
      const began = performance.now();
      assert.equal(await other.relay.ask('job', approve), 'silent');
      const took = performance.now() - began;
      assert.ok(took >= askPatience - 50 && took < 2 * askPatience, `${took} ms`);
      child.kill('SIGCONT');
      assert.equal(await other.relay.ask('job', { type: 'stop' }), 'accepted');
      assert.deepEqual(lines, ['stop']);
      assert.ok(follower.events.some((event) => event.type === 'Token'));
      child.kill('SIGKILL');
      await once(child, 'exit');
      // What it had told by then stays to be read; that it died is the store's to know.
      assert.equal(follower.isLost(), false);
      await other.relay.forget('job');
      await eventually('that nothing more comes', follower.isLost);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is answered in the middle of a long reply, without a line of that being lost', async () => {
    const { window } = await runner();
    const other = await asking();
    const follower = await followed(other, 'job');
    let said = '';
    for (let index = 0; index < 40; index += 1) {
      said += `${index} `;
      window.relay.tell(token('job', `${index} `, 10 + index), 'chat');
      if (index % 10 === 0) assert.equal(await other.relay.ask('job', { type: 'stop' }), 'accepted');
    }
    const text = (): string =>
      follower.events.flatMap((event) => (event.type === 'Token' ? [event.text] : [])).join('');
    await eventually('all of it', () => text() === said);
  });
});
