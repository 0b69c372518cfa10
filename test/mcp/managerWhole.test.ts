/** The manager with its real parts: files, records, and processes that run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createMcpConfigs } from '../../extension/mcp/configs.ts';
import { createMcpConnect } from '../../extension/mcp/connect.ts';
import { createMcpRecords, createMcpServers } from '../../extension/mcp/index.ts';
import type { McpManager } from '../../extension/mcp/managerPorts.ts';
import { createStdioTransport } from '../../extension/mcp/stdioTransport.ts';
import { mcpTimes } from '../../extension/mcp/types.ts';
import { findProgram } from '../../extension/tools/findProgram.ts';
import { killTree } from '../../extension/tools/processTree.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { agent, here, manyTokens, runTool, textOf } from './managerRig.ts';
import { type BadMode, bad, idsIn, isAlive } from './servers/bad.ts';
import { livingOf, until } from './stdioRig.ts';

interface Whole {
  readonly manager: McpManager;
  readonly approvals: (readonly string[])[];
  readonly log: string[];
  /** The file says this now. */
  write(servers: Readonly<Record<string, BadMode>>): void;
  stateOf(name: string): Promise<string>;
  /** Waits for a state whose words fit. */
  untilState(name: string, words: RegExp): Promise<void>;
  close(): Promise<void>;
}

const open: Whole[] = [];

const createWhole = (folder = temporaryFolder()): Whole => {
  const approvals: (readonly string[])[] = [];
  const log: string[] = [];
  const own = path.join(folder, 'own');
  const environment = () => ({ PATH: path.dirname(process.execPath), HOME: folder });
  const configs = createMcpConfigs({
    ownFolder: own,
    folders: () => [{ name: 'w', path: folder }],
    home: folder,
    environment,
    platform: process.platform,
    settleTime: 5,
  });
  const records = createMcpRecords({ folder: path.join(own, 'records'), logError: assert.fail });
  const no = async (): Promise<never> => assert.fail('nobody is asked this');
  const manager = createMcpServers({
    configs,
    records,
    connect: createMcpConnect({
      startProcess: (server, write) =>
        createStdioTransport(server, {
          environment,
          loginPath: async () => path.dirname(process.execPath),
          findProgram,
          killTree,
          log: write,
          times: mcpTimes,
        }),
      clientInfo: { name: 'test', version: '1' },
      now: Date.now,
    }),
    signIns: { provider: no, signIn: no, signOut: no, isSignedIn: no },
    people: {
      approveServer: async (_name, _source, { facts }) => {
        approvals.push(facts);
        return true;
      },
      askInput: no,
      elicit: no,
      sample: no,
      openBrowser: no,
      externalUrl: no,
    },
    secrets: { get: async () => undefined, set: no, delete: no },
    log: { write: (_server, _level, text) => log.push(text) },
    isTrusted: () => true,
    roots: () => [],
    audit: async () => undefined,
    redact: (text) => text,
    spill: no,
    saveFile: no,
    now: Date.now,
    setTimer: (call, milliseconds) => {
      const timer = setTimeout(call, milliseconds);
      return () => clearTimeout(timer);
    },
    logError: (error) => assert.fail(String(error)),
  });
  const stateOf = async (name: string): Promise<string> => {
    const state = (await manager.list()).find((info) => info.name === name)?.state;
    return state?.kind === 'failed' ? `failed: ${state.reason}` : (state?.kind ?? 'none');
  };
  const whole: Whole = {
    manager,
    approvals,
    log,
    write: (servers) => {
      const entries = Object.entries(servers).map(([name, mode]) => [name, bad(mode)]);
      const text = JSON.stringify({ mcpServers: Object.fromEntries(entries) });
      fill(folder, { '.anycowork/mcp.json': text });
      configs.refresh();
    },
    stateOf,
    untilState: async (name, words) => {
      let state = '';
      const look = async (): Promise<void> => {
        state = await stateOf(name);
      };
      const timer = setInterval(() => void look(), 20);
      try {
        await until(() => words.test(state), `${name} is ${words}`);
      } finally {
        clearInterval(timer);
      }
    },
    close: async () => {
      await manager.close();
      configs.close();
      records.close();
    },
  };
  open.push(whole);
  return whole;
};

describe('MCP servers with all their parts', function () {
  this.timeout(60_000);
  afterEach(async () => {
    await Promise.all(open.splice(0).map((whole) => whole.close()));
    removeTemporaryFolders();
  });

  const toolOf = async ({ manager }: Whole, name: string) => {
    const found = (await manager.tools(agent(), here, manyTokens)).find(({ spec }) => spec.name === name);
    assert.ok(found !== undefined, name);
    return found;
  };

  it('are approved, called, changed and accepted', async () => {
    const whole = createWhole();
    const { manager } = whole;
    whole.write({ good: 'well', moving: 'changing' });
    assert.equal(await whole.stateOf('good'), 'unapproved');
    await manager.start('good');
    assert.ok(whole.approvals[0]?.some((fact) => fact.includes('bad.mjs')));
    assert.match(textOf(await runTool(await toolOf(whole, 'good__echo'), { a: 1 })), /"a": ?1/);

    // Its tools change as soon as they have been listed.
    await manager.start('moving');
    const infoOf = async () => (await manager.list()).find(({ name }) => name === 'moving');
    let waiting = 0;
    const timer = setInterval(() => void infoOf().then((info) => (waiting = info?.pending.length ?? 0)), 20);
    await until(() => waiting === 1, 'a change is seen').finally(() => clearInterval(timer));
    const names = (await manager.tools(agent(), here, manyTokens)).map(({ spec }) => spec.name);
    assert.deepEqual(names, ['good__echo', 'moving__steady']);
    await manager.acceptChanges('moving', await manager.pendingHash('moving'));
    assert.deepEqual((await infoOf())?.pending, []);
    assert.equal((await runTool(await toolOf(whole, 'moving__moving'))).isError, false);
  });

  it('are known to the next window, which starts them when they are called', async () => {
    const folder = temporaryFolder();
    const first = createWhole(folder);
    first.write({ good: 'well' });
    await first.manager.start('good');
    await first.close();
    const next = createWhole(folder);
    assert.equal(await next.stateOf('good'), 'stopped');
    assert.equal((await runTool(await toolOf(next, 'good__echo'))).isError, false);
    assert.deepEqual(next.approvals, []);
    const kept = readFileSync(path.join(folder, '.anycowork/mcp.json'), 'utf8');
    assert.match(kept, /bad\.mjs/);
  });

  it('tell a call that they died, and come back', async () => {
    const whole = createWhole();
    whole.write({ weak: 'dieInCall' });
    await whole.manager.start('weak');
    const output = await runTool(await toolOf(whole, 'weak__die'));
    assert.equal(output.isError, true);
    assert.match(textOf(output), /exit code 7|code 7/);
    await whole.untilState('weak', /^ready$/);
  });

  it('that die at once say why', async () => {
    const whole = createWhole();
    whole.write({ dead: 'die' });
    await assert.rejects(whole.manager.start('dead'), /code 3/);
    assert.match(await whole.stateOf('dead'), /^failed: .*code 3/s);
  });

  it('end when their command changes, with all they have started', async () => {
    const whole = createWhole();
    whole.write({ server: 'leaves' });
    await whole.manager.start('server');
    await until(() => idsIn(whole.log.join('\n')).length === 3, 'it tells its processes');
    const ids = idsIn(whole.log.join('\n'));
    assert.equal(livingOf(ids).length, 3);
    whole.write({ server: 'well' });
    await until(() => ids.every((id) => !isAlive(id)), 'nothing of it lives');
    assert.equal(await whole.stateOf('server'), 'unapproved');
  });

  it('end with the window, within three seconds', async () => {
    const whole = createWhole();
    whole.write({ stubborn: 'stubborn', good: 'well', silent: 'hang' });
    await whole.manager.start('stubborn');
    await whole.manager.start('good');
    const starting = assert.rejects(whole.manager.start('silent'), /window is being closed/);
    await until(() => idsIn(whole.log.join('\n')).length === 3, 'it tells its processes');
    await whole.untilState('silent', /^starting$/);
    const before = performance.now();
    await whole.manager.close();
    assert.ok(performance.now() - before < 5_000, 'with some patience for a slow machine');
    await starting;
    const ids = idsIn(whole.log.join('\n'));
    await until(() => ids.every((id) => !isAlive(id)), 'nothing lives');
  });
});
