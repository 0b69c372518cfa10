/** Every feature of the reference server, over each transport. */
import assert from 'node:assert/strict';
import type { McpFormAnswer } from '../../extension/core/mcp.ts';
import type { McpConnection } from '../../extension/mcp/types.ts';
import type { JsonValue } from '../../extension/shared/message.ts';
import {
  call,
  closeConnections,
  connectTo,
  createDesk,
  type Desk,
  http,
  noSignal,
  stdio,
  textOf,
  until,
} from './connectionRig.ts';
import { packaged, startEverything } from './servers/packaged.ts';

/** All but the one that can only be run as a task, an extension. */
const toolNames = [
  'echo',
  'get-annotated-message',
  'get-env',
  'get-resource-links',
  'get-resource-reference',
  'get-roots-list',
  'get-structured-content',
  'get-sum',
  'get-tiny-image',
  'gzip-file-as-resource',
  'toggle-simulated-logging',
  'toggle-subscriber-updates',
  'trigger-elicitation-request',
  'trigger-long-running-operation',
  'trigger-sampling-request',
  'trigger-url-elicitation',
];

const transports = [
  {
    name: 'stdio',
    start: async () => ({ transport: stdio(packaged('server-everything', 'stdio')), close: async () => {} }),
  },
  {
    name: 'streamable HTTP',
    start: async () => {
      const { url, close } = await startEverything('streamableHttp');
      return { transport: http(url), close };
    },
  },
  {
    name: 'SSE',
    start: async () => {
      const { url, close } = await startEverything('sse');
      // As `http`: found to be SSE by what it answers.
      return { transport: http(url), close };
    },
  },
] as const;

for (const { name, start } of transports) {
  describe(`server-everything over ${name}`, function () {
    this.timeout(60_000);
    let desk: Desk;
    let connection: McpConnection;
    let close = async (): Promise<void> => {};

    before(async () => {
      const started = await start();
      close = started.close;
      desk = createDesk({ samples: true });
      desk.roots = [{ uri: 'file:///first', name: 'first' }];
      connection = await connectTo(started.transport, desk, { protocol: 'auto' });
    });

    after(async () => {
      await closeConnections();
      await close();
    });

    it('says what it can do', async () => {
      assert.equal(connection.facts.era, 'legacy');
      assert.equal(connection.facts.protocolVersion, '2025-11-25');
      assert.deepEqual(connection.facts.has, {
        tools: true,
        resources: true,
        prompts: true,
        completions: true,
      });
      assert.match(connection.facts.instructions ?? '', /Everything Server/);
      // Those that depend on what we offer come after its first list.
      const names = async (): Promise<string[]> =>
        (await connection.listTools(noSignal())).map((tool) => tool.name).sort();
      let found = await names();
      const last = performance.now() + 20_000;
      while (found.length < toolNames.length && performance.now() < last) found = await names();
      assert.deepEqual(found, toolNames);
      // Over streamable HTTP it may tell before there is a stream for it.
      if (name !== 'streamable HTTP') {
        await until(() => desk.changed.includes('tools'), 'it tells that its tools have changed');
      }
      assert.match(desk.logText(), /simulate-research-query: it can only be run as a task/);
    });

    it('answers with text, numbers, its environment, pictures, links and embedded resources', async () => {
      assert.equal(textOf(await call(connection, 'echo', { message: 'grüße 🙂' })), 'Echo: grüße 🙂');
      assert.match(textOf(await call(connection, 'get-sum', { a: 2, b: 40 })), /42/);
      const environment = await call(connection, 'get-env');
      assert.match(textOf(environment), /"PATH"/);
      assert.doesNotMatch(textOf(environment), /VSCODE_|ELECTRON_/);

      const image = (await call(connection, 'get-tiny-image')).content.find((part) => part.type === 'image');
      assert.ok(image?.type === 'image' && image.mediaType === 'image/png');
      assert.equal(Buffer.from(image.data, 'base64').subarray(1, 4).toString(), 'PNG');
      const annotated = await call(connection, 'get-annotated-message', {
        messageType: 'error',
        includeImage: true,
      });
      assert.deepEqual(
        annotated.content.map((part) => part.type),
        ['text', 'image'],
      );

      const links = (await call(connection, 'get-resource-links', { count: 3 })).content.filter(
        (part) => part.type === 'link',
      );
      assert.equal(links.length, 3);
      assert.match(links[0]?.uri ?? '', /^demo:\/\/resource\/dynamic\//);
      const reference = await call(connection, 'get-resource-reference', {
        resourceType: 'Text',
        resourceId: 2,
      });
      const embedded = reference.content.find((part) => part.type === 'resource');
      assert.ok(embedded?.type === 'resource');
      assert.equal(embedded.uri, 'demo://resource/dynamic/text/2');
      assert.match(embedded.text ?? '', /Resource 2/);
    });

    it('keeps structured content beside its text', async () => {
      await connection.listTools(noSignal());
      const result = await call(connection, 'get-structured-content', { location: 'Chicago' });
      assert.equal(typeof result.structured?.temperature, 'number');
      assert.equal(result.structuredProblem, undefined);
      assert.deepEqual(JSON.parse(textOf(result)), result.structured);
    });

    it('says an error of a tool as one of the tool', async () => {
      const result = await call(connection, 'get-sum', { a: 'two', b: 1 });
      assert.equal(result.isError, true);
      assert.match(textOf(result), /Invalid arguments/i);
    });

    it('packs a file, as a resource that can be read afterwards', async () => {
      const input = { name: 'a.txt.gz', data: 'data:text/plain;base64,aGVsbG8=' };
      const whole = await call(connection, 'gzip-file-as-resource', { ...input, outputType: 'resource' });
      const resource = whole.content[0];
      assert.ok(resource?.type === 'resource' && resource.data !== undefined);
      assert.equal(resource.mediaType, 'application/gzip');
      const linked = await call(connection, 'gzip-file-as-resource', {
        ...input,
        name: 'b.gz',
        outputType: 'resourceLink',
      });
      const link = linked.content[0];
      assert.ok(link?.type === 'link');
      const [read] = await connection.readResource(link.uri, noSignal());
      assert.ok(read?.type === 'resource');
      assert.equal(read.data, resource.data);
      await until(() => desk.changed.includes('resources'), 'it tells that its resources have changed');
    });

    it('tells of its progress, the last step before the result', async () => {
      const steps: number[] = [];
      const result = await call(
        connection,
        'trigger-long-running-operation',
        { duration: 0.8, steps: 4 },
        { onProgress: ({ progress, total }) => steps.push(progress / (total ?? Number.NaN)) },
      );
      assert.match(textOf(result), /completed/);
      assert.deepEqual(steps.at(-1), 1);
      assert.ok(steps.length >= 2, `${steps.length} steps`);
    });

    if (name === 'stdio') {
      it('lives on progress for longer than a call may be silent', async () => {
        const input = { duration: 3, steps: 15 };
        const result = await call(connection, 'trigger-long-running-operation', input, { timeoutMs: 1_500 });
        assert.match(textOf(result), /completed/);
      });
    }

    it('is cancelled in the middle, and goes on with the next call', async () => {
      const controller = new AbortController();
      const reason = new Error('the person has stopped it');
      const cancelled = call(
        connection,
        'trigger-long-running-operation',
        { duration: 30, steps: 300 },
        { signal: controller.signal, onProgress: () => controller.abort(reason) },
      );
      await assert.rejects(cancelled, (error) => error === reason);
      assert.equal(textOf(await call(connection, 'echo', { message: 'still here' })), 'Echo: still here');
    });

    it('asks for a form, and gets what fits it', async () => {
      desk.answer = async (request): Promise<McpFormAnswer> => {
        assert.ok(request.kind === 'form');
        const defaults: [string, JsonValue][] = request.fields.flatMap(({ key, default: value }) =>
          value === undefined ? [] : [[key, typeof value === 'object' ? [...value] : value]],
        );
        return {
          action: 'accept',
          content: { ...Object.fromEntries(defaults), name: 'Ann Example', check: true },
        };
      };
      const result = await call(connection, 'trigger-elicitation-request');
      assert.match(textOf(result), /provided the requested information/);
      assert.match(textOf(result), /Ann Example/);
      const form = desk.asked.at(-1);
      assert.ok(form?.kind === 'form');
      assert.equal(form.server, 'memory');
      assert.deepEqual(
        form.fields.map(({ key, kind }) => [key, kind.type]),
        [
          ['name', 'text'],
          ['check', 'boolean'],
          ['firstLine', 'text'],
          ['email', 'text'],
          ['homepage', 'text'],
          ['birthdate', 'text'],
          ['integer', 'integer'],
          ['number', 'number'],
          ['untitledSingleSelectEnum', 'choice'],
          ['untitledMultipleSelectEnum', 'choice'],
          ['titledSingleSelectEnum', 'choice'],
          ['titledMultipleSelectEnum', 'choice'],
          ['legacyTitledEnum', 'choice'],
        ],
      );
      desk.answer = async () => ({ action: 'decline' });
      assert.match(textOf(await call(connection, 'trigger-elicitation-request')), /declined/);
      // What does not fit is not sent.
      desk.answer = async () => ({ action: 'accept', content: { name: 'Ann', integer: 1_000 } });
      assert.match(textOf(await call(connection, 'trigger-elicitation-request')), /cancel/);
      assert.match(desk.logText(), /An answer was not sent: Integer: it is above 100/);
    });

    it('asks to open a page, as a question and as an error', async () => {
      desk.answer = async () => ({ action: 'accept' });
      const url = 'https://example.org/connect?id=1';
      const result = await call(connection, 'trigger-url-elicitation', { url, message: 'Open it' });
      assert.match(textOf(result), /accept/);
      assert.deepEqual(desk.asked.at(-1), { kind: 'url', server: 'memory', message: 'Open it', url });

      const asked = desk.asked.length;
      const input = { url, message: 'Open it first', errorPath: true };
      await assert.rejects(
        call(connection, 'trigger-url-elicitation', input),
        /wanted a page to be opened first, and it was .*Try again/,
      );
      assert.equal(desk.asked.length, asked + 1);
      const again = await call(connection, 'trigger-url-elicitation', input);
      assert.match(textOf(again), /accept/);
    });

    it('has an answer sampled', async () => {
      const result = await call(connection, 'trigger-sampling-request', { prompt: 'Say it', maxTokens: 50 });
      assert.match(textOf(result), /A sampled answer\./);
      const request = desk.sampled.at(-1);
      assert.equal(request?.server, 'memory');
      assert.equal(request?.maxTokens, 50);
      assert.match(request?.messages[0]?.text ?? '', /Say it/);
    });

    it('knows the folders, and that they have changed', async () => {
      const roots = async (): Promise<string> => textOf(await call(connection, 'get-roots-list'));
      assert.match(await roots(), /file:\/\/\/first/);
      desk.roots = [{ uri: 'file:///second', name: 'second' }];
      connection.rootsChanged();
      let text = await roots();
      const last = performance.now() + 20_000;
      while (!text.includes('file:///second') && performance.now() < last) text = await roots();
      assert.match(text, /file:\/\/\/second/);
    });

    it('lists and reads resources, and completes the variable of a template', async () => {
      const resources = await connection.listResources(noSignal());
      assert.ok(resources.length >= 7, `${resources.length} resources`);
      const document = resources.find(({ uri }) => uri.startsWith('demo://resource/static/document/'));
      assert.ok(document !== undefined);
      const [read] = await connection.readResource(document.uri, noSignal());
      assert.ok(read?.type === 'resource' && (read.text ?? '').length > 0);

      const templates = await connection.listTemplates(noSignal());
      assert.deepEqual(templates.map(({ uri }) => uri).sort(), [
        'demo://resource/dynamic/blob/{resourceId}',
        'demo://resource/dynamic/text/{resourceId}',
      ]);
      const [blob] = await connection.readResource('demo://resource/dynamic/blob/3', noSignal());
      assert.ok(blob?.type === 'resource' && blob.data !== undefined);
      assert.match(Buffer.from(blob.data, 'base64').toString(), /Resource 3/);
      const values = await connection.complete(
        { uri: 'demo://resource/dynamic/text/{resourceId}' },
        { name: 'resourceId', value: '1' },
        {},
        noSignal(),
      );
      assert.deepEqual(values, ['1']);
      await assert.rejects(
        connection.readResource('demo://no/such', noSignal()),
        /MCP server memory .*The server says: “.*demo:\/\/no\/such/,
      );
    });

    it('lists and gets prompts, and completes their arguments by those that are known', async () => {
      const prompts = await connection.listPrompts(noSignal());
      assert.deepEqual(prompts.map((prompt) => prompt.name).sort(), [
        'args-prompt',
        'completable-prompt',
        'resource-prompt',
        'simple-prompt',
      ]);
      assert.deepEqual(
        prompts
          .find((prompt) => prompt.name === 'args-prompt')
          ?.arguments.map(({ name, isRequired }) => [name, isRequired]),
        [
          ['city', true],
          ['state', false],
        ],
      );
      const simple = await connection.getPrompt('simple-prompt', {}, noSignal());
      assert.equal(simple[0]?.role, 'user');
      const given = await connection.getPrompt('args-prompt', { city: 'Oslo' }, noSignal());
      assert.deepEqual(given[0]?.content, { type: 'text', text: "What's weather in Oslo?" });
      const embedded = await connection.getPrompt(
        'resource-prompt',
        { resourceType: 'Text', resourceId: '1' },
        noSignal(),
      );
      assert.deepEqual(
        embedded.map(({ content }) => content.type),
        ['text', 'resource'],
      );
      const of = { prompt: 'completable-prompt' };
      assert.deepEqual(await connection.complete(of, { name: 'department', value: 'S' }, {}, noSignal()), [
        'Sales',
        'Support',
      ]);
      const known = { department: 'Sales' };
      assert.deepEqual(await connection.complete(of, { name: 'name', value: 'E' }, known, noSignal()), [
        'Eve',
      ]);
      await assert.rejects(connection.getPrompt('no-such-prompt', {}, noSignal()), /MCP server memory/);
    });

    it('logs', async () => {
      assert.match(textOf(await call(connection, 'toggle-simulated-logging')), /Started/);
      // The first one is of any level, of which `debug` was not asked for.
      assert.match(textOf(await call(connection, 'toggle-simulated-logging')), /Stopped/);
      assert.match(textOf(await call(connection, 'toggle-subscriber-updates')), /Started/);
      assert.match(textOf(await call(connection, 'toggle-subscriber-updates')), /Stopped/);
      await until(
        () => /everything-server/.test(desk.logText()) || /-level|level-message/.test(desk.logText()),
        'a line of the server',
      );
    });

    it('ends in time', async () => {
      const began = performance.now();
      await connection.close();
      assert.ok(performance.now() - began < 3_000);
      assert.equal(await connection.closed, '');
      await assert.rejects(
        call(connection, 'echo', { message: 'x' }),
        /The connection to the MCP server memory has ended/,
      );
    });
  });
}
