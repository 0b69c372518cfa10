import assert from 'node:assert/strict';
import { McpError } from '../../extension/core/mcp.ts';
import type { McpPrompt } from '../../extension/mcp/types.ts';
import { atRest } from '../fakes/clock.ts';
import { agent, createRig, type Rig, stdioConfig } from './managerRig.ts';

const { signal } = new AbortController();
const resource = (name: string, uri = `file:///${name}`) => ({ name, uri });

const started = async (...names: string[]): Promise<Rig> => {
  const rig = createRig({ configs: names.map((name) => stdioConfig(name)) });
  for (const name of names) {
    Object.assign(rig.server(name), {
      resources: [resource('notes.md'), resource('todo.txt')],
      templates: [{ name: 'day', uri: 'notes://{day}', description: 'of a day' }],
      prompts: [
        {
          name: 'plan it',
          description: 'plans',
          arguments: [
            { name: 'topic', isRequired: true },
            { name: 'style', isRequired: false, description: 'how' },
          ],
        },
      ],
      completions: ['monday', 'tuesday', 'today'],
      contents: [{ type: 'text', text: 'what it says' }],
    });
    await rig.manager.start(name);
  }
  return rig;
};

describe('resources', () => {
  it('are offered by typed text, templates too', async () => {
    const rig = await started('a');
    const found = async (text: string) =>
      (await rig.manager.resources(agent(), text, signal)).map(({ name, isTemplate }) => [name, isTemplate]);
    assert.deepEqual(await found(''), [
      ['notes.md', false],
      ['todo.txt', false],
      ['day', true],
    ]);
    assert.deepEqual(await found('NOTES'), [
      ['notes.md', false],
      ['day', true],
    ]);
    assert.deepEqual(await found('do.t'), [['todo.txt', false]]);
    assert.deepEqual(await found('a:file:///todo'), [['todo.txt', false]]);
    assert.deepEqual(await found('none'), []);
    assert.deepEqual(await rig.manager.resources(agent([]), '', signal), []);
    const { resources, prompts } = await rig.info('a');
    assert.deepEqual([resources, prompts], [3, 1]);
  });

  it('are a hundred at most, and listed once for each connection', async () => {
    const rig = createRig();
    const server = rig.server('memory');
    server.resources = Array.from({ length: 300 }, (_, index) => resource(`r${index}`));
    await rig.manager.start('memory');
    assert.equal((await rig.manager.resources(agent(), '', signal)).length, 100);
    assert.equal((await rig.manager.resources(agent(), 'r299', signal)).length, 1);
    server.resources = [resource('other')];
    assert.deepEqual(await rig.manager.resources(agent(), 'other', signal), []);
    server.last().request.handlers.listChanged('resources');
    assert.equal((await rig.manager.resources(agent(), 'other', signal)).length, 1);
    await atRest();
    assert.equal((await rig.info('memory')).resources, 1);
  });

  it('of servers that are stopped start them; what does not answer is left out', async () => {
    const rig = await started('a', 'b', 'stopped');
    rig.server('a').last().crash();
    rig.server('b').last().crash();
    await rig.manager.stop('stopped');
    await atRest();
    rig.server('b').onConnect = () => new Promise(() => undefined);
    const choices = rig.manager.resources(agent(), 'todo', signal);
    await rig.clock.advance(5_000);
    assert.deepEqual(
      (await choices).map(({ server }) => server),
      ['a'],
    );
    assert.equal(
      rig.server('stopped').requests.length,
      1,
      'what the person stopped is not started by typing',
    );
  });

  it('whose list was cancelled give the reason', async () => {
    const rig = await started('a');
    const controller = new AbortController();
    controller.abort(new Error('typed on'));
    await assert.rejects(rig.manager.resources(agent(), '', controller.signal), /typed on/);
  });

  it('are attached with who speaks in them', async () => {
    const rig = await started('a');
    await rig.manager.stop('a');
    const { context } = await rig.manager.readResource('a', 'file:///notes.md', signal);
    assert.equal(context.label, 'notes.md');
    assert.equal(context.taint, 'the MCP server a');
    assert.match(context.text, /what it says/);
    await rig.manager.setOwnWords('a', true);
    assert.equal((await rig.manager.readResource('a', 'file:///notes.md', signal)).context.taint, undefined);
  });

  it('of a server that may not run are not read', async () => {
    const rig = await started('a');
    await rig.manager.setEnabled('a', false);
    await assert.rejects(rig.manager.readResource('a', 'file:///x', signal), (error) => {
      assert.ok(error instanceof McpError);
      assert.match(error.message, /is disabled/);
      return true;
    });
    await assert.rejects(rig.manager.readResource('none', 'file:///x', signal), /no MCP server none/);
  });

  it('that never come end with a reason', async () => {
    const rig = await started('a');
    rig.server('a').last().readResource = () => new Promise(() => undefined);
    const read = assert.rejects(
      rig.manager.readResource('a', 'file:///x', signal),
      /did not answer within 120 s/,
    );
    await rig.clock.advance(120_000);
    await read;
  });
});

describe('completions', () => {
  it('come from the server, and are nothing where it has none or fails', async () => {
    const rig = await started('a');
    const complete = (value: string) =>
      rig.manager.complete({ server: 'a', uri: 'notes://{day}' }, { name: 'day', value }, {}, signal);
    assert.deepEqual(await complete('t'), ['tuesday', 'today']);
    rig.server('a').last().complete = async () => {
      throw new McpError('no');
    };
    assert.deepEqual(await complete('t'), []);
    rig.server('a').completions = [];
    await rig.manager.restart('a');
    assert.deepEqual(await complete('t'), []);
  });
});

describe('prompts', () => {
  it('are those of servers that run', async () => {
    const rig = await started('a', 'b c');
    await rig.manager.stop('a');
    assert.deepEqual(await rig.manager.prompts(agent()), [
      {
        server: 'b c',
        name: 'plan it',
        id: 'mcp.b-c.plan-it',
        description: 'plans',
        argumentHint: '<topic> [style]',
      },
    ]);
    assert.equal(rig.server('a').requests.length, 1);
    assert.deepEqual(await rig.manager.prompts(agent(['a'])), []);
  });

  it('have ids of their own', async () => {
    const rig = await started('b c', 'b-c');
    assert.deepEqual(
      (await rig.manager.prompts(agent())).map(({ id }) => id),
      ['mcp.b-c.plan-it', 'mcp.b-c.plan-it-2'],
    );
  });

  it('tell their arguments, and become what is attached', async () => {
    const rig = await started('a');
    assert.deepEqual(
      (await rig.manager.promptArguments('a', 'plan it', signal)).map(({ name, isRequired }) => [
        name,
        isRequired,
      ]),
      [
        ['topic', true],
        ['style', false],
      ],
    );
    await assert.rejects(rig.manager.promptArguments('a', 'none', signal), /has no prompt none any more/);
    const { context } = await rig.manager.getPrompt('a', 'plan it', { topic: 'x' }, signal);
    assert.equal(context.kind, 'prompt');
    assert.match(context.text, /plan it \{"topic":"x"\}/);
    assert.equal(context.taint, 'the MCP server a');
  });

  it('are listed anew when the server says so', async () => {
    const rig = await started('a');
    assert.equal((await rig.manager.prompts(agent())).length, 1);
    rig.server('a').prompts = [];
    rig.server('a').last().request.handlers.listChanged('prompts');
    await atRest();
    assert.deepEqual(await rig.manager.prompts(agent()), []);
    assert.equal((await rig.info('a')).prompts, 0);
    const before = rig.changes;
    rig.server('a').prompts = [{ name: 'one', description: '', arguments: [] }];
    rig.server('a').last().request.handlers.listChanged('prompts');
    await atRest();
    rig.server('a').prompts = [{ name: 'other', description: '', arguments: [] }];
    rig.server('a').last().request.handlers.listChanged('prompts');
    await atRest();
    assert.equal(rig.changes, before + 2, 'others, and as many');
    assert.equal((await rig.manager.prompts(agent()))[0]?.name, 'other');
  });

  it('are not waited for, nor do they keep a program in use', async () => {
    const rig = await started('a');
    const { promise, resolve } = Promise.withResolvers<readonly McpPrompt[]>();
    rig.server('a').last().listPrompts = () => promise;
    rig.server('a').last().request.handlers.listChanged('prompts');
    assert.equal((await rig.manager.prompts(agent())).length, 1, 'those of before');
    const before = rig.changes;
    resolve([]);
    await atRest();
    assert.equal(rig.changes, before + 1);
    assert.deepEqual(await rig.manager.prompts(agent()), []);
    await rig.clock.advance(20 * 60_000);
    await rig.manager.prompts(agent());
    await rig.clock.advance(10 * 60_000);
    assert.equal(await rig.state('a'), 'stopped');
  });
});
