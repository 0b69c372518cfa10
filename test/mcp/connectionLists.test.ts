import assert from 'node:assert/strict';
import { createGatherer } from '../../extension/mcp/connectionChanges.ts';
import {
  closeConnections,
  connectTo,
  createDesk,
  noSignal,
  stdio,
  until,
  type Wanted,
} from './connectionRig.ts';
import { type Answer, createPeer } from './servers/peer.ts';

const opened = async (answers: Readonly<Record<string, Answer>>, wanted: Wanted = {}) => {
  const peer = createPeer(answers, { tools: { listChanged: true }, resources: {}, prompts: {} });
  const desk = createDesk();
  const transport = stdio({ command: 'nothing', args: [] });
  const connection = await connectTo(transport, desk, {
    ...wanted,
    ports: { startProcess: () => peer.transport },
  });
  return { peer, desk, connection };
};

const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });

describe('MCP connection: lists', () => {
  afterEach(closeConnections);

  it('pages through', async () => {
    const { connection, peer } = await opened({
      'tools/list': ({ cursor }) =>
        cursor === undefined ? { tools: [tool('a')], nextCursor: 'second' } : { tools: [tool('b')] },
      'resources/list': ({ cursor }) =>
        cursor === undefined
          ? { resources: [{ uri: 'a:1', name: 'A' }], nextCursor: 'x' }
          : { resources: [{ uri: 'a:2' }] },
      'prompts/list': () => ({
        prompts: [{ name: 'p', title: 'P', arguments: [{ name: 'a', required: true }, 7] }],
      }),
    });
    assert.deepEqual(
      (await connection.listTools(noSignal())).map(({ name }) => name),
      ['a', 'b'],
    );
    assert.deepEqual(
      peer.of('tools/list').map(({ params }) => params.cursor),
      [undefined, 'second'],
    );
    assert.deepEqual(await connection.listResources(noSignal()), [
      { uri: 'a:1', name: 'A' },
      { uri: 'a:2', name: 'a:2' },
    ]);
    assert.deepEqual(await connection.listPrompts(noSignal()), [
      { name: 'p', description: 'P', arguments: [{ name: 'a', isRequired: true }] },
    ]);
  });

  it('ends where a cursor comes again, and where pages never end', async () => {
    const { connection, peer, desk } = await opened({
      'tools/list': () => ({ tools: [tool('a')], nextCursor: 'same' }),
      'resources/list': ({ cursor }) => ({
        resources: [{ uri: `a:${String(cursor)}` }],
        nextCursor: String(Number(cursor ?? 0) + 1),
      }),
    });
    assert.equal((await connection.listTools(noSignal())).length, 1);
    assert.equal(peer.of('tools/list').length, 2);
    assert.equal((await connection.listResources(noSignal())).length, 64);
    assert.match(desk.logText(), /a second tool a/);
    assert.match(desk.logText(), /list of its resources: all behind the first 64 pages/);
  });

  it('takes 2,000 tools', async () => {
    const page = (from: number) => Array.from({ length: 700 }, (_, index) => tool(`t${from + index}`));
    const { connection, desk } = await opened({
      'tools/list': ({ cursor }) => ({
        tools: page(Number(cursor ?? 0)),
        nextCursor: String(Number(cursor ?? 0) + 700),
      }),
    });
    assert.equal((await connection.listTools(noSignal())).length, 2_000);
    assert.match(desk.logText(), /all behind the first 2000/);
  });

  it('leaves out tools that cannot be used, once in the log, and keeps the others', async () => {
    const { connection, desk } = await opened({
      'tools/list': () => ({
        tools: [
          7,
          { inputSchema: { type: 'object' } },
          { name: '', inputSchema: { type: 'object' } },
          { name: 'no schema' },
          { name: 'list', inputSchema: [] },
          { name: 'text', inputSchema: { type: 'string' } },
          { name: 'n'.repeat(201), inputSchema: { type: 'object' } },
          { name: 'hid\u0000den', inputSchema: { type: 'object' } },
          { name: 'vast', inputSchema: { type: 'object', description: 'x'.repeat(300_000) } },
          { name: 'task', inputSchema: { type: 'object' }, execution: { taskSupport: 'required' } },
          {
            name: 'odd',
            title: 7,
            description: ['x'],
            inputSchema: { properties: { a: true }, required: true },
            outputSchema: 'none',
            annotations: { readOnlyHint: 'yes', destructiveHint: false, title: 'An odd one' },
          },
        ],
      }),
    });
    const tools = await connection.listTools(noSignal());
    const [odd] = tools;
    assert.equal(tools.length, 1);
    assert.ok(odd !== undefined);
    const { hash, ...rest } = odd;
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      name: 'odd',
      title: 'An odd one',
      description: '',
      inputSchema: { type: 'object', properties: { a: true }, required: true },
      hints: { destructive: false },
    });
    const lines = desk.log.filter((line) => line.includes('Left out'));
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      /no schema: its input schema is not an object; the tool list: .*has 201 characters/,
    );
    await connection.listTools(noSignal());
    assert.equal(desk.log.filter((line) => line.includes('Left out')).length, 1);
  });

  it('has one limit for a whole list', async () => {
    const { connection } = await opened(
      {
        'tools/list': ({ cursor }) =>
          Number(cursor ?? 0) > 2 ? undefined : { tools: [], nextCursor: `${Number(cursor ?? 0) + 1}` },
      },
      { times: { list: 100 } },
    );
    await assert.rejects(
      connection.listTools(noSignal()),
      /did not answer within \d+ ms \(the list of its tools\)/,
    );
  });

  it('gathers what a server tells of its changes', async () => {
    const { peer, desk } = await opened({});
    for (let count = 0; count < 50; count += 1)
      peer.say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    peer.say({ jsonrpc: '2.0', method: 'notifications/prompts/list_changed' });
    await until(() => desk.changed.length >= 2, 'two changes');
    assert.deepEqual([...desk.changed].sort(), ['prompts', 'tools']);
  });

  it('tells at most once a second, however long they go on', async () => {
    const controller = new AbortController();
    const told: number[] = [];
    const change = createGatherer(() => told.push(performance.now()), controller.signal);
    const timer = setInterval(change, 20);
    try {
      await until(() => told.length === 2, 'two of them');
      assert.ok((told[1] ?? 0) - (told[0] ?? 0) >= 990);
    } finally {
      clearInterval(timer);
      controller.abort();
    }
  });

  it('passes on the reason of an abort', async () => {
    const { connection } = await opened({ 'tools/list': () => undefined });
    const controller = new AbortController();
    const list = connection.listTools(controller.signal);
    const reason = new Error('not any more');
    controller.abort(reason);
    await assert.rejects(list, (error) => error === reason);
    await assert.rejects(connection.listTools(controller.signal), (error) => error === reason);
  });
});
