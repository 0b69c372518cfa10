import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { McpError } from '../../extension/core/mcp.ts';
import { parseConfigFile } from '../../extension/mcp/configFile.ts';
import { createMcpConfigs, type McpConfigsPorts } from '../../extension/mcp/configs.ts';
import { withEntry, withoutEntry } from '../../extension/mcp/configWrite.ts';
import { until } from '../support/workbench.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { ownPlace, portsOf, variable } from './configRig.ts';

const server = (command: string, key = 'servers'): string =>
  JSON.stringify({ [key]: { [command.split(' ')[0] ?? '']: { command } } });

describe('MCP configurations', () => {
  let root: string;
  let folders: { path: string; name: string }[];
  let watched: { readonly at: string; readonly change: () => void; isOver: boolean }[];
  let configs: ReturnType<typeof createMcpConfigs>;
  let ownFolder: string;

  const open = (more: Partial<McpConfigsPorts> = {}): ReturnType<typeof createMcpConfigs> =>
    createMcpConfigs({
      ...portsOf({ platform: process.platform }),
      folders: () => folders,
      ownFolder,
      settleTime: 5,
      watch: (folder, file, change) => {
        const one = { at: path.join(folder, file), change, isOver: false };
        watched.push(one);
        return { dispose: () => (one.isOver = true) };
      },
      ...more,
    });

  beforeEach(() => {
    root = temporaryFolder();
    ownFolder = path.join(root, 'own');
    folders = ['a', 'b'].map((name) => ({ path: path.join(root, name), name }));
    for (const folder of folders) mkdirSync(folder.path);
    watched = [];
    configs = open();
  });
  afterEach(() => {
    configs.close();
    removeTemporaryFolders();
  });

  const names = async (): Promise<readonly string[]> =>
    (await configs.read()).servers.map(({ name, source, transport }) =>
      [name, source.label, transport.type === 'stdio' ? transport.command : ''].join(' | '),
    );

  it('come in the order in which one hides another, hidden ones last', async () => {
    fill(root, {
      'own/mcp.json': server('x own'),
      'a/.mcp.json': server('x project a', 'mcpServers'),
      'a/.vscode/mcp.json': server('x vscode a'),
      'b/.vscode/mcp.json': server('y vscode b'),
      'b/.anycowork/mcp.json': server('x anycowork b'),
    });
    assert.deepEqual(await names(), [
      'x | .anycowork/mcp.json of b | x anycowork b',
      'y | .vscode/mcp.json of b | y vscode b',
      'x | .vscode/mcp.json of a | x vscode a',
      'x | .mcp.json of a | x project a',
      'x | your servers | x own',
    ]);
    folders = folders.slice(0, 1);
    assert.equal((await names())[0], 'x | .vscode/mcp.json | x vscode a');
  });

  it('are read anew each time, with a problem for what cannot be read', async () => {
    assert.deepEqual(await configs.read(), { servers: [], problems: [] });
    fill(root, { 'a/.mcp.json': server('x') });
    assert.equal((await names()).length, 1);
    fill(root, { 'a/.mcp.json': ' '.repeat(1_000_001), 'b/.mcp.json': '{' });
    mkdirSync(path.join(root, 'b/.vscode/mcp.json'), { recursive: true });
    const { servers, problems } = await configs.read();
    assert.deepEqual(servers, []);
    assert.deepEqual(
      problems.map(({ problem }) => problem),
      [
        '.vscode/mcp.json of b cannot be read: it is not a file',
        '.mcp.json of a cannot be read: it is too large: at most 1,000,000 bytes are read',
        'it is not valid JSON: a closing brace } is missing: .mcp.json of b line 1',
      ],
    );
  });

  it('take the time of Claude Code in its own file only', async () => {
    const text = JSON.stringify({ mcpServers: { x: { command: 'c', timeout: 5_000 } } });
    fill(root, { 'a/.mcp.json': text, 'own/mcp.json': text });
    assert.deepEqual(
      (await configs.read()).servers.map(({ callTimeoutMs }) => callTimeoutMs),
      [5_000, 600_000],
    );
  });

  it('tell of changes of each file once they have settled, and of other folders', async () => {
    assert.deepEqual(
      watched.map(({ at }) => path.relative(root, at).split(path.sep).join('/')),
      [
        'a/.anycowork/mcp.json',
        'a/.vscode/mcp.json',
        'a/.mcp.json',
        'b/.anycowork/mcp.json',
        'b/.vscode/mcp.json',
        'b/.mcp.json',
        'own/mcp.json',
      ],
    );
    let told = 0;
    const stop = configs.onChange(() => (told += 1));
    for (const { change } of watched) change();
    await until('a change was told', () => (told > 0 ? true : undefined));
    assert.equal(told, 1);
    const before = watched;
    watched = [];
    folders = [];
    configs.refresh();
    await until('a change was told', () => (told > 1 ? true : undefined));
    assert.ok(before.every(({ isOver }) => isOver));
    assert.deepEqual(
      watched.map(({ at }) => at),
      [path.join(ownFolder, 'mcp.json')],
    );
    stop();
    configs.close();
    assert.ok(watched.every(({ isOver }) => isOver));
  });

  it('are kept in a new file, the own one for the person only', async () => {
    const entry = { command: 'c', args: [variable('input:a')] };
    const input = { type: 'promptString', id: 'a', description: 'A', password: true };
    const source = await configs.save({ place: 'user' }, 'my server', entry, [input]);
    assert.equal(source.file, path.join(ownFolder, 'mcp.json'));
    assert.equal(readFileSync(source.file, 'utf8').split('\n')[source.line - 1]?.trim(), '"my server": {');
    const inFolder = await configs.save({ place: 'anycowork', folder: folders[1]?.path ?? '' }, 'x', entry);
    assert.equal(path.relative(root, inFolder.file), path.join('b', '.anycowork', 'mcp.json'));
    const { servers, problems } = await configs.read();
    assert.deepEqual(
      servers.map(({ name, inputs }) => [name, inputs.length]),
      [['my server', 1]],
    );
    assert.match(problems[0]?.problem ?? '', /names \$\{input:a\}/);
    if (process.platform !== 'win32') assert.equal(statSync(source.file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(ownFolder), ['mcp.json']);
  });

  it('are kept one after the other, and told', async () => {
    let told = 0;
    configs.onChange(() => (told += 1));
    const all = Array.from({ length: 8 }, (_, index) => `s${index}`);
    await Promise.all(all.map((name) => configs.save({ place: 'user' }, name, { command: name })));
    assert.deepEqual((await configs.read()).servers.map(({ name }) => name).sort(), all);
    await until('the change was told', () => (told > 0 ? true : undefined));
  });

  it('keep rights of a file of the folder, and a link to it', async () => {
    if (process.platform === 'win32') return;
    fill(root, { 'a/shared/servers.json': server('x') });
    chmodSync(path.join(root, 'a/shared/servers.json'), 0o664);
    const link = path.join(root, 'a/.anycowork/mcp.json');
    mkdirSync(path.dirname(link));
    symlinkSync(path.join('..', 'shared', 'servers.json'), link);
    await configs.save({ place: 'anycowork', folder: folders[0]?.path ?? '' }, 'y', { command: 'y' });
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.match(readFileSync(path.join(root, 'a/shared/servers.json'), 'utf8'), /"y"/);
    assert.equal(statSync(link).mode & 0o777, 0o664);
    mkdirSync(ownFolder);
    symlinkSync(path.join(root, 'shared', 'later.json'), path.join(ownFolder, 'mcp.json'));
    await configs.save({ place: 'user' }, 'z', { command: 'z' });
    assert.ok(lstatSync(path.join(ownFolder, 'mcp.json')).isSymbolicLink());
    assert.match(readFileSync(path.join(root, 'shared/later.json'), 'utf8'), /"z"/);
    // One that leads out of its folder may have come with a repository.
    fill(root, { 'outside/servers.json': '{}' });
    const bLink = path.join(root, 'b/.anycowork');
    fill(root, { 'b/x': '' });
    symlinkSync(path.join('..', 'outside'), bLink);
    await assert.rejects(
      configs.save({ place: 'anycowork', folder: path.join(root, 'b') }, 'w', { command: 'w' }),
      /leads out of/,
    );
    assert.deepEqual(readdirSync(path.join(root, 'outside')), ['servers.json']);
  });

  it('are not written over a file that is no JSON, nor is a wrong entry kept', async () => {
    fill(root, { 'own/mcp.json': '{ "servers": ' });
    const file = path.join(ownFolder, 'mcp.json');
    const isKept = (error: unknown): boolean =>
      error instanceof McpError && error.message.includes(file) && error.message.includes('left as it is');
    await assert.rejects(configs.save({ place: 'user' }, 'x', { command: 'c' }), isKept);
    await assert.rejects(configs.remove({ ...ownPlace, file, line: 1 }, 'x'), isKept);
    assert.equal(readFileSync(file, 'utf8'), '{ "servers": ');
    writeFileSync(file, Buffer.from([0x7b, 0x7d, 0x2f, 0x2f, 0xff]));
    await assert.rejects(configs.save({ place: 'user' }, 'x', { command: 'c' }), isKept);
    fill(root, { 'own/mcp.json': '{"servers": []}' });
    await assert.rejects(configs.save({ place: 'user' }, 'x', { command: 'c' }), isKept);
    fill(root, { 'own/mcp.json': '{}' });
    await assert.rejects(configs.save({ place: 'user' }, 'x', { args: [] }), /was not kept: it has neither/);
    await assert.rejects(configs.save({ place: 'user' }, 'a\u200b', { command: 'c' }), /cannot be seen/);
    await assert.rejects(configs.save({ place: 'user' }, 'x', { command: 'c' }, [{}]), /needs an `id`/);
    await assert.rejects(
      configs.save({ place: 'anycowork', folder: '/none' }, 'x', { command: 'c' }),
      /not open/,
    );
    assert.equal(readFileSync(file, 'utf8'), '{}');
  });

  it('are removed with nothing else', async () => {
    const text =
      '{\r\n  // all\r\n  "mcpServers": {\r\n    // one\r\n    "x": { "command": "c" },\r\n    // two\r\n    "y": { "command": "d" }, // last\r\n  },\r\n}\r\n';
    fill(root, { 'a/.mcp.json': `\ufeff${text}` });
    const [x, y] = (await configs.read()).servers;
    assert.ok(x !== undefined && y !== undefined);
    await configs.remove(x.source, 'x');
    const file = path.join(root, 'a/.mcp.json');
    assert.equal(readFileSync(file, 'utf8'), `\ufeff${text.replace('    "x": { "command": "c" },\r\n', '')}`);
    await configs.remove(y.source, 'y');
    assert.deepEqual(await configs.read(), { servers: [], problems: [] });
    assert.match(readFileSync(file, 'utf8'), /\/\/ all.*\/\/ one.*\/\/ two.*\/\/ last/s);
    await assert.rejects(configs.remove(y.source, 'y'), /is not in .* any more. Nothing was changed/);
    const twice = '{ "servers": { "y": { "command": "c" } }, "mcpServers": { "y": { "command": "d" } } }';
    writeFileSync(file, twice);
    await assert.rejects(configs.remove(y.source, 'y'), /has more than one server y. Nothing was changed/);
    assert.equal(readFileSync(file, 'utf8'), twice);
  });

  it('give back what was saved or removed, with all comments, whatever the file', () => {
    const comment = fc.constantFrom('', ' ', '\n', '// c1\n', '/* c2 */', '\n  // "x": {},\n  ');
    const entry = fc.record({
      command: fc
        .string({ minLength: 1 })
        .filter((text) => text.trim() !== '' && !text.includes('${') && !text.includes('\0')),
      args: fc.array(fc.constantFrom('a', '//', '}', ','), { maxLength: 3 }),
    });
    const name = fc.constantFrom('x', 'y', 'z', 'constructor', 'a/*b');
    const file = fc
      .tuple(
        fc.uniqueArray(fc.tuple(name, entry), { selector: ([each]) => each, maxLength: 3 }),
        fc.array(comment, { minLength: 12, maxLength: 12 }),
        fc.boolean(),
        fc.constantFrom('servers', 'mcpServers'),
      )
      .map(([entries, comments, hasComma, key]) => {
        const c = (index: number): string => comments[index % comments.length] ?? '';
        const members = entries.map(
          ([each, value], index) =>
            `${c(index)}${JSON.stringify(each)}${c(index + 3)}:${JSON.stringify(value)}${c(index + 5)}`,
        );
        const comma = hasComma && members.length > 0 ? `,${c(9)}` : '';
        return `${c(10)}{${c(11)}"other": 1, "${key}": {${members.join(',')}${comma}}${c(8)}}${c(7)}`;
      });
    const place = ownPlace;
    const commentsOf = (text: string): number => text.match(/\/\/ c1|\/\* c2 \*\/|\/\/ "x"/g)?.length ?? 0;
    const found = (text: string): Map<string, string> => {
      const { servers, problems } = parseConfigFile(text, place);
      assert.deepEqual(problems, []);
      return new Map(servers.map((each) => [each.name, JSON.stringify(each.transport)]));
    };
    fc.assert(
      fc.property(file, name, entry, (text, at, value) => {
        const before = found(text);
        const kept = withEntry(text, at, value, [{ id: 'i' }, { id: 'j' }]);
        const after = found(kept);
        const transport = { type: 'stdio', command: value.command, args: value.args, env: {} };
        assert.equal(after.get(at), JSON.stringify(transport));
        if (!before.has(at)) assert.equal(commentsOf(kept), commentsOf(text));
        assert.deepEqual(
          new Map([...after].filter(([each]) => each !== at)),
          new Map([...before].filter(([each]) => each !== at)),
        );
        assert.equal(withEntry(kept, at, value, [{ id: 'j' }]), kept);
        const removed = withoutEntry(text, at);
        if (removed === undefined) assert.equal(before.has(at), false);
        else {
          before.delete(at);
          assert.deepEqual(found(removed), before);
          const inside = commentsOf(text) - commentsOf(removed);
          // Only one between the name and its value can go with them.
          assert.ok(inside >= 0 && inside <= 1, removed);
        }
      }),
      { numRuns: 300 },
    );
  });
});
