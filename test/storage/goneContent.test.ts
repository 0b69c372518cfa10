import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { jsonParts, parsingChat } from '../../extension/core/chatFile.ts';
import { messagesOf } from '../../extension/core/history.ts';
import { inSlices } from '../../extension/core/slices.ts';
import type { AssistantBlock, ImageBlock, UserBlock } from '../../extension/shared/message.ts';
import { noUsage } from '../../extension/shared/message.ts';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import { jobEvents } from './chatEvents.ts';
import {
  importItems,
  model,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const long = (letter: string): string => letter.repeat(blobThreshold + 4);

const picture = (letter: string, name?: string): ImageBlock => ({
  type: 'image',
  mediaType: 'image/png',
  data: long(letter),
  ...(name === undefined ? {} : { name }),
});

/** A chat whose long contents are in files of their own. */
describe('content whose file is gone', function () {
  const folder = temporaryFolder(this);

  const blobs = (where: string): readonly string[] =>
    readdirSync(path.join(where, 'blobs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));

  const open = async () => {
    const where = folder();
    const opened = await openService(where, { disk: quickDisk });
    await opened.service.saveSession(uniqueName(), session('a'));
    const job = jobEvents('a', 'job');
    return {
      ...opened,
      where,
      lose: () => {
        for (const file of blobs(where)) rmSync(file);
      },
      empty: () => {
        for (const file of blobs(where)) truncateSync(file);
      },
      asked: async (content: readonly UserBlock[]) => {
        const started = job.started();
        assert.ok(started.type === 'JobStarted' && started.input !== undefined);
        await opened.record({ ...started, input: { ...started.input, content } });
      },
      said: async (content: readonly AssistantBlock[]) => {
        const said = job.said('');
        assert.ok(said.type === 'TurnCompleted');
        await opened.record({ ...said, message: { ...said.message, content } });
      },
      seen: async (content: readonly UserBlock[]) => {
        const done = job.stepDone('');
        assert.ok(done.type === 'StepCompleted');
        await opened.record({ ...done, result: { ...done.result, content } });
      },
      contents: async () => messagesOf(await opened.items('a')).map(({ content }) => content),
    };
  };

  const notes = [
    { type: 'text', text: '[The picture a.png was stored in a separate file, which is gone.]' },
    { type: 'text', text: '[The picture was stored in a separate file, which is gone.]' },
  ];

  for (const [what, loss] of [
    ['gone', 'lose'],
    ['empty', 'empty'],
  ] as const) {
    it(`(${what}): a picture is a text that says so, for the model too`, async () => {
      const chat = await open();
      const text: UserBlock = { type: 'text', text: 'Look' };
      await chat.asked([text, picture('A', 'a.png')]);
      await chat.seen([picture('B')]);
      assert.deepEqual(await chat.contents(), [[text, picture('A', 'a.png')], [picture('B')]]);
      chat[loss]();
      assert.deepEqual(await chat.contents(), [[text, notes[0]], [notes[1]]]);
    });
  }

  it('does not keep a chat from being exported and imported', async () => {
    const chat = await open();
    await chat.asked([picture('A', 'a.png')]);
    await chat.seen([picture('B'), { type: 'text', text: long('!') }]);
    await chat.record(jobEvents('a', 'job').completed());
    chat.lose();
    const before = await chat.items('a');
    const file = [...jsonParts(session('a'), before, noUsage)].join('');
    const read = await inSlices(parsingChat(file, () => 'b'));
    await importItems(chat, read.session, read.items);
    const contentsOf = (items: Parameters<typeof messagesOf>[0]) =>
      messagesOf(items).map(({ content }) => content);
    assert.deepEqual(contentsOf(await chat.items('b')), contentsOf(before));
  });

  it('leaves a block without the data that only its provider understands, whichever of both it was', async () => {
    const chat = await open();
    const replay = (data: string) => ({ replay: { model, data: { signature: data } } });
    const kept = { type: 'text' as const, text: 'Yes', ...replay('short') };
    await chat.asked([{ type: 'text', text: 'Go' }]);
    await chat.said([
      { type: 'thinking', text: 'Hm', ...replay(long('A')) },
      { type: 'thinking', text: long('?'), ...replay('of that text') },
      { type: 'toolCall', id: 'c', name: 'write', input: { text: long('!'), replay: 1 }, ...replay('call') },
      kept,
    ]);
    chat.lose();
    const gone = '[This content was stored in a separate file, which is gone.]';
    assert.deepEqual((await chat.contents()).slice(1), [
      [
        { type: 'thinking', text: 'Hm' },
        { type: 'thinking', text: gone },
        { type: 'toolCall', id: 'c', name: 'write', input: { text: gone, replay: 1 } },
        kept,
      ],
    ]);
  });

  it('comes back with its file', async () => {
    const chat = await open();
    await chat.asked([picture('A')]);
    chat.lose();
    assert.deepEqual(await chat.contents(), [[notes[1]]]);
    await chat.service.saveSession(uniqueName(), session('b'));
    const again = jobEvents('b', 'again').started();
    assert.ok(again.type === 'JobStarted' && again.input !== undefined);
    await chat.record({ ...again, input: { ...again.input, content: [picture('A')] } });
    assert.deepEqual(await chat.contents(), [[picture('A')]]);
    assert.ok(existsSync(blobs(chat.where)[0] ?? ''));
  });
});
