import assert from 'node:assert/strict';
import { reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { type Announcer, announce, silent } from '../../webview/announce.ts';
import { at, chat, commandPrompt, editPrompt, reply, step, user } from './samples.ts';

/** Everything that was said, in its order. */
const spoken = (...events: readonly AgentEvent[]): readonly string[] => {
  let state = chat([user('u1', 'Hi')]);
  let announcer: Announcer = silent;
  const said: string[] = [];
  for (const event of events) {
    state = reduceChat(state, event);
    const next = announce(announcer, state, event);
    if (next.count !== announcer.count) said.push(next.text);
    announcer = next;
  }
  return said;
};

const token = (text: string): AgentEvent => ({ ...at(1), type: 'Token', text });
const thinking = (text: string): AgentEvent => ({ ...at(1), type: 'Thinking', text });
const turn = (text: string): AgentEvent => ({ ...at(2), type: 'TurnCompleted', message: reply('a1', text) });

describe('webview announcements', () => {
  it('says paragraphs when they are finished, and the last one with the reply', () => {
    assert.deepEqual(spoken(token('One'), token(' two.\n\nThr'), token('ee.'), turn('One two.\n\nThree.')), [
      'One two.',
      'Three.',
    ]);
  });

  it('says nothing twice when thinking stands between two parts of an answer', () => {
    const message = reply('a1', '', {
      content: [
        { type: 'text', text: 'First.\n\nSecond.' },
        { type: 'thinking', text: 'hm' },
        { type: 'text', text: 'Third.' },
      ],
    });
    assert.deepEqual(
      spoken(token('First.\n\nSecond.'), thinking('hm'), token('Third.'), {
        ...at(2),
        type: 'TurnCompleted',
        message,
      }),
      ['First.', 'Second.', 'Third.'],
    );
  });

  it('never says thinking', () => {
    assert.deepEqual(spoken(thinking('secret\n\nplans\n\n'), turn('Done.')), ['Done.']);
  });

  it('says what waits for an approval, and how a job ended', () => {
    assert.deepEqual(
      spoken(
        {
          ...at(2),
          type: 'ApprovalRequired',
          step: step('w1', 'run_command', 'npm test'),
          prompt: commandPrompt,
        },
        {
          ...at(3),
          type: 'JobFailed',
          error: { kind: 'network', message: 'The network is down.', actions: ['retry'] },
        },
        { ...at(4), type: 'JobCancelled' },
      ),
      ['Waiting for your approval. Run npm test?', 'The network is down.', 'Stopped.'],
    );
  });

  it('says what is asked together as one announcement that grows', () => {
    const asked = (path: string, groupId: string): AgentEvent => ({
      ...at(2),
      type: 'ApprovalRequired',
      step: step(path, 'edit_file', path, 'write'),
      prompt: editPrompt(path, groupId),
    });
    const [first, second, third] = [asked('a.ts', 'g1'), asked('b.ts', 'g1'), asked('c.ts', 'g2')];
    let state = chat([user('u1', 'Hi')]);
    let announcer: Announcer = silent;
    const said = [];
    for (const event of [first, second, third]) {
      state = reduceChat(state, event);
      announcer = announce(announcer, state, event);
      said.push([announcer.count, announcer.text]);
    }
    assert.deepEqual(said, [
      [1, 'Waiting for your approval. Edit a.ts?'],
      [1, 'Waiting for your approval. 2 edits wait together. Edit a.ts? Edit b.ts?'],
      [2, 'Waiting for your approval. Edit c.ts?'],
    ]);
  });

  it('starts each reply anew', () => {
    assert.deepEqual(
      spoken(token('A long first reply.'), turn('A long first reply.'), token('Hm.\n\nB'), turn('Hm.\n\nB')),
      ['A long first reply.', 'Hm.', 'B'],
    );
  });

  it('bounds what is said at once', () => {
    assert.equal(spoken(turn('x'.repeat(10_000)))[0]?.length, 2_000);
  });
});
