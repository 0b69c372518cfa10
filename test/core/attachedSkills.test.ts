import assert from 'node:assert/strict';
import { namedSkill, skillsInUse, withAttachedSkills } from '../../extension/core/attachedSkills.ts';
import { taintOf } from '../../extension/core/taint.ts';
import type { Message, ToolOutcome, UserMessage } from '../../extension/shared/message.ts';
import type { AttachedSkill } from '../../extension/shared/skill.ts';
import { textReply } from '../fakes/provider.ts';
import { house } from './house.ts';

const pdf: AttachedSkill = { id: 'pdf', name: 'pdf', text: '<skill_content name="pdf">Read</skill_content>' };
const foreign: AttachedSkill = { ...pdf, id: 'x', taint: 'the skill x (.agents/skills)' };
const said = (text: string, ...skills: AttachedSkill[]): UserMessage => ({
  role: 'user',
  id: text,
  content: [{ type: 'text', text }],
  createdAt: 1,
  ...(skills.length === 0 ? {} : { skills }),
});

describe('attached skills', () => {
  it('stand behind what the person wrote', () => {
    const [message] = withAttachedSkills([said('Read it', pdf)]);
    assert.deepEqual(message?.content, [
      { type: 'text', text: 'Read it' },
      { type: 'text', text: pdf.text },
    ]);
    assert.ok(message !== undefined && !('skills' in message));
  });

  it('leave other messages as they are', () => {
    const messages: readonly Message[] = [said('Hello')];
    assert.equal(withAttachedSkills(messages)[0], messages[0]);
  });

  it('are named at the start of a message', () => {
    assert.equal(namedSkill('/pdf read the report'), 'pdf');
    assert.equal(namedSkill('  /web-page\nx'), 'web-page');
    for (const text of ['/pdf/x is a path', '/tmp/a', 'read /pdf', '/', '/Übung', '//x', '/PDF']) {
      assert.equal(namedSkill(text), undefined, text);
    }
  });

  it('that nobody has reviewed are words of others, until the next message of the person', () => {
    assert.equal(taintOf([said('Go', foreign)]), foreign.taint);
    assert.equal(taintOf([said('Go', pdf)]), undefined);
    assert.equal(taintOf([said('Go', foreign), said('Next')]), undefined);
  });

  it('and those that were loaded are in use until the next message of the person', () => {
    const using = (callId: string, name: string, more: { readonly taint?: string } = {}): Message => ({
      role: 'assistant',
      id: `use ${callId}`,
      model: { provider: 'gemini', model: 'fake' },
      content: [{ type: 'toolCall', id: callId, name: 'use_skill', input: { name } }],
      stopReason: 'toolCalls',
      createdAt: 1,
      ...more,
    });
    const loaded = (callId: string, outcome: ToolOutcome = 'completed'): Message => ({
      role: 'tool',
      id: `of ${callId}`,
      callId,
      toolName: 'use_skill',
      content: [],
      outcome,
      createdAt: 1,
    });
    const turn = [said('Go', pdf), using('1', 'a'), loaded('1'), using('2', 'b'), loaded('2', 'failed')];
    assert.deepEqual(skillsInUse(turn), ['pdf', 'a']);
    assert.deepEqual(skillsInUse([...turn, said('Next')]), []);
    assert.deepEqual(skillsInUse([...turn, said('Next', foreign)]), ['x']);
    const imported: UserMessage = { ...said('Go', foreign), taint: 'an imported chat' };
    assert.deepEqual(skillsInUse([imported]), []);
    assert.deepEqual(
      skillsInUse([said('Go'), using('1', 'a', { taint: 'an imported chat' }), loaded('1')]),
      [],
    );
  });

  it('reach whoever puts the tools of a job together, when it goes on too', async () => {
    const seen: (readonly string[])[] = [];
    const core = house([textReply('One'), textReply('Two'), textReply('Three')], [], {
      tools: (_agent, _session, messages) => {
        seen.push(skillsInUse(messages));
        return [];
      },
    });
    core.skills.set('pdf', pdf);
    const { sessionId, jobId } = await core.chats.send({ text: '/pdf read it' });
    await core.ended(jobId);
    await core.ended((await core.chats.goOn(sessionId)).jobId);
    await core.ended((await core.chats.send({ sessionId, text: 'Now something else' })).jobId);
    assert.deepEqual(seen, [['pdf'], ['pdf'], []]);
  });

  it('are read with each request of the chat, and kept with the message', async () => {
    const core = house([textReply('One'), textReply('Two')]);
    core.skills.set('pdf', pdf);
    const { sessionId, jobId } = await core.chats.send({ text: '/pdf read it', skills: ['pdf', 'unknown'] });
    await core.ended(jobId);
    await core.ended((await core.chats.send({ sessionId, text: 'Go on' })).jobId);
    for (const request of core.provider.requests) {
      const [first] = request.messages;
      assert.deepEqual(first?.content, [
        { type: 'text', text: '/pdf read it' },
        { type: 'text', text: pdf.text },
      ]);
    }
    assert.equal(core.provider.requests.length, 2);
    const [item] = await core.store.readAll(sessionId);
    assert.ok(item?.kind === 'user');
    assert.deepEqual(item.message.skills, [pdf]);
    assert.deepEqual(item.message.content, [{ type: 'text', text: '/pdf read it' }]);
  });
});
