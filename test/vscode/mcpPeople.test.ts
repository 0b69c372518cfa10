import assert from 'node:assert/strict';
import type { McpConsent } from '../../extension/core/mcp.ts';
import { answers, env, executed, messages, resetVscode, shownDocuments } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { documentText, folderSource, peopleRig, seat, userSource } from './mcpPeopleRig.ts';

const { addressLines } = await loadWithVscode(() => import('../../extension/vscode/mcpElicitPage.ts'));
const { createAskInTurn } = await loadWithVscode(() => import('../../extension/vscode/mcpPeopleAsk.ts'));

const program: McpConsent = {
  hash: 'a',
  facts: ['Server: files', "Command: npx -y 'a b'", 'Folder: /work', 'Environment variable KEY: plain'],
  warnings: ['npx fetches the newest version at each start'],
};
const remote: McpConsent = {
  hash: 'b',
  facts: ['Server: far', 'Address: https://example.org/mcp', 'Header Authorization: ‹input:token›'],
  warnings: [],
};
const long: McpConsent = { ...program, facts: [...program.facts, `Argument: ${'x'.repeat(5_000)}END`] };

let desk: ReturnType<typeof seat>;
/** Of a suite: hooks outside of one would run for every file. */
const atDesk = (): void => {
  beforeEach(() => {
    resetVscode();
    desk = seat();
  });
  afterEach(() => desk.restore());
};

describe('approving an MCP server', () => {
  atDesk();

  it('shows every fact and warning, what it means and where it comes from', async () => {
    const { people } = peopleRig();
    answers.push('Start It');
    assert.equal(await people.approveServer('files', folderSource, program, false), true);
    const [message] = messages;
    assert.equal(message?.text, 'Start the MCP server files?');
    assert.equal(message.isModal, true);
    for (const part of [
      ...program.facts,
      ...program.warnings,
      'starts this program on your computer, outside of the sandbox',
      'It comes from .vscode/mcp.json of the open folder (/work/.vscode/mcp.json)',
    ])
      assert.ok(message.detail?.includes(part), part);
    assert.ok(!message.detail?.includes('has changed'));
    assert.deepEqual(message.buttons, ['Show It Whole', 'Start It']);
  });

  it('says that it connects where it does', async () => {
    const { people } = peopleRig();
    answers.push('Connect');
    assert.equal(await people.approveServer('far', userSource, remote, false), true);
    assert.equal(messages[0]?.text, 'Connect to the MCP server far?');
    assert.match(messages[0]?.detail ?? '', /connects to this address/);
    assert.match(messages[0]?.detail ?? '', /You have configured it in \/home\/ann\/mcp\.json/);
  });

  it('is a no for Esc, and for whatever fails', async () => {
    const { people, errors } = peopleRig();
    assert.equal(await people.approveServer('files', userSource, program, false), false);
    answers.push(Promise.reject(new Error('no window')));
    assert.equal(await people.approveServer('files', userSource, program, false), false);
    assert.equal(errors.length, 1);
  });

  it('has what is too long read in a document before it can be approved', async () => {
    const { people } = peopleRig();
    answers.push('Show It Whole', 'Start It');
    desk.reply('Show It Again', 'Decide…');
    assert.equal(await people.approveServer('files', userSource, long, false), true);
    assert.deepEqual(
      messages.map(({ buttons }) => buttons),
      [['Show It Whole'], ['Show It Whole', 'Start It']],
    );
    assert.ok(!messages[0]?.detail?.includes('xxxx'));
    assert.equal(shownDocuments.length, 2);
    const text = await documentText(shownDocuments[0]);
    assert.ok(text.includes(`${'x'.repeat(5_000)}END`));
  });

  it('is a no where the reader leaves', async () => {
    const { people } = peopleRig();
    answers.push('Show It Whole');
    desk.reply('Not Now');
    assert.equal(await people.approveServer('files', userSource, program, false), false);
  });

  it('shows on request what has changed since, without values that may be secret', async () => {
    const { people, state } = peopleRig();
    const key = 'sk1234567890abcdefXYZ';
    const first = {
      ...program,
      facts: [`Command: run --key ${key} hunter2-hunter2`, 'Environment variable A:B: s3cret: value'],
    };
    answers.push('Start It');
    await people.approveServer('files', userSource, first, false);
    const kept = JSON.stringify([...state.values]);
    for (const secret of [key, 's3cret', 'hunter2-hunter2']) assert.ok(!kept.includes(secret), secret);
    // Another place is another server.
    answers.push('Start It');
    await people.approveServer('files', folderSource, program, true);
    assert.deepEqual(messages.at(-1)?.buttons, ['Show It Whole', 'Start It']);
    const second = {
      ...first,
      facts: [`Command: run --key ${key}9 hunter2-hunter2`, first.facts[1] ?? ''],
    };
    answers.push('Show What Has Changed', 'Start It');
    desk.reply('Decide…');
    assert.equal(await people.approveServer('files', userSource, second, true), true);
    assert.match(messages.at(-1)?.detail ?? '', /has changed since you approved it/);
    const [command, before, after] = executed.find(([name]) => name === 'vscode.diff') ?? [];
    assert.equal(command, 'vscode.diff');
    const [old, now] = [await documentText(before), await documentText(after)];
    assert.notEqual(old, now);
    assert.equal(old.split('\n')[1], now.split('\n')[1]);
  });
});

describe('values that servers need', () => {
  atDesk();

  it('are typed, hidden where they are secret', async () => {
    const { people } = peopleRig();
    desk.reply('t0ken', undefined);
    const input = { id: 'token', description: 'Of the service', isSecret: true };
    assert.equal(await people.askInput('files', input), 't0ken');
    assert.equal(await people.askInput('files', { ...input, isSecret: false, default: 'x' }), undefined);
    assert.deepEqual(
      desk.shown.map(({ password, value }) => [password, value]),
      [
        [true, ''],
        [false, 'x'],
      ],
    );
    assert.match(desk.shown[0]?.title ?? '', /files.*token/);
  });

  it('are chosen, the default first, and are what stands in the file', async () => {
    const { people } = peopleRig();
    desk.reply('\\$(x) b');
    const input = {
      id: 'kind',
      description: '',
      isSecret: false,
      options: ['a', '$(x) b'],
      default: '$(x) b',
    };
    assert.equal(await people.askInput('files', input), '$(x) b');
    assert.deepEqual(desk.shown[0]?.rows, ['\\$(x) b', 'a']);
  });
});

describe('pages that servers want opened', () => {
  atDesk();

  const signal = new AbortController().signal;
  const page = (url: string, message = 'Sign in there') => ({
    kind: 'url' as const,
    server: 'far',
    message,
    url,
  });
  const address = 'https://example.org/a?next=https%3A%2F%2Fb%2F%26c';

  it('are opened as they stand, after a question that has the whole address and the domain', async () => {
    const { people } = peopleRig();
    answers.push('Open in Browser');
    assert.deepEqual(await people.elicit(page(address), signal), { action: 'accept' });
    assert.deepEqual(env.openedOutside, [address]);
    assert.ok(messages[0]?.detail?.startsWith('Domain: example.org\n'));
    assert.ok(messages[0]?.detail?.includes(`Address: ${address}`));
    assert.ok(messages[0]?.detail?.includes('│ Sign in there'));
    assert.equal(messages[0]?.buttons[0], 'Decline');
  });

  it('are declined or cancelled, and then nothing is opened', async () => {
    const { people } = peopleRig();
    answers.push('Decline', undefined);
    assert.deepEqual(await people.elicit(page(address), signal), { action: 'decline' });
    assert.deepEqual(await people.elicit(page(address), signal), { action: 'cancel' });
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'vscode://x/y', 'no address', 'http://'])
      assert.deepEqual(await people.elicit(page(url), signal), { action: 'decline' }, url);
    assert.equal(messages.length, 2);
    assert.deepEqual(env.openedOutside, []);
    assert.equal(await people.openBrowser('file:///etc/passwd'), false);
    assert.equal(await people.openBrowser(address), true);
    assert.deepEqual(env.openedOutside, [address]);
  });

  it('with a long address are read whole first', async () => {
    const { people } = peopleRig();
    answers.push('Show It Whole', 'Open in Browser');
    desk.reply('Decide…');
    const url = `https://example.org/${'x'.repeat(3_000)}`;
    assert.deepEqual(await people.elicit(page(url), signal), { action: 'accept' });
    assert.deepEqual(messages[0]?.buttons, ['Decline', 'Show It Whole']);
    assert.ok((await documentText(shownDocuments[0])).includes(url));
  });

  it('are not opened by a click that comes too late', async () => {
    const { people } = peopleRig();
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    answers.push(promise);
    const asked = people.elicit(page(address), controller.signal);
    await new Promise(setImmediate);
    controller.abort();
    assert.deepEqual(await asked, { action: 'cancel' });
    resolve('Open in Browser');
    answers.push(undefined);
    await people.elicit(page(address), signal);
    assert.match(messages[1]?.text ?? '', /was not opened/);
    assert.deepEqual(env.openedOutside, []);
  });

  it('say what of an address deceives', () => {
    const lines = (url: string) => addressLines(new URL(url)).join('\n');
    assert.match(lines('https://bank.org@evil.org/'), /^Domain: evil\.org\n.*no?t where it leads/s);
    assert.match(lines('https://аpple.com/'), /^Domain: xn--pple-43d\.com\n.*“аpple\.com”/s);
    assert.match(lines('http://example.org:8080/'), /^Domain: example\.org, port 8080\nWithout https/);
    assert.match(lines('http://127.0.0.1:5/'), /a program on this computer/);
    assert.equal(lines('https://example.org/'), 'Domain: example.org');
  });

  it('have an address from outside', async () => {
    assert.equal(await peopleRig().people.externalUrl('http:/cb'), 'outside /cb');
  });
});

describe('questions of servers', () => {
  atDesk();

  it('come one at a time, and are over when their signal says so', async () => {
    const inTurn = createAskInTurn();
    const first = Promise.withResolvers<string>();
    const controller = new AbortController();
    const seen: string[] = [];
    const one = inTurn(controller.signal, 'over', () => {
      seen.push('one');
      return first.promise;
    });
    const two = inTurn(new AbortController().signal, 'over', async () => {
      seen.push('two');
      return 'second';
    });
    const three = inTurn(controller.signal, 'over', async () => {
      seen.push('three');
      return 'third';
    });
    await new Promise(setImmediate);
    assert.deepEqual(seen, ['one']);
    controller.abort();
    assert.deepEqual([await one, await three], ['over', 'over']);
    assert.deepEqual(seen, ['one'], 'a dialog is still open');
    first.resolve('late');
    assert.equal(await two, 'second');
    assert.deepEqual(seen, ['one', 'two']);
    assert.equal(await inTurn(controller.signal, 'over', async () => 'x'), 'over');
    await assert.rejects(
      inTurn(new AbortController().signal, 0, () => Promise.reject(new Error('bad'))),
      /bad/,
    );
  });
});
