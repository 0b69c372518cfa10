import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createMcpRecords } from '../../extension/mcp/records.ts';
import type { McpRecord } from '../../extension/mcp/types.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';

const record: McpRecord = {
  name: 'memory',
  approvedAt: 1,
  isOwnWords: false,
  allowsSampling: false,
  disabledTools: [],
};
const full: McpRecord = {
  ...record,
  isOwnWords: true,
  allowsSampling: true,
  disabledTools: ['write'],
  era: { kind: 'modern', at: 5 },
  definitions: {
    instructions: 'Be brief.',
    tools: [
      {
        name: 'read',
        title: 'Read',
        description: 'reads',
        inputSchema: { type: 'object', properties: { a: { type: ['string', 'null'] } }, required: [] },
        outputSchema: { type: 'object' },
        hints: { readOnly: true, destructive: false },
        hash: 'b'.repeat(64),
      },
    ],
  },
};

describe('records of MCP servers', () => {
  let folder: string;
  let errors: string[];
  beforeEach(() => {
    folder = path.join(temporaryFolder(), 'records');
    errors = [];
  });
  afterEach(removeTemporaryFolders);

  const open = () => createMcpRecords({ folder, logError: (text) => errors.push(text) });

  it('come back as they were kept, in another window too', async () => {
    const records = open();
    assert.equal(await records.get('a'), undefined);
    await records.change('a', () => full);
    assert.deepEqual(await open().get('a'), full);
    assert.equal(await open().get('b'), undefined);
    await records.change('a', (before) => ({ ...(before ?? record), isOwnWords: false }));
    assert.deepEqual(await open().get('a'), { ...full, isOwnWords: false });
    assert.deepEqual(errors, []);
  });

  it('keep by name and place what was turned off and approved last', async () => {
    const records = open();
    assert.equal(await records.isDisabled('a'), false);
    assert.equal(await records.lastHash('a'), undefined);
    await records.setDisabled('a', true);
    await records.setLastHash('a', 'h');
    assert.equal(await open().isDisabled('a'), true);
    assert.equal(await open().lastHash('a'), 'h');
    await records.setDisabled('a', false);
    assert.equal(await open().isDisabled('a'), false);
    assert.equal(await open().lastHash('a'), 'h');
  });

  it('have file names that tell and break nothing', async () => {
    const records = open();
    const hostile = '../../../etc/passwd\0 COM1';
    await records.change(hostile, () => record);
    await records.setDisabled(hostile, true);
    assert.deepEqual(
      readdirSync(folder).filter((name) => !/^[0-9a-f]{64}\.json$/.test(name)),
      [],
    );
    assert.equal(readdirSync(folder).length, 2);
    assert.deepEqual(await records.get(hostile), record);
    assert.equal(await records.isDisabled(hostile), true);
  });

  it('that cannot be read count as not approved, and as disabled, with a report', async () => {
    const records = open();
    await records.change('a', () => full);
    const [file = ''] = readdirSync(folder);
    const whole = readFileSync(path.join(folder, file), 'utf8');
    const broken = [
      '',
      '{"version":1',
      '{"version":2}',
      whole.replace('"approvedAt": 1', '"approvedAt": "x"'),
    ];
    for (const content of broken) {
      writeFileSync(path.join(folder, file), content);
      assert.equal(await records.get('a'), undefined, content);
    }
    assert.equal(errors.length, broken.length);
    assert.match(errors[0] ?? '', /cannot be read.*not approved/);
    writeFileSync(path.join(folder, file), whole.replace('"key": "a"', '"key": "b"'));
    assert.equal(await records.get('a'), undefined, 'it is that of another server');
    await records.change('a', (before) => before ?? record);
    assert.deepEqual(await records.get('a'), record);

    await records.setDisabled('k', true);
    const [choice = ''] = readdirSync(folder).filter((name) => name !== file);
    writeFileSync(path.join(folder, choice), 'no');
    assert.equal(await records.isDisabled('k'), true);
    await records.setDisabled('k', true);
    assert.equal(await open().isDisabled('k'), true);
    await records.setDisabled('k', false);
    assert.equal(await open().isDisabled('k'), false);
  });

  it('lose no change of one window, and are whole at any moment to another', async () => {
    const records = open();
    const other = open();
    let done = false;
    const seen = (async () => {
      while (!done) await other.get('a');
    })();
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        records.change('a', (before = record) => ({
          ...before,
          disabledTools: [...before.disabledTools, String(index)],
        })),
      ),
    );
    done = true;
    await seen;
    assert.equal((await other.get('a'))?.disabledTools.length, 30);
    assert.deepEqual(errors, []);
  });

  it('go on after a change that failed', async () => {
    const records = open();
    const no = new Error('no');
    await assert.rejects(
      records.change('a', () => {
        throw no;
      }),
      no,
    );
    await records.change('a', () => full);
    assert.deepEqual(await records.get('a'), full);
  });

  it('tell of changes, of this window and of others, and of nothing else', async () => {
    let elsewhere = (): void => assert.fail('not watched');
    let isWatched = true;
    const records = createMcpRecords({
      folder,
      logError: assert.fail,
      watch: (watched, onChange) => {
        assert.equal(watched, folder);
        elsewhere = onChange;
        return {
          dispose: () => {
            isWatched = false;
          },
        };
      },
    });
    let told = 0;
    const stop = records.onChange(() => {
      told += 1;
    });
    await records.change('a', () => full);
    await records.change('a', (before = record) => ({ ...before }));
    assert.equal(told, 1, 'nothing has changed');
    await records.setDisabled('a', true);
    elsewhere();
    assert.equal(told, 3);
    stop();
    elsewhere();
    assert.equal(told, 3);
    records.close();
    assert.equal(isWatched, false);
  });
});
