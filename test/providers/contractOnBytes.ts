import assert from 'node:assert/strict';
import type {
  AssistantMessage,
  Message,
  ModelRef,
  ToolMessage,
  UserBlock,
} from '../../extension/shared/message.ts';
import { ModelBytes } from '../support/modelBytes.ts';
import { type Heard, listen, plantedKey, providerAt, providerErrorOf } from './harness.ts';
import { ask, bytes, say, type Wire, type WireReply } from './wire.ts';

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const assistant = (model: ModelRef, { done }: Heard): AssistantMessage => {
  assert.ok(done !== undefined);
  return {
    role: 'assistant',
    id: 'a1',
    model,
    createdAt: 0,
    content: done.content,
    stopReason: done.stopReason,
  };
};

const result = (callId: string, content: readonly UserBlock[]): ToolMessage => ({
  role: 'tool',
  id: `t-${callId}`,
  callId,
  toolName: 'read_file',
  outcome: 'completed',
  createdAt: 0,
  content,
});

export const onBytes = (wire: Wire): void => {
  describe('on raw bytes', () => {
    let server: ModelBytes;

    beforeEach(async () => {
      server = await ModelBytes.start();
    });
    afterEach(() => server[Symbol.asyncDispose]());

    const play = async (reply: WireReply): Promise<Heard> => {
      server.reply({ chunks: [wire.sse(reply)] });
      return await listen(providerAt(wire, server.url), ask(wire.model));
    };

    it('joins characters that were split between two packets', async () => {
      const whole = bytes(wire.sse({ text: ['Grüße ', '€ and 😀', ' done'] }));
      // In the middle of the two-byte ü, the three-byte €, and twice in the four-byte emoji.
      const cuts = [
        whole.indexOf(0xc3) + 1,
        whole.indexOf(0xe2) + 2,
        whole.indexOf(0xf0) + 1,
        whole.indexOf(0xf0) + 3,
      ].sort((a, b) => a - b);
      const chunks = [0, ...cuts].map((from, index) => whole.subarray(from, cuts[index]));
      server.reply({ chunks, gapMs: 5 });
      const heard = await listen(providerAt(wire, server.url), ask(wire.model));
      assert.equal(heard.error, undefined);
      assert.equal(heard.text, 'Grüße € and 😀 done');
    });

    it('puts tool arguments together from fragments', async () => {
      const { done } = await play({
        calls: [
          {
            id: 'call_1',
            name: 'read_file',
            fragments: ['{"pa', 'th":"sr', 'c/ü.ts","line', 's":[1,', '2]}'],
          },
        ],
      });
      assert.equal(done?.stopReason, 'toolCalls');
      assert.deepEqual(
        done?.content.map((block) => block.type === 'toolCall' && [block.id, block.name, block.input]),
        [['call_1', 'read_file', { path: 'src/ü.ts', lines: [1, 2] }]],
      );
    });

    it('keeps parallel calls apart and in order, with the text before them', async () => {
      const { done, text } = await play({
        text: ['I will ', 'read both.'],
        calls: [
          { id: 'call_1', name: 'read_file', fragments: ['{"path":', '"a.ts"}'] },
          { id: 'call_2', name: 'read_file', fragments: ['{"path":"b.ts"}'] },
          { id: 'call_3', name: 'list_files', fragments: [] },
        ],
      });
      assert.equal(text, 'I will read both.');
      assert.deepEqual(
        done?.content.map((block) => (block.type === 'toolCall' ? [block.id, block.input] : block.type)),
        ['text', ['call_1', { path: 'a.ts' }], ['call_2', { path: 'b.ts' }], ['call_3', {}]],
      );
    });

    it('calls an empty reply an error', async () => {
      const heard = await play({});
      assert.equal(providerErrorOf(heard).kind, 'emptyReply');
    });

    it('calls a refusal without words an error, and with words a refused reply', async () => {
      assert.equal(providerErrorOf(await play({ stop: 'refusal' })).kind, 'refused');
      const { done, text } = await play({ stop: 'refusal', text: ['I can’t help with that.'] });
      assert.equal(text, 'I can’t help with that.');
      assert.equal(done?.stopReason, 'refused');
    });

    it('tells when the reply reached its limit', async () => {
      assert.equal((await play({ stop: 'length', text: ['half an ans'] })).done?.stopReason, 'length');
    });

    it('counts cached and reasoning tokens within input and output', async () => {
      const { usage } = await play({
        text: ['Hi.'],
        usage: { input: 1500, cached: 1200, output: 80, reasoning: 50 },
      });
      assert.deepEqual(usage, { input: 1500, cachedInput: 1200, cacheWrite: 0, output: 80, reasoning: 50 });
    });

    for (const [name, kind, words] of [
      ['auth', 'auth', /[Kk]ey/],
      ['contextTooLong', 'contextTooLong', /new chat/],
      ['overloaded', 'overloaded', /Try again/],
      ['quota', 'quota', /billing/],
      ['notFound', 'badRequest', /Choose another model/],
    ] as const) {
      it(`says what happened and what to do: ${name}`, async () => {
        const { status, body } = wire.errors[name];
        const echoed = JSON.stringify(body).replace('"message":"', `"message":"${plantedKey} `);
        const scripted = { status, headers: { 'content-type': 'application/json' }, chunks: [echoed] };
        for (let attempt = 0; attempt < 5; attempt += 1) server.reply(scripted);
        const heard = await listen(providerAt(wire, server.url), ask(wire.model));
        const error = providerErrorOf(heard);
        assert.equal(error.kind, kind, error.message);
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /planted|\n|sk-/);
        assert.ok(error.message.length < 600);
        assert.equal(server.requests.length, kind === 'overloaded' ? 5 : 1);
      });
    }

    it('sends thinking back byte for byte, to the model that thought it only', async () => {
      const signature = 'EqQBCkYIBxgCKkA+/0a1b2c3d4==';
      const first = await play({
        thinking: { text: 'I ponder…', signature },
        calls: [{ id: 'call_1', name: 'read_file', fragments: ['{"path":"a.ts"}'] }],
      });
      assert.equal(first.thinking, 'I ponder…');
      const history: Message[] = [
        say('read a.ts'),
        assistant(wire.model, first),
        result('call_1', [{ type: 'text', text: 'content of a' }]),
      ];
      const provider = providerAt(wire, server.url);
      server.reply({ chunks: [wire.sse({ text: ['ok'] })] }, { chunks: [wire.sse({ text: ['ok'] })] });
      assert.equal((await listen(provider, ask(wire.model, history))).text, 'ok');
      const same = server.requests.at(1)?.body ?? '';
      assert.ok(same.includes(wire.replayed(signature)), same);
      assert.equal((await listen(provider, ask(wire.otherModel, history))).text, 'ok');
      const other = server.requests.at(2)?.body ?? '';
      assert.ok(!other.includes(signature) && !other.includes('ponder'), other);
      assert.ok(other.includes('content of a') && other.includes('a.ts'));
    });

    it('makes the same bytes of the same history, and only adds to them', async () => {
      const history: Message[] = [say('one', 'u1'), say('two', 'u2')];
      const provider = providerAt(wire, server.url);
      server.reply(...Array.from({ length: 2 }, () => ({ chunks: [wire.sse({ text: ['ok'] })] })));
      await listen(provider, ask(wire.model, history));
      await listen(provider, ask(wire.model, structuredClone(history)));
      assert.equal(server.requests[0]?.body, server.requests[1]?.body);
    });

    it('sends pictures of the person and of tools', async () => {
      const image = { type: 'image', mediaType: 'image/png', data: pixel } as const;
      const first = await play({
        calls: [{ id: 'call_1', name: 'read_file', fragments: ['{"path":"a.png"}'] }],
      });
      const history: Message[] = [
        { role: 'user', id: 'u1', createdAt: 0, content: [{ type: 'text', text: 'Compare' }, image] },
        assistant(wire.model, first),
        result('call_1', [{ type: 'text', text: 'a.png' }, image]),
      ];
      server.reply({ chunks: [wire.sse({ text: ['Same.'] })] });
      await listen(providerAt(wire, server.url), ask(wire.model, history));
      const body = server.requests.at(1)?.body ?? '';
      assert.equal(body.split(wire.imageInRequest('image/png', pixel)).length - 1, 2, body);
    });
  });
};
