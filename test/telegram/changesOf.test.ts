import assert from 'node:assert/strict';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { FileDiff } from '../../extension/shared/event.ts';
import { changedPaths, changesOf, diffDocument } from '../../extension/telegram/changesOf.ts';

const diff = (path: string, kind: FileDiff['kind'] = 'changed', more: Partial<FileDiff> = {}): FileDiff => ({
  path,
  kind,
  added: 1,
  removed: 0,
  patch: '@@ -0,0 +1 @@\n+x',
  omittedLines: 0,
  ...more,
});

const step = (diffs: readonly FileDiff[], undoneAt?: number): ChatItem => ({
  id: 's',
  jobId: 'j',
  kind: 'step',
  record: {
    step: {
      id: 's',
      sessionId: 'c',
      messageId: 'm',
      callId: 'k',
      tool: 'write_file',
      input: {},
      title: '',
      effect: 'write',
      targets: [],
    },
    status: 'completed',
    startedAt: 0,
    liveOutput: '',
    summary: '',
    diffs,
    undo: { files: 1, unknown: [], ...(undoneAt === undefined ? {} : { undoneAt }) },
  },
});

describe('changesOf', () => {
  it('leaves out what was undone', () => {
    assert.deepEqual(changesOf([step([diff('a')]), step([diff('b')], 5)]), [diff('a')]);
  });

  it('knows where files are now, the last changed first', () => {
    const changes = [
      diff('a', 'created'),
      diff('b'),
      diff('a'),
      diff('gone', 'created'),
      diff('gone', 'deleted'),
      diff('b', 'moved', { movedTo: 'c' }),
    ];
    assert.deepEqual(changedPaths(changes), ['c', 'a']);
  });

  it('writes what diff writes, and says what was left out', () => {
    const text = diffDocument([
      diff('new', 'created'),
      diff('old', 'deleted', { omittedLines: 3 }),
      diff('x', 'moved', { movedTo: 'y', patch: '' }),
    ]);
    assert.match(text, /diff --git a\/new b\/new\n--- \/dev\/null\n\+\+\+ b\/new\n@@ -0,0 \+1 @@\n\+x\n/);
    assert.match(text, /--- a\/old\n\+\+\+ \/dev\/null\n[\s\S]*# 3 more lines are not shown here\n/);
    assert.match(text, /rename from x\nrename to y\n--- a\/x\n\+\+\+ b\/y\n/);
  });
});
