import assert from 'node:assert/strict';
import { InputError } from '../../extension/core/agents.ts';
import { type McpAttachment, McpError } from '../../extension/core/mcp.ts';
import { expandTemplate, templateVariables } from '../../extension/mcp/template.ts';
import type { McpResourceChoice } from '../../extension/shared/mcp.ts';
import type { PlainBody } from '../../extension/vscode/chatView.ts';
import { progress, quickPicks, resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createAttachments } = await loadWithVscode(() => import('../../extension/vscode/attachments.ts'));

const found: McpResourceChoice = { server: 'notes', uri: 'note://1', name: 'First', isTemplate: false };

const attachment = (label: string, characters = 10, pictures = 0): McpAttachment => ({
  context: {
    ...{ id: 'of the server', kind: 'resource', server: 'notes', label, uri: 'note://1' },
    text: 'x'.repeat(characters),
    taint: 'the MCP server notes',
  },
  images: Array.from({ length: pictures }, () => ({ type: 'image', mediaType: 'image/png', data: 'AAAA' })),
});

const until = async <T>(look: () => T | undefined): Promise<T> => {
  for (let turn = 0; turn < 2_000; turn += 1) {
    const value = look();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return assert.fail('It did not come.');
};

/** The question that is open. */
const asked = () => until(() => quickPicks.find(({ isOpen }) => isOpen));
const answer = async (text: string, row = 'As typed'): Promise<void> => {
  const picker = await asked();
  picker.type(text);
  const chosen = picker.items.find((item) => Object.values(item).includes(row));
  picker.accept(chosen ?? assert.fail(`There is no ${row}.`));
};

const world = () => {
  const posts: PlainBody[] = [];
  const calls: unknown[] = [];
  const shown: string[] = [];
  const server = {
    resources: async (_text: string, _signal: AbortSignal): Promise<readonly McpResourceChoice[]> => [found],
    read: async (uri: string, _signal: AbortSignal): Promise<McpAttachment> => attachment(uri),
    arguments: [] as readonly { name: string; description?: string; isRequired: boolean }[],
    complete: async (_name: string, _value: string): Promise<readonly string[]> => [],
  };
  const attachments = createAttachments({
    servers: async () => ({
      resources: (_agent, text, signal) => server.resources(text, signal),
      readResource: (name, uri, signal) => {
        calls.push(['read', name, uri]);
        return server.read(uri, signal);
      },
      complete: (of, { name, value }, known) => {
        calls.push(['complete', of, name, value, { ...known }]);
        return server.complete(name, value);
      },
      promptArguments: async () => server.arguments,
      getPrompt: async (name, prompt, values) => {
        calls.push(['prompt', name, prompt, { ...values }]);
        return attachment(prompt);
      },
    }),
    // What is asked of an agent here is decided by the servers.
    agent: async () => ({}) as never,
    template: async () => ({ variables: templateVariables, expand: expandTemplate }),
    attachedOf: async (itemId) => (itemId === 'item' ? [{ ...attachment('Sent').context, id: 'sent' }] : []),
    showText: async (title, text) => void shown.push(`${title}: ${text}`),
  });
  const { handlers } = attachments;
  const post = (body: PlainBody): void => void posts.push(body);
  const read = (uri: string, requestId = 'r1', isTemplate = false) =>
    handlers.attachResource({ type: 'attachResource', requestId, server: 'notes', uri, isTemplate }, post);
  const prompt = (name: string) =>
    handlers.attachPrompt({ type: 'attachPrompt', requestId: 'r1', server: 'notes', name }, post);
  const find = (requestId: string, text: string) =>
    handlers.findResources({ type: 'findResources', requestId, text }, post);
  const open = (id: string, itemId?: string) =>
    handlers.openAttached({ type: 'openAttached', id, ...(itemId === undefined ? {} : { itemId }) }, post);
  const chipIds = () => posts.flatMap((body) => (body.type === 'attached' ? [body.chip.id] : []));
  const said = () => posts.flatMap((body) => (body.type === 'notAttached' ? [body.message] : []));
  return { ...{ posts, calls, shown, server, attachments }, ...{ read, prompt, find, open, chipIds, said } };
};

/** Answers when it is cancelled only. */
const never = <T>(signal: AbortSignal): Promise<T> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('attachments', () => {
  beforeEach(resetVscode);

  it('finds resources; a newer search ends an older one, which is not heard of again', async () => {
    const { find, posts, server } = world();
    server.resources = (_text, signal) => never(signal);
    const first = find('q1', 'fir');
    await new Promise(setImmediate);
    server.resources = async () => [found];
    await Promise.all([first, find('q2', 'firs')]);
    assert.deepEqual(posts, [{ type: 'resources', requestId: 'q2', choices: [found] }]);
  });

  it('finds nothing where the servers fail', async () => {
    const { find, posts, server } = world();
    server.resources = async () => assert.fail('broken');
    await find('q1', '');
    assert.deepEqual(posts, [{ type: 'resources', requestId: 'q1', choices: [] }]);
  });

  it('reads a resource, which then goes along with one message', async () => {
    const { read, posts, attachments, open, shown } = world();
    await read('note://1');
    const [body] = posts;
    assert.ok(body?.type === 'attached');
    const { id } = body.chip;
    assert.deepEqual(body.chip, {
      ...{ id, kind: 'resource', server: 'notes', label: 'note://1', uri: 'note://1', images: 0 },
    });
    // The view is not told what stands in it.
    assert.ok(!JSON.stringify(body).includes('xxxx'));
    await open(id);
    assert.deepEqual(shown, [`note://1 (notes): ${'x'.repeat(10)}`]);
    const taken = attachments.take([id], false);
    assert.deepEqual(
      taken.attached.map(({ label, taint }) => [label, taint]),
      [['note://1', 'the MCP server notes']],
    );
    attachments.sent([id]);
    assert.throws(() => attachments.take([id], false), InputError);
  });

  it('gives the same resource another id each time, and takes pictures along', async () => {
    const { read, server, attachments, chipIds } = world();
    server.read = async (uri) => attachment(uri, 10, 2);
    await read('note://1');
    await read('note://1');
    const [first = '', second = ''] = chipIds();
    assert.notEqual(first, second);
    assert.equal(attachments.take([first, second], false).images.length, 4);
  });

  it('asks for the variables of a template, with what the server suggests', async () => {
    const { read, calls, server, chipIds } = world();
    server.complete = async (name) => (name === 'day' ? ['monday', '$(bug) sunday'] : []);
    const reading = read('note://{week}/{day}', 'r1', true);
    await answer('48');
    const picker = await asked();
    await until(() => picker.rows().includes('monday') || undefined);
    assert.deepEqual(picker.rows(), ['monday', '\\$(bug) sunday']);
    picker.accept(picker.items[1] ?? {});
    await reading;
    // The value, not what its row looks like.
    assert.deepEqual(decodeURIComponent(String(calls.at(-1))), 'read,notes,note://48/$(bug) sunday');
    const of = { server: 'notes', uri: 'note://{week}/{day}' };
    assert.deepEqual(calls.at(-2), ['complete', of, 'day', '', { week: '48' }]);
    assert.equal(chipIds().length, 1);
  });

  it('asks for the arguments of a prompt; what need not be given may be left out', async () => {
    const { prompt, calls, server } = world();
    server.arguments = [
      { name: 'city', description: 'Where\u202e it is', isRequired: true },
      { name: 'state', isRequired: false },
    ];
    server.complete = async () => assert.fail('This server completes nothing.');
    const getting = prompt('weather');
    const first = await asked();
    assert.deepEqual(
      [first.title, first.placeholder],
      ['weather of the MCP server notes', 'city: Where\\u{202e} it is'],
    );
    // What is required cannot be left empty.
    assert.deepEqual(first.rows(), []);
    await answer('Bern');
    const second = await asked();
    assert.equal(second.placeholder, 'state (may be left out)');
    await answer('', 'Leave It Out');
    await getting;
    assert.deepEqual(calls.at(-1), ['prompt', 'notes', 'weather', { city: 'Bern' }]);
  });

  it('does nothing more once the person gave up at a question', async () => {
    const { prompt, read, calls, server, said } = world();
    server.arguments = [{ name: 'city', isRequired: true }];
    const getting = prompt('weather');
    (await asked()).hide();
    await getting;
    const reading = read('note://{day}', 'r2', true);
    (await asked()).hide();
    await reading;
    assert.deepEqual(said(), ['', '']);
    assert.deepEqual(
      calls.filter((call) => Array.isArray(call) && call[0] !== 'complete'),
      [],
    );
  });

  it('stops reading when the person cancels it', async () => {
    const { read, server, said } = world();
    server.read = (_uri, signal) => never(signal);
    const reading = read('note://1');
    const cancel = await until(() => progress.listeners[0]);
    cancel();
    await reading;
    assert.deepEqual(said(), ['']);
  });

  it('says why it could not be read', async () => {
    const { read, server, said } = world();
    server.read = async () => {
      throw new McpError('The MCP server notes has ended. Start it again.');
    };
    await read('note://1');
    await read('note://{', 'r2', true);
    assert.equal(said()[0], 'The MCP server notes has ended. Start it again.');
    assert.ok(said().length === 2 && said()[1] !== '');
  });

  it('sends nothing where something was lost, unless the message that is replaced has it', async () => {
    const { read, attachments, chipIds, open, shown } = world();
    await read('note://1');
    const [id = ''] = chipIds();
    assert.throws(() => attachments.take([id, 'sent'], false), /Nothing was sent\. Remove it/);
    const taken = attachments.take([id, 'sent'], true);
    assert.deepEqual([taken.attached.map((each) => each.id), taken.keep], [[id], ['sent']]);
    await open('sent', 'item');
    assert.equal(shown.length, 1);
    await assert.rejects(open('sent', 'another'), InputError);
    await assert.rejects(open('sent'), InputError);
  });

  it('keeps the newest of what is never sent, and no more than fits', async () => {
    const { read, server, attachments, chipIds } = world();
    const isHeld = (id: string): boolean => attachments.take([id], true).keep.length === 0;
    for (let index = 0; index < 103; index += 1) await read(`note://${index}`);
    assert.deepEqual(chipIds().map(isHeld), [...Array(3).fill(false), ...Array(100).fill(true)]);
    server.read = async (uri) => attachment(uri, 30_000_000);
    await read('large://1');
    await read('large://2');
    assert.deepEqual(chipIds().filter(isHeld), chipIds().slice(-1));
  });
});
