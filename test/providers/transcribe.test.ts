import assert from 'node:assert/strict';
import { createTranscriber } from '../../extension/providers/transcribe.ts';
import type { JsonObject, ModelRef, ProviderId } from '../../extension/shared/message.ts';
import { ModelBytes, type ScriptedResponse } from '../support/modelBytes.ts';
import { instantClock, plantedKey } from './harness.ts';
import { geminiWire } from './wires/gemini.ts';
import { openaiWire } from './wires/openai.ts';
import { openaiCompatibleWire } from './wires/openaiCompatible.ts';

const wires = { gemini: geminiWire, openai: openaiWire, openaiCompatible: openaiCompatibleWire };
const audio = { bytes: new TextEncoder().encode('OggS-voice'), mediaType: 'audio/ogg; codecs=opus' };

const json = (body: JsonObject, status = 200): ScriptedResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  chunks: [JSON.stringify(body)],
});

const geminiSays = (...parts: JsonObject[]): ScriptedResponse =>
  json({ candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] });

const transcribeAt = (
  server: ModelBytes,
  provider: keyof typeof wires,
  options: { readonly model?: string; readonly key?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<string | undefined> => {
  const key = 'key' in options ? options.key : plantedKey;
  const transcribe = createTranscriber({
    apiKey: async () => key,
    baseUrl: () => wires[provider].baseUrl(server.url),
    clock: instantClock(),
  });
  const model: ModelRef = { provider, model: options.model ?? wires[provider].model.model };
  return transcribe(audio, model, options.signal ?? AbortSignal.timeout(30_000));
};

describe('createTranscriber', () => {
  it('asks Gemini for the words and nothing else', async () => {
    await using server = await ModelBytes.start();
    server.reply(geminiSays({ text: 'thinking', thought: true }, { text: ' buy ' }, { text: 'milk\n' }));
    assert.equal(await transcribeAt(server, 'gemini', { model: 'gemini-9' }), 'buy milk');
    assert.match(server.requests[0]?.path ?? '', /\/v1beta\/models\/gemini-9:generateContent$/);
    const body = server.requests[0]?.body ?? '';
    assert.ok(body.includes(Buffer.from(audio.bytes).toString('base64')));
    assert.match(body, /"mimeType":"audio\/ogg"/);
    assert.match(body, /word for word/);
  });

  it('has another model of Gemini hear for one that cannot', async () => {
    await using server = await ModelBytes.start();
    server.reply(geminiSays());
    assert.equal(await transcribeAt(server, 'gemini', { model: 'gemma-4' }), '');
    assert.match(server.requests[0]?.path ?? '', /models\/gemini-/);
  });

  for (const [provider, model] of [
    ['openai', 'gpt-transcribe'],
    ['openaiCompatible', 'whisper-1'],
  ] as const) {
    it(`uploads the voice message as a file (${provider})`, async () => {
      await using server = await ModelBytes.start();
      server.reply(json({ text: ' buy milk ' }));
      assert.equal(await transcribeAt(server, provider), 'buy milk');
      const [request, another] = server.requests;
      assert.equal(another, undefined);
      assert.match(request?.path ?? '', /\/v1\/audio\/transcriptions$/);
      assert.match(request?.headers['content-type'] ?? '', /^multipart\/form-data/);
      assert.equal(request?.headers.authorization, `Bearer ${plantedKey}`);
      assert.match(request?.body ?? '', /filename="voice\.ogg"[\s\S]*audio\/ogg[\s\S]*OggS-voice/);
      assert.match(request?.body ?? '', new RegExp(`name="model"\\s+${model}`));
    });
  }

  it('knows of compatible servers that cannot hear', async () => {
    for (const answer of [
      json({ error: 'no such endpoint' }, 404),
      json({ error: 'no' }, 501),
      json({ odd: 1 }),
    ]) {
      await using server = await ModelBytes.start();
      server.reply(answer);
      assert.equal(await transcribeAt(server, 'openaiCompatible', { key: undefined }), undefined);
      assert.equal(server.requests[0]?.headers.authorization, undefined);
    }
  });

  it('says undefined for Anthropic, without asking anybody', async () => {
    const never = async (_provider: ProviderId): Promise<string> => {
      throw new Error('asked for a key');
    };
    const transcribe = createTranscriber({ apiKey: never, baseUrl: () => undefined });
    const { signal } = new AbortController();
    assert.equal(await transcribe(audio, { provider: 'anthropic', model: 'claude' }, signal), undefined);
  });

  for (const provider of ['gemini', 'openai', 'openaiCompatible'] as const) {
    it(`explains failures, and tries again what passes (${provider})`, async () => {
      await using server = await ModelBytes.start();
      const { status, body } = wires[provider].errors.auth;
      server.reply(json(body, status));
      await assert.rejects(transcribeAt(server, provider), (error: Error & { kind?: string }) => {
        assert.equal(error.name, 'ProviderError');
        assert.equal(error.kind, 'auth');
        assert.ok(!error.message.includes(plantedKey));
        return true;
      });
      const busy = wires[provider].errors.overloaded;
      server.reply(json(busy.body, busy.status));
      server.reply(provider === 'gemini' ? geminiSays({ text: 'hi' }) : json({ text: 'hi' }));
      assert.equal(await transcribeAt(server, provider), 'hi');
    });
  }

  it('stops when it is told to', async () => {
    await using server = await ModelBytes.start();
    const controller = new AbortController();
    server.reply({ ending: 'hang' });
    const said = transcribeAt(server, 'openai', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(said, /enough/);
  });

  it('needs a key where the provider does', async () => {
    await using server = await ModelBytes.start();
    await assert.rejects(transcribeAt(server, 'openai', { key: undefined }), { kind: 'auth' });
    assert.equal(server.requests.length, 0);
  });
});
