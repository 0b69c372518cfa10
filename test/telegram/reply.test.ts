import assert from 'node:assert/strict';
import type { ChatState, StepStatus } from '../../extension/shared/chat.ts';
import { emptyChat } from '../../extension/shared/chat.ts';
import type { FileDiff, JobError } from '../../extension/shared/event.ts';
import { answerParts, endText, filesText, noticeText, statusText } from '../../extension/telegram/reply.ts';
import type { Outgoing } from '../../extension/telegram/types.ts';
import { readTelegramHtml } from '../fakes/telegramHtml.ts';

/** Fails where Telegram could not read it, or it says something else without its marks. */
const textOf = ({ html, plain }: Outgoing): string => {
  const read = readTelegramHtml(html);
  if ('error' in read) assert.fail(read.error);
  assert.ok(read.text.length <= 4_096 && plain.length <= 4_096);
  return read.text;
};

const diff = (path: string): FileDiff => ({
  path,
  kind: 'changed',
  added: 2,
  removed: 1,
  patch: '',
  omittedLines: 0,
});

const step = (
  id: string,
  status: StepStatus,
  title: string,
  diffs: readonly FileDiff[] = [],
): ChatState['items'][number] => ({
  id,
  jobId: 'job',
  kind: 'step',
  record: {
    step: {
      id,
      sessionId: 'session',
      messageId: 'message',
      callId: id,
      tool: 'run_command',
      input: {},
      title,
      effect: 'execute',
      targets: [],
    },
    status,
    startedAt: 0,
    liveOutput: '',
    summary: status === 'failed' ? 'exit code 1' : '',
    diffs,
  },
});

const chat = (items: ChatState['items'], more: Partial<ChatState> = {}): ChatState => ({
  ...emptyChat('agent', { provider: 'gemini', model: 'm' }),
  items,
  job: { id: 'job', startedAt: 0, isElsewhere: false },
  ...more,
});

const context = (now: number, queued = 0) => ({ queued, startedAt: 0, now, jobId: 'job' });

const ended = (items: ChatState['items'], notice?: JobError): ChatState => {
  const { job: _, ...state } = chat(items);
  if (notice === undefined) return state;
  const item = {
    id: 'notice',
    jobId: 'job',
    kind: 'notice',
    notice: { kind: 'failed', error: notice },
    at: 1,
  } as const;
  return { ...state, items: [...items, item] };
};

describe('telegram reply', () => {
  describe('the answer', () => {
    it('goes out whole', () => {
      const { messages, document } = answerParts('**Done** & dusted', 'chat');
      assert.deepEqual(messages, [{ html: '<b>Done</b> &amp; dusted', plain: 'Done & dusted' }]);
      assert.equal(document, undefined);
    });

    it('goes out in up to three parts', () => {
      const { messages, document } = answerParts(`${'word '.repeat(1_900)}end`, 'chat');
      assert.equal(messages.length, 3);
      assert.match(messages.map(textOf).join(''), /^(word )+end$/);
      assert.equal(document, undefined);
    });

    it('is a beginning and a document when it is longer', () => {
      const markdown = `# Title\n\n${'- **word** 👍\n'.repeat(5_000)}`;
      const { messages, document } = answerParts(markdown, 'My chat: a/b');
      assert.equal(messages.length, 1);
      assert.match(
        textOf(messages[0] ?? assert.fail()),
        /^Title[\s\S]+whole answer \(\d\d,\d{3} characters\) is in the document/,
      );
      assert.equal(document?.name, 'My-chat-a-b.md');
      assert.equal(new TextDecoder().decode(document?.bytes), markdown);
    });

    it('is no message where there is nothing to see', () => {
      assert.deepEqual(answerParts(' \u200b\n', 'chat'), { messages: [] });
    });
  });

  describe('the status', () => {
    it('says what is going on', () => {
      const items = [
        step('a', 'completed', 'npm ci'),
        step('b', 'failed', 'npm <test>'),
        step('c', 'running', 'ls'),
      ];
      const message = statusText(
        chat(items, { costUsd: 0.042, usage: { ...chat([]).usage, input: 12_300 } }),
        context(85_000, 2),
      );
      assert.equal(
        textOf(message),
        '⏳ Run ls…\n✓ Run npm ci\n✗ Run npm <test> (exit code 1)\n1 min · 3 steps · this chat: 12k tokens · $0.04 · 2 waiting',
      );
      assert.deepEqual(message.buttons, [[{ text: 'Stop', data: 'q1:stop', style: 'danger' }]]);
    });

    it('changes only when there is something to say', () => {
      const state = chat([step('a', 'running', 'ls')]);
      const told = new Set(
        Array.from({ length: 60 }, (_, second) => statusText(state, context(second * 1_000)).html),
      );
      assert.equal(told.size, 6);
    });

    it('stays short', () => {
      const items = Array.from({ length: 50 }, (_, index) => step(`${index}`, 'failed', '&'.repeat(500)));
      const retry = { attempt: 1, until: 0, reason: 'x'.repeat(5_000) };
      const state = chat(items, { job: { id: 'job', startedAt: 0, isElsewhere: false, retry } });
      assert.ok(textOf(statusText(state, context(0))).length < 1_000);
    });
  });

  describe('the end', () => {
    it('counts steps and files', () => {
      const items = [
        step('a', 'completed', 'x', [diff('a'), diff('b')]),
        step('b', 'completed', 'y', [diff('a')]),
      ];
      const message = endText(ended(items), context(80_000));
      assert.equal(textOf(message), '✅ Done in 1 min 20 s · 2 steps · 2 files changed');
      assert.equal(message.buttons, undefined);
    });

    it('says why it failed, and offers to go on where that helps', () => {
      const error = (actions: JobError['actions']): JobError => ({
        kind: 'network',
        message: 'No network. Kept.',
        actions,
      });
      const message = endText(ended([], error(['retry'])), context(4_000));
      assert.equal(textOf(message), '❌ It failed after 4 s\nNo network. Kept.');
      assert.deepEqual(message.buttons, [[{ text: 'Continue', data: 'q1:go', style: 'primary' }]]);
      const other = endText(ended([], error(['setKey'])), context(4_000));
      assert.equal(other.buttons, undefined);
      assert.match(textOf(other), /in the chat in VS Code/);
    });
  });

  it('lists files once, and says what is left out', () => {
    assert.equal(textOf(filesText([])), 'No file was changed in this chat.');
    assert.equal(textOf(filesText([diff('a'), diff('a')])), '1 file changed in this chat\n• a  +4 −2');
    const many = Array.from({ length: 300 }, (_, index) => diff(`${'long/'.repeat(20)}${index}`));
    assert.match(textOf(filesText(many)), /… and 2\d\d more, in the chat in VS Code$/);
  });

  it('tells what ended at the desk', () => {
    const job = { title: 'Fix <it> ❤️\u202e', agentName: 'Ann', startedAt: 0, endedAt: 120_000 };
    const message = noticeText('completed', job, `**yes**\n\n${'a '.repeat(5_000)}`);
    assert.match(
      textOf(message),
      /^✅ Finished: Fix <it> ❤️\nAnn, in VS Code, 2 min\n\nyes\n\n(a )+\n… the rest is in the chat/,
    );
  });
});
