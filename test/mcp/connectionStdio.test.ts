import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { McpError, type ResolvedTransport } from '../../extension/core/mcp.ts';
import {
  call,
  closeConnections,
  connectTo,
  createDesk,
  noSignal,
  stdio,
  textOf,
  until,
  type Wanted,
} from './connectionRig.ts';
import { type BadMode, bad, idsIn, isAlive } from './servers/bad.ts';
import { packaged } from './servers/packaged.ts';

const legacy = (mode: 'answers' | 'dies' | 'silent'): ResolvedTransport =>
  stdio({
    command: process.execPath,
    args: [path.join(import.meta.dirname, 'servers/legacyStdio.mjs'), mode],
  });

const openBad = async (mode: BadMode, wanted: Wanted = {}, amount?: number) => {
  const desk = createDesk();
  const connection = await connectTo(stdio(bad(mode, amount)), desk, wanted);
  return { desk, connection };
};

describe('MCP connection: processes', function () {
  this.timeout(60_000);
  afterEach(closeConnections);

  it('finds an old server with each way to take the first question', async () => {
    for (const mode of ['answers', 'dies', 'silent'] as const) {
      const connection = await connectTo(legacy(mode), createDesk(), {
        protocol: 'auto',
        times: { connect: mode === 'silent' ? 6_000 : 30_000 },
      });
      assert.equal(connection.facts.era, 'legacy', mode);
      const pid = Number(textOf(await call(connection, 'pid')));
      assert.ok(isAlive(pid));
      await connection.close();
      assert.ok(!isAlive(pid), mode);
    }
  });

  it('says why a server could not be started', async () => {
    for (const protocol of ['2025', 'auto'] as const) {
      const died = connectTo(stdio(bad('die')), createDesk(), { protocol });
      await assert.rejects(died, (error) => {
        assert.ok(error instanceof McpError);
        assert.match(
          error.message,
          /^The MCP server memory could not be started\. .*exit code 3 before it said anything/,
        );
        return true;
      });
    }
    const missing = connectTo(stdio({ command: 'no-such-program-here', args: [] }), createDesk());
    await assert.rejects(missing, /McpError: .*no-such-program-here/);
  });

  it('does not wait for a server that never answers, and leaves nothing running', async () => {
    const connecting = connectTo(stdio(bad('hang')), createDesk(), { times: { connect: 500 } });
    await assert.rejects(
      connecting,
      /^McpError: The MCP server memory did not answer within 500 ms \(connecting\)\.$/,
    );
    const controller = new AbortController();
    const reason = new Error('stop');
    const cancelled = connectTo(stdio(bad('hang')), createDesk(), { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(cancelled, (error) => error === reason);
    await assert.rejects(
      connectTo(stdio(bad('well')), createDesk(), { signal: controller.signal }),
      (error) => error === reason,
    );
  });

  it('survives what its servers write, and ends what cannot be read', async () => {
    const { connection, desk } = await openBad('rubbish');
    assert.equal((await connection.listTools(noSignal())).length, 4);
    assert.equal(textOf(await call(connection, 'twice')), 'first');
    assert.equal(textOf(await call(connection, 'wrongId')), 'the right one');
    assert.match(textOf(await call(connection, 'notAResult')), /was left out/);
    assert.equal(textOf(await call(connection, 'twice')), 'first');
    await assert.rejects(call(connection, 'huge'), /McpError: The server wrote a message of more than 10 MB/);
    assert.match(await connection.closed, /more than 10 MB/);
    assert.match(desk.logText(), /answered a request that is not open/);
  });

  it('works on under a flood', async () => {
    const { connection, desk } = await openBad('flood', {}, 2);
    await call(connection, 'flood');
    assert.ok((await connection.listTools(noSignal())).length > 0);
    assert.ok(desk.log.length < 2_000, `${desk.log.length} lines`);
  });

  it('ends a call at once when its server dies', async () => {
    const { connection } = await openBad('dieInCall');
    await assert.rejects(
      call(connection, 'die'),
      /McpError: The process of the server ended with exit code 7\./,
    );
    assert.match(await connection.closed, /exit code 7/);
  });

  it('lives on progress, and cancels at the server', async () => {
    const { connection, desk } = await openBad('progress');
    const steps: number[] = [];
    const onProgress = ({ progress }: { progress: number }): void => void steps.push(progress);
    await call(connection, 'work', { seconds: 1 }, { onProgress });
    assert.ok(steps.length > 1);
    const controller = new AbortController();
    const stopped = call(
      connection,
      'work',
      { seconds: 60 },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    await assert.rejects(stopped, { name: 'AbortError' });
    await until(() => /cancelled/.test(desk.logText()), 'the server knows');
  });

  it('closes a stubborn server within 3 s, with all it has started', async () => {
    const { connection, desk } = await openBad('stubborn');
    await until(() => idsIn(desk.logText()).length === 3, 'its processes');
    const ids = idsIn(desk.logText());
    const began = performance.now();
    await connection.close();
    assert.ok(performance.now() - began < 3_000);
    assert.deepEqual(ids.filter(isAlive), []);
  });
});

describe('MCP connection: reference servers', function () {
  this.timeout(60_000);
  let folder = '';
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'anycowork-mcp-')));
  });
  afterEach(async () => {
    await closeConnections();
    await rm(folder, { recursive: true, force: true });
  });

  it('reads and writes files through server-filesystem, in the open folders', async () => {
    const desk = createDesk();
    desk.roots = [{ uri: pathToFileURL(folder).href, name: 'work' }];
    // Only the folders that we tell it.
    const connection = await connectTo(stdio(packaged('server-filesystem')), desk);
    const allowed = async (): Promise<string> => textOf(await call(connection, 'list_allowed_directories'));
    const last = performance.now() + 20_000;
    while (!(await allowed()).includes(folder) && performance.now() < last);
    assert.match(await allowed(), new RegExp(path.basename(folder)));

    const tools = await connection.listTools(noSignal());
    assert.equal(tools.find(({ name }) => name === 'write_file')?.hints.destructive, true);
    const file = path.join(folder, 'note.txt');
    await call(connection, 'write_file', { path: file, content: 'one\ntwo\n' });
    assert.equal(await readFile(file, 'utf8'), 'one\ntwo\n');
    const edits = [{ oldText: 'two', newText: 'three' }];
    assert.match(textOf(await call(connection, 'edit_file', { path: file, edits })), /\+three/);
    assert.match(textOf(await call(connection, 'read_text_file', { path: file })), /three/);
    await writeFile(path.join(folder, 'dot.png'), Buffer.from('iVBORw0KGgo=', 'base64'));
    const picture = await call(connection, 'read_media_file', { path: path.join(folder, 'dot.png') });
    assert.equal(picture.content[0]?.type, 'image');
    const outside = await call(connection, 'read_text_file', { path: os.homedir() });
    assert.equal(outside.isError, true);
    assert.match(textOf(outside), /Access denied/);
  });

  it('keeps a graph in server-memory', async () => {
    const env = { MEMORY_FILE_PATH: path.join(folder, 'memory.json') };
    const entity = { name: 'Ann', entityType: 'person', observations: ['likes tea'] };
    const first = await connectTo(stdio(packaged('server-memory'), { env }), createDesk());
    await first.listTools(noSignal());
    const made = await call(first, 'create_entities', { entities: [entity] });
    assert.equal(made.structuredProblem, undefined);
    await first.close();
    const second = await connectTo(stdio(packaged('server-memory'), { env }), createDesk());
    await second.listTools(noSignal());
    const graph = await call(second, 'read_graph');
    assert.equal(graph.structuredProblem, undefined);
    assert.deepEqual(graph.structured, { entities: [entity], relations: [] });
    assert.match(textOf(await call(second, 'search_nodes', { query: 'tea' })), /Ann/);
  });
});
