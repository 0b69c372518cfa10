import assert from 'node:assert/strict';
import { InputError } from '../../extension/core/agents.ts';
import type { Upload } from '../../extension/telegram/types.ts';
import { call, callReply, textReply } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { ann, tom } from './cardHouse.ts';
import { commandRig } from './commandRig.ts';

const long = `src/${'deep/'.repeat(20)}file.ts`;
const upload = (name: string): Upload => ({ name, bytes: new Uint8Array([1]), kind: 'photo' });

/** A chat in which two files were changed. */
const changedRig = async () => {
  const diffs = ['a<b>.ts', long].map((path) => ({
    path,
    kind: 'changed' as const,
    added: 2,
    removed: 1,
    patch: '@@ -1 +1 @@\n-x\n+y',
    omittedLines: 0,
  }));
  const tool = fakeTool('read_file', { run: async () => ({ ...output('done'), diffs }) });
  const rig = commandRig({ tools: [tool], replies: [callReply(call('1', 'read_file')), textReply('done')] });
  await rig.chat('change them', rig.thread());
  return rig;
};

describe('/files and /diff', () => {
  it('lists what the chat changed, and sends one of it as it is', async () => {
    const { say, press, buttons, files, courier } = await changedRig();
    files.set(long, upload('file.ts'));
    const listed = await say('/files');
    assert.match(listed, /a<b>\.ts {2}\+2 −1/);
    assert.match(courier.last(ann.userId).text.html, /a&lt;b&gt;\.ts/);
    for (const { data } of buttons()) assert.ok(Buffer.byteLength(data) <= 64, data);
    await press('file.ts');
    const { upload: sent } = courier.last(ann.userId);
    assert.deepEqual([sent?.name, sent?.kind, sent?.caption], ['file.ts', 'document', long]);
  });

  it('sends no file by a button that the chat did not change', async () => {
    const { say, press, files, courier } = await changedRig();
    files.set('other.ts', upload('other.ts'));
    await say('/files');
    await assert.rejects(press('c1:file:other.ts'), /not among those/);
    assert.equal(
      courier.arrived.every((each) => each.upload === undefined),
      true,
    );
  });

  it('sends a file by its path, and says why not', async () => {
    const secret = new InputError('.env may hold passwords or keys, so it is not sent.');
    const rig = commandRig({
      context: {
        readWorkspaceFile: async (path) => {
          if (path === '.env') throw secret;
          return upload(path);
        },
      },
    });
    await rig.say('/files docs/my plan.md', tom.userId);
    assert.equal(rig.courier.last(tom.userId).upload?.name, 'docs/my plan.md');
    await assert.rejects(rig.commands.run(rig.message('/files .env')), secret);
    rig.courier.failNext('upload', 'refused');
    assert.match(await rig.say('/files a.bin'), /a\.bin could not be sent/);
  });

  it('sends all changes as one document', async () => {
    const { say, courier } = await changedRig();
    await say('/diff');
    const { upload: sent } = courier.last(ann.userId);
    assert.equal(sent?.name, 'changes.diff');
    const text = new TextDecoder().decode(sent?.bytes);
    assert.equal(text.match(/^diff --git /gm)?.length, 2);
  });

  it('says that nothing was changed', async () => {
    const { say } = commandRig();
    assert.match(await say('/files'), /No file was changed[\s\S]*sends any file/);
    assert.match(await say('/diff'), /No file was changed/);
  });
});
