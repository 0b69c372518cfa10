import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type ChatState, emptyChat, reduceChat } from '../../extension/shared/chat.ts';
import { type AgentEvent, endsJob } from '../../extension/shared/event.ts';
import { anyEvents, reportBriefly } from './arbitraryEvents.ts';
import { eventually, type Follower, followed, windows } from './relayRig.ts';
import { model } from './support.ts';

/** Streaming text comes in many pieces. */
const inPieces = (event: AgentEvent): readonly AgentEvent[] =>
  event.type === 'Token' || event.type === 'Thinking' || event.type === 'StepProgress'
    ? [0, 0.25, 0.5, 0.75].map((later) => ({ ...event, at: event.at + later }))
    : [event];

describe('any job, followed', function () {
  this.timeout(300_000);
  const { open } = windows(this);

  it('looks in the other window as in its own whenever that has told all it has', async () => {
    const [runner, other] = [open(), open()];
    let round = 0;
    const follows = async (events: readonly AgentEvent[], pieces: readonly number[]): Promise<void> => {
      round += 1;
      const sessionOfJob = new Map<string, string>();
      const states = new Map<string, ChatState>();
      const followers = new Map<string, Follower>();
      let left = pieces;
      for (const [index, told] of events.entries()) {
        // Every round has jobs of its own.
        const jobId = `${told.jobId}-${round}`;
        const event = { ...told, jobId };
        if (event.type === 'JobStarted') sessionOfJob.set(jobId, event.sessionId);
        states.set(jobId, reduceChat(states.get(jobId) ?? emptyChat('', model), event));
        runner.relay.tell(event, sessionOfJob.get(jobId) ?? '');
        const [until = 0] = left;
        if (index < until && index < events.length - 1 && !endsJob(event)) continue;
        left = left.slice(1);
        for (const [id, state] of states) {
          const follower = followers.get(id) ?? (await followed(other, id));
          followers.set(id, follower);
          await eventually('the same chat', () => isDeepStrictEqual(follower.state(), state)).catch(() =>
            assert.deepEqual(follower.state(), state),
          );
        }
      }
    };
    const pieces = fc.array(fc.nat(60), { maxLength: 4 }).map((all) => all.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(
        anyEvents.map((events) => events.flatMap(inPieces)),
        pieces,
        follows,
      ),
      { numRuns: 15, reporter: reportBriefly },
    );
    assert.deepEqual([...runner.errors, ...other.errors], []);
  });
});
