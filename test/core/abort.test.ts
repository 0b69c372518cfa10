import assert from 'node:assert/strict';
import { abortable, settleAfterAbort } from '../../extension/core/abort.ts';

const pending = new Promise<never>(() => undefined);

describe('abort', () => {
  it('ends a source that hangs, and lets one that listens clean up', async () => {
    const controller = new AbortController();
    let isClean = false;
    async function* source() {
      try {
        yield 1;
        yield 2;
        await pending;
      } finally {
        isClean = true;
      }
    }
    const seen: number[] = [];
    const read = async () => {
      for await (const item of abortable(source(), controller.signal)) {
        seen.push(item);
        if (item === 2) setImmediate(() => controller.abort(new Error('stopped')));
      }
    };
    await assert.rejects(read(), /stopped/);
    assert.deepEqual(seen, [1, 2]);
    assert.equal(isClean, false);

    const early: number[] = [];
    for await (const item of abortable(source(), new AbortController().signal)) {
      early.push(item);
      break;
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isClean, true);
  });

  it('passes on the end and the errors of its source', async () => {
    async function* failing() {
      yield 1;
      throw new Error('broken');
    }
    const never = new AbortController().signal;
    const read = async () => {
      for await (const _ of abortable(failing(), never));
    };
    await assert.rejects(read(), /broken/);
  });

  it('gives cancelled work a moment, and no more', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stopped'));
    await assert.rejects(settleAfterAbort(pending, controller.signal, 5), /stopped/);
    const cleaning = new Promise<string>((resolve) => setTimeout(resolve, 5, 'clean'));
    assert.equal(await settleAfterAbort(cleaning, controller.signal, 1_000), 'clean');
  });
});
