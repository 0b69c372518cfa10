import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { redact } from '../../extension/core/redact.ts';
import { createAutoStart } from '../../extension/vscode/autoStart.ts';
import { createTelegramTokens } from '../../extension/vscode/telegramTokens.ts';
import { configured, resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { readApiRoot, telegramApiRoot } = await loadWithVscode(
  () => import('../../extension/vscode/telegramSettings.ts'),
);

describe('tokens of bots', () => {
  const secrets = () => {
    const kept = new Map<string, string>();
    return {
      kept,
      get: async (name: string) => kept.get(name),
      store: async (name: string, value: string) => void kept.set(name, value),
      delete: async (name: string) => void kept.delete(name),
    };
  };

  it('are in secret storage, each under its bot', async () => {
    const storage = secrets();
    const tokens = createTelegramTokens(storage);
    await tokens.set('a', ' 1:aaaaaaaa ');
    await tokens.set('b', '2:bbbbbbbb');
    assert.deepEqual(
      [...storage.kept],
      [
        ['anycowork.telegram.a', '1:aaaaaaaa'],
        ['anycowork.telegram.b', '2:bbbbbbbb'],
      ],
    );
    assert.equal(await tokens.get('a'), '1:aaaaaaaa');
    await tokens.remove('a');
    assert.equal(await tokens.get('a'), undefined);
    assert.equal(await tokens.get('b'), '2:bbbbbbbb');
  });

  it('never leave by a log: neither kept ones, nor read ones, nor those that were removed', async () => {
    const storage = secrets();
    storage.kept.set('anycowork.telegram.old', '3:cccccccc-token');
    const tokens = createTelegramTokens(storage);
    await tokens.get('old');
    await tokens.set('a', '1:aaaaaaaa-token');
    await tokens.remove('a');
    for (const text of [
      'GET https://api.telegram.org/bot3:cccccccc-token/getMe',
      'GET https://api.telegram.org/bot3%3Acccccccc-token/getMe',
      '1:aaaaaaaa-token',
    ]) {
      assert.doesNotMatch(redact(text, tokens.live()), /aaaaaaaa|cccccccc/);
    }
  });
});

describe('folders in which something starts by itself', () => {
  const memento = (kept?: unknown) => {
    const state = new Map<string, unknown>(kept === undefined ? [] : [['anycowork.autoStartFolders', kept]]);
    let writes = 0;
    return {
      state,
      writes: () => writes,
      get: (name: string): unknown => state.get(name),
      update: async (name: string, value: unknown): Promise<void> => {
        writes += 1;
        state.set(name, value);
      },
    };
  };

  let folder = '';
  before(async () => {
    folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'auto-start-')));
    await mkdir(path.join(folder, 'real'));
    await symlink(path.join(folder, 'real'), path.join(folder, 'link'));
  });
  after(() => rm(folder, { recursive: true }));

  it('are remembered once, in the place of those before', async () => {
    const kept = memento();
    const autoStart = createAutoStart(kept);
    await autoStart.remember(['/b', '/a', '/b']);
    await autoStart.remember(['/a', '/b']);
    assert.equal(kept.writes(), 1);
    assert.deepEqual(
      [await autoStart.hasOne(['/x', '/b']), await autoStart.hasOne(['/x']), await autoStart.hasOne([])],
      [true, false, false],
    );
    await autoStart.remember([]);
    assert.equal(await autoStart.hasOne(['/b']), false);
  });

  it('are known by another way to them too', async () => {
    const autoStart = createAutoStart(memento([path.join(folder, 'real')]));
    assert.equal(await autoStart.hasOne([path.join(folder, 'link')]), true);
    assert.equal(await autoStart.hasOne([path.join(folder, 'gone')]), false);
  });

  it('are none where something else is kept', async () => {
    for (const kept of ['/a', { 0: '/a' }, [1, null]])
      assert.equal(await createAutoStart(memento(kept)).hasOne(['/a']), false);
  });
});

describe('where the Bot API is', () => {
  beforeEach(() => {
    resetVscode();
    configured.clear();
  });
  after(() => configured.clear());

  it('is Telegram’s, or what the setting says', () => {
    assert.equal(telegramApiRoot(), 'https://api.telegram.org');
    configured.set('anycowork.telegram.apiRoot', ' http://127.0.0.1:8081/ ');
    assert.equal(telegramApiRoot(), 'http://127.0.0.1:8081');
  });

  for (const value of [
    'http://example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'https://user:pass@example.com',
    'https://example.com/?x=1',
    'https://example.com/#x',
    'ftp://example.com',
    'file:///tmp/x',
    'api.telegram.org',
    '  ',
    7,
  ]) {
    it(`is not guessed where the setting says ${JSON.stringify(value)}`, () => {
      configured.set('anycowork.telegram.apiRoot', value);
      assert.throws(telegramApiRoot, /anycowork\.telegram\.apiRoot is not an address/);
    });
  }

  it('may be on this computer without encryption, and below a path', () => {
    for (const text of ['http://localhost:1', 'http://127.9.9.9', 'http://[::1]:8081', 'https://a.b/bots'])
      assert.equal(readApiRoot(text), text);
  });
});
