import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProviders } from '../../extension/providers/index.ts';
import { ModelBytes } from '../support/modelBytes.ts';
import { instantClock, listen, providerAt, providerErrorOf } from './harness.ts';
import { ask, bytes, type Wire } from './wire.ts';

const within = async <T>(ms: number, promise: Promise<T>): Promise<T> => {
  const late = sleep(ms, undefined, { ref: false }).then(() =>
    Promise.reject(new Error(`not within ${ms} ms`)),
  );
  return await Promise.race([promise, late]);
};

export const onConnections = (wire: Wire): void => {
  describe('on connections', () => {
    let server: ModelBytes;
    const hello = wire.sse({ text: ['Hello', ' there'] });
    /** Up to the end of the first event that shows text. */
    const beginning = (): Uint8Array => {
      const shown = hello.indexOf('\n\n', hello.indexOf('"Hello"')) + 2;
      return bytes(hello.slice(0, shown));
    };

    beforeEach(async () => {
      server = await ModelBytes.start();
    });
    afterEach(() => server[Symbol.asyncDispose]());

    it('closes the connection at once when aborted in the middle', async () => {
      server.reply({ chunks: [beginning()], ending: 'hang' });
      const controller = new AbortController();
      const reason = new Error('the person pressed stop');
      const seen: string[] = [];
      await assert.rejects(async () => {
        for await (const event of providerAt(wire, server.url).stream(ask(wire.model), controller.signal)) {
          if (event.type !== 'text') continue;
          seen.push(event.text);
          setImmediate(() => controller.abort(reason));
        }
      }, reason);
      assert.deepEqual(seen, ['Hello']);
      assert.equal(await within(900, server.requests[0]?.aborted ?? Promise.resolve(false)), true);
    });

    it('closes the connection at once when the reader leaves', async () => {
      server.reply({ chunks: [beginning()], ending: 'hang' });
      const { signal } = new AbortController();
      for await (const event of providerAt(wire, server.url).stream(ask(wire.model), signal)) {
        if (event.type === 'text') break;
      }
      assert.equal(await within(900, server.requests[0]?.aborted ?? Promise.resolve(false)), true);
    });

    it('sends nothing when aborted before', async () => {
      const reason = new Error('stopped');
      const heard = await listen(providerAt(wire, server.url), ask(wire.model), AbortSignal.abort(reason));
      assert.equal(heard.error, reason);
      assert.equal(server.requests.length, 0);
    });

    it('sends nothing before the request is ready', async () => {
      server.reply({ chunks: [hello] });
      const { promise: ready, resolve } = Promise.withResolvers<void>();
      const listening = listen(providerAt(wire, server.url), { ...ask(wire.model), ready });
      await sleep(50);
      assert.equal(server.requests.length, 0);
      resolve();
      assert.equal((await listening).text, 'Hello there');
    });

    it('ends with the reason why the request could not be made ready, and does not try again', async () => {
      const reason = new Error('the disk is full');
      const slept: number[] = [];
      const ready = sleep(10).then(() => Promise.reject(reason));
      const provider = providerAt(wire, server.url, { clock: instantClock(slept) });
      const heard = await listen(provider, { ...ask(wire.model), ready });
      assert.equal(heard.error, reason);
      assert.deepEqual([server.requests.length, slept.length], [0, 0]);
    });

    it('calls a broken connection in the middle a network error and keeps what came', async () => {
      server.reply({ chunks: [beginning()], ending: 'destroy', gapMs: 10 });
      const heard = await listen(providerAt(wire, server.url), ask(wire.model));
      assert.equal(heard.text, 'Hello');
      const error = providerErrorOf(heard);
      assert.equal(error.kind, 'network');
      assert.match(error.message, /broke/);
      assert.equal(server.requests.length, 1);
    });

    it('calls an end without a finish a network error', async () => {
      server.reply({ chunks: [beginning()] });
      const heard = await listen(providerAt(wire, server.url), ask(wire.model));
      assert.equal(heard.text, 'Hello');
      assert.equal(providerErrorOf(heard).kind, 'network');
    });

    it('asks again when the connection breaks before the first word', async () => {
      server.reply({ ending: 'destroy' }, { chunks: [hello] });
      const slept: number[] = [];
      const heard = await listen(
        providerAt(wire, server.url, { clock: instantClock(slept) }),
        ask(wire.model),
      );
      assert.equal(heard.text, 'Hello there');
      assert.deepEqual(slept, [500]);
    });

    it('asks again after 529', async () => {
      const { status, body } = { ...wire.errors.overloaded, status: 529 };
      server.reply({ status, chunks: [JSON.stringify(body)] }, { chunks: [hello] });
      assert.equal((await listen(providerAt(wire, server.url), ask(wire.model))).text, 'Hello there');
    });

    it('gives a silent stream up', async () => {
      server.reply({ chunks: [beginning()], ending: 'hang' });
      const timings = { firstByteMs: 30_000, idleMs: 40 };
      const heard = await listen(providerAt(wire, server.url, { timings }), ask(wire.model));
      const error = providerErrorOf(heard);
      assert.equal(error.kind, 'network');
      assert.match(error.message, /Nothing came/);
      assert.equal(await within(900, server.requests[0]?.aborted ?? Promise.resolve(false)), true);
    });

    it('does not take a slow reader for a silent stream', async () => {
      server.reply({ chunks: [hello] });
      // Longer than a busy machine keeps from a process what has come for it.
      const timings = { firstByteMs: 30_000, idleMs: 500 };
      const texts: string[] = [];
      const { signal } = new AbortController();
      for await (const event of providerAt(wire, server.url, { timings }).stream(ask(wire.model), signal)) {
        if (event.type === 'text') texts.push(event.text);
        if (texts.length === 1) await sleep(800);
      }
      assert.equal(texts.join(''), 'Hello there');
    });

    it('says when no server is there', async () => {
      const { url } = server;
      await server[Symbol.asyncDispose]();
      const error = providerErrorOf(await listen(providerAt(wire, url), ask(wire.model)));
      assert.equal(error.kind, 'network');
      assert.match(error.message, /could not be reached.*ECONNREFUSED/);
      assert.equal(error.wasReached, false);
      assert.ok(error.message.includes(`anycowork.${wire.id}.baseUrl`));
    });

    it('keeps one connection for all requests of a job', async () => {
      const provider = providerAt(wire, server.url);
      for (let step = 0; step < 4; step += 1) {
        // The end comes a little after the last event, and the reader leaves at `done`, as a job does.
        server.reply({ chunks: [hello], gapMs: 15 });
        for await (const event of provider.stream(ask(wire.model), new AbortController().signal)) {
          if (event.type === 'done') break;
        }
        await server.requests.at(-1)?.aborted;
        // Nothing tells that the end has come here, too.
        await sleep(100);
      }
      assert.deepEqual(
        server.requests.map(({ connection }) => connection),
        [0, 0, 0, 0],
      );
    });

    it('reads the key and the address at each request', async () => {
      await using second = await ModelBytes.start();
      let key: string | undefined = 'key-one';
      let address = wire.baseUrl(server.url);
      const provider = createProviders({ apiKey: async () => key, baseUrl: () => address })(wire.id);
      server.reply({ chunks: [hello] });
      second.reply({ chunks: [hello] });
      await listen(provider, ask(wire.model));
      [key, address] = ['key-two', `${wire.baseUrl(second.url)}/`];
      await listen(provider, ask(wire.model));
      const headers = [server, second].map(({ requests }) => JSON.stringify(requests[0]?.headers));
      assert.ok(headers[0]?.includes('key-one') && !headers[0].includes('key-two'));
      assert.ok(headers[1]?.includes('key-two') && !headers[1].includes('key-one'));
      assert.equal(second.requests[0]?.path, server.requests[0]?.path);
      assert.ok(!server.requests[0]?.path.includes('key-one'));
    });
  });
};
