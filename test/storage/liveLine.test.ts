import assert from 'node:assert/strict';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { eventLine, parseEvent } from '../../extension/storage/liveLine.ts';

describe('a line that tells another window of a question', () => {
  for (const isSandboxed of [true, false, undefined]) {
    it(`keeps what it offers, and whether the sandbox holds it: ${isSandboxed}`, () => {
      const event: AgentEvent = {
        jobId: 'job',
        at: 1,
        type: 'ApprovalRequired',
        step: {
          id: 'step',
          sessionId: 'chat',
          messageId: 'message',
          callId: 'call',
          tool: 'run_skill',
          input: {},
          title: 'pdf/tables',
          effect: 'execute',
          targets: ['pdf/tables'],
        },
        prompt: {
          title: 'Run pdf/tables?',
          detail: 'x',
          diffs: [],
          offers: [
            {
              duration: 'workspace',
              label: 'x',
              matches: [
                { kind: 'skill', skill: 'pdf', hash: 'a1', entry: 'tables' },
                { kind: 'command', argv: ['ls'], folder: '.', isSandboxed: true },
                { kind: 'command', argv: ['ls'], folder: '.' },
                { kind: 'tool', tool: 'memory__add', definition: 'd1' },
                { kind: 'tool', tool: 'memory__add' },
              ],
            },
          ],
          reason: 'no rule covers it',
          isCautioned: false,
          ...(isSandboxed === undefined ? {} : { isSandboxed }),
        },
      };
      assert.deepEqual(
        parseEvent(eventLine(event), (value) => value),
        event,
      );
    });
  }
});

describe('a line that tells another window of a message', () => {
  it('keeps by which way it came, and that its words are not the person’s own', () => {
    const event: AgentEvent = {
      jobId: 'job',
      at: 1,
      type: 'JobStarted',
      sessionId: 'chat',
      agentId: 'coder',
      input: {
        role: 'user',
        id: 'message',
        content: [{ type: 'text', text: 'Go' }],
        createdAt: 1,
        taint: 'a forwarded message',
        via: 'Ann, on Telegram',
      },
    };
    assert.deepEqual(
      parseEvent(eventLine(event), (value) => value),
      event,
    );
  });
});
