import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { liveOutputLimit } from '../../extension/shared/chat.ts';
import { jobEvents } from './chatEvents.ts';
import { eventually, followed, token, windows } from './relayRig.ts';

const unwatched = () => {
  throw new Error('The system cannot watch it.');
};

describe('what one window tells of a job', function () {
  const { open, file } = windows(this);

  it('comes to another in order, while it happens', async () => {
    const [runner, other] = [open(), open()];
    const job = jobEvents('chat', 'job');
    runner.relay.tell(job.started(), 'chat');
    const { events, following } = await followed(other, 'job');
    assert.equal(following?.place, 'team-calendar');
    for (const event of [job.said('I will'), job.asked()]) runner.relay.tell(event, 'chat');
    await eventually('the question', () => events.at(-1)?.type === 'ApprovalRequired');
    for (const event of [job.approved(), job.stepDone('ok'), job.completed()])
      runner.relay.tell(event, 'chat');
    await eventually('the end', () => events.at(-1)?.type === 'JobCompleted');
    assert.deepEqual(
      events.map(({ type }) => type),
      ['JobStarted', 'TurnCompleted', 'ApprovalRequired', 'StepApproved', 'StepCompleted', 'JobCompleted'],
    );
    assert.deepEqual([...runner.errors, ...other.errors], []);
  });

  it('comes whole to who opens late', async () => {
    const [runner, other] = [open(), open()];
    const job = jobEvents('chat', 'job');
    const began = performance.now();
    runner.relay.tell(job.started(), 'chat');
    for (let index = 0; index < 50; index += 1) {
      runner.relay.tell(token('job', `word${index} `, index), 'chat');
      await pause(2);
    }
    // Written together every 50 ms; on a busy machine the pauses take longer than they say.
    const mostEvents = 4 + (performance.now() - began) / 50;
    await pause(120);
    const { events, state } = await followed(other, 'job');
    assert.equal(events[0]?.type, 'JobStarted');
    const last = state().items.at(-1);
    const text =
      last?.kind === 'assistant'
        ? last.message.content.map((block) => block.type === 'text' && block.text)
        : [];
    assert.match(String(text), /^word0 word1 .*word49 $/);
    assert.ok(events.length <= mostEvents, `joined: ${events.length} events, not ${mostEvents}`);
  });

  it('can be read by nobody else on the machine, and is gone soon after the job', async () => {
    const runner = open({ lingerMs: 50 });
    const job = jobEvents('chat', 'job');
    runner.relay.tell(job.started(), 'chat');
    await eventually('the files', () => existsSync(file('job.events')));
    for (const name of ['job.events', 'job.asks']) {
      if (process.platform !== 'win32') assert.equal(statSync(file(name)).mode & 0o777, 0o600, name);
    }
    runner.relay.tell(job.completed(), 'chat');
    await eventually('nothing left', () => readdirSync(file('.')).length === 0);
  });

  it('is gone when the window closes in the middle of it, and who follows hears of it', async () => {
    const [runner, other] = [open(), open()];
    runner.relay.tell(jobEvents('chat', 'job').started(), 'chat');
    const follower = await followed(other, 'job');
    await runner.relay.close();
    assert.deepEqual(readdirSync(file('.')), []);
    await eventually('that nothing more comes', follower.isLost);
  });

  it('does not write over what is there, and goes on without', async () => {
    const runner = open();
    const job = jobEvents('chat', 'job');
    runner.relay.tell(job.started(), 'chat');
    await eventually('the files', () => existsSync(file('job.events')));
    const second = open();
    second.relay.tell(job.started(), 'chat');
    second.relay.tell(job.completed(), 'chat');
    await eventually('the complaint', () => second.errors.length === 1);
  });

  it('comes whole and in small parts where a message has a picture', async () => {
    const [runner, other] = [open(), open()];
    const data = `${'QUJD'.repeat(1_000_000)}ä\ud83d`;
    const content = [
      { type: 'image', mediaType: 'image/png', data, name: 'a.png' },
      { type: 'text', text: '😀'.repeat(100_000) },
    ] as const;
    const input = { role: 'user', id: 'u', content, createdAt: 1 } as const;
    const started = {
      type: 'JobStarted',
      jobId: 'job',
      at: 1,
      sessionId: 'chat',
      agentId: 'agent',
      input,
    } as const;
    const job = jobEvents('chat', 'job');
    const said = job.said(data);
    // What a model says is not mistaken for a part.
    const odd = { ...job.step, input: { $part: 'first', ['__proto__']: data, list: [data, null, 1.5] } };
    const approved = {
      type: 'StepApproved',
      jobId: 'job',
      at: 3,
      step: odd,
      by: 'user',
      reason: '',
    } as const;
    for (const event of [started, said, approved, job.completed()]) runner.relay.tell(event, 'chat');
    const { events } = await followed(other, 'job');
    await eventually('all of it', () => events.length === 4);
    assert.deepEqual(events.slice(0, 3), [started, said, approved]);
    const lines = readFileSync(file('job.events'), 'utf8').split('\n');
    const longest = Math.max(...lines.map(({ length }) => length));
    assert.ok(longest < 700_000, `a line of ${longest} characters`);
    assert.deepEqual(other.errors, []);
  });

  it('stays small whatever a command prints', async () => {
    const [runner, other] = [open(), open()];
    const job = jobEvents('chat', 'job');
    for (const event of [job.started(), job.said('I will'), job.approved()]) runner.relay.tell(event, 'chat');
    const { state } = await followed(other, 'job');
    let printed = '';
    const began = performance.now();
    for (let index = 0; index < 200; index += 1) {
      const text = `${index} ${'x'.repeat(50_000)}\n`;
      printed += text;
      runner.relay.tell(
        { type: 'StepProgress', jobId: 'job', at: 20 + index, stepId: job.step.id, text },
        'chat',
      );
      await pause(3);
    }
    const output = (): string => {
      const item = state().items.at(-1);
      return item?.kind === 'step' ? item.record.liveOutput : '';
    };
    // After the first 200,000 what a chat shows is written twice a second.
    const most = 260_000 + (2 * liveOutputLimit * (performance.now() - began)) / 1_000;
    await eventually('the end of the output', () => output() === printed.slice(-liveOutputLimit));
    const { size } = statSync(file('job.events'));
    assert.ok(size < most, `${size} bytes, not ${most}, for ${printed.length} printed ones`);
  });
});

describe('what a window makes of what it reads', function () {
  const { open, file } = windows(this);

  const begun = async () => {
    const [runner, other] = [open(), open()];
    const job = jobEvents('chat', 'job');
    runner.relay.tell(job.started(), 'chat');
    return { runner, other, job, follower: await followed(other, 'job') };
  };

  it('waits for the rest of a line, also where that is cut within a character', async () => {
    const { follower, other } = await begun();
    const line = Buffer.from(`${JSON.stringify(token('job', 'Grüße 😀'))}\n`);
    for (const byte of line) {
      assert.equal(follower.events.length, 1);
      appendFileSync(file('job.events'), Buffer.of(byte));
      await pause(1);
    }
    await eventually('the line', () => follower.events.length === 2);
    assert.deepEqual(follower.events[1], token('job', 'Grüße 😀'));
    assert.deepEqual(other.errors, []);
  });

  it('passes over what only a newer version says', async () => {
    const { follower, other } = await begun();
    appendFileSync(
      file('job.events'),
      `${JSON.stringify({ type: 'StepPondered', jobId: 'job', depth: 7 })}\n`,
    );
    appendFileSync(file('job.events'), `${JSON.stringify({ ...token('job', 'and on'), mood: 'new' })}\n`);
    await eventually('the next event', () => follower.events.length === 2);
    assert.deepEqual(follower.events[1], token('job', 'and on'));
    assert.deepEqual([follower.isLost(), other.errors], [false, []]);
  });

  for (const [name, line] of [
    ['no JSON', '{"type":"Token","job'],
    ['an event that lacks something', JSON.stringify({ type: 'Token', jobId: 'job', at: 1 })],
    ['an event of another job', JSON.stringify(token('job-2', 'stray'))],
    ['no object', '7'],
    ['something without a type', '{}'],
  ] as const) {
    it(`gives up at ${name}, and says so once`, async () => {
      const { follower, other, runner, job } = await begun();
      appendFileSync(file('job.events'), `${line}\n`);
      await eventually('that it gives up', follower.isLost);
      runner.relay.tell(job.completed(), 'chat');
      await pause(120);
      assert.equal(follower.events.length, 1);
      assert.equal(other.errors.length, 1);
      assert.equal(
        await other.relay.follow('job', { onEvent: () => undefined, onLost: () => undefined }),
        undefined,
      );
    });
  }

  it('does not follow a file of a version that it does not know, nor one of another job, nor none', async () => {
    const { other } = await begun();
    const listener = { onEvent: () => undefined, onLost: () => assert.fail() };
    const header = readFileSync(file('job.events'), 'utf8').split('\n', 1)[0] ?? '';
    writeFileSync(
      file('later.events'),
      `${header.replace('"version":2', '"version":3').replace('"job"', '"later"')}\n`,
    );
    writeFileSync(file('renamed.events'), `${header}\n`);
    writeFileSync(file('empty.events'), '');
    for (const name of ['later', 'renamed', 'empty', 'none', '../live/job', '']) {
      assert.equal(await other.relay.follow(name, listener), undefined, name);
    }
  });

  it('comes also where the system cannot watch the folder', async () => {
    const [runner, other] = [open({ watchFolder: unwatched }), open({ watchFolder: unwatched })];
    const job = jobEvents('chat', 'job');
    runner.relay.tell(job.started(), 'chat');
    const { events } = await followed(other, 'job');
    runner.relay.tell(job.said('Hello'), 'chat');
    await eventually('the reply', () => events.length === 2);
  });

  it('removes what crashes have left behind, and nothing else', async () => {
    const { other, runner } = await begun();
    const old = Date.now() / 1_000 - 120;
    for (const name of ['dead.events', 'dead.asks', 'running.events', 'fresh.events', 'notes.txt']) {
      writeFileSync(file(name), '');
      if (name !== 'fresh.events') utimesSync(file(name), old, old);
    }
    utimesSync(file('job.events'), old, old);
    await runner.relay.sweep(new Set(['running']));
    await other.relay.sweep(new Set(['running', 'job']));
    assert.deepEqual(readdirSync(file('.')).sort(), [
      'fresh.events',
      'job.asks',
      'job.events',
      'notes.txt',
      'running.events',
    ]);
  });
});
