import assert from 'node:assert/strict';
import fc from 'fast-check';
import { McpError } from '../../extension/core/mcp.ts';
import { type Tool, ToolError } from '../../extension/core/tool.ts';
import type { McpServerConfig } from '../../extension/shared/mcp.ts';
import { atRest } from '../fakes/clock.ts';
import { toolNamed } from './fakeConnection.ts';
import {
  agent,
  consentHash,
  createRig,
  folderSource,
  here,
  manyTokens,
  memoryRecords,
  type Rig,
  runTool,
  stdioConfig,
} from './managerRig.ts';

const names = ['a', 'b'] as const;

const name = fc.constantFrom(...names);
const variant = fc.integer({ min: 0, max: 2 });
const kinds = {
  ...{ start: 4, stop: 1, restart: 1, crash: 1, accept: 2, tools: 4, call: 6, offer: 2 },
  ...{ configure: 1, shadow: 1, trust: 1, enable: 2, relook: 1, fail: 1, heal: 2, wait: 2 },
} as const;
type Kind = keyof typeof kinds;
const isKind = (text: string): text is Kind => Object.hasOwn(kinds, text);
const action = fc.record({
  do: fc.oneof(
    ...Object.entries(kinds).flatMap(([kind, weight]) =>
      isKind(kind) ? [{ weight, arbitrary: fc.constant(kind) }] : [],
    ),
  ),
  name,
  variant,
});
interface Action {
  readonly do: Kind;
  readonly name: (typeof names)[number];
  readonly variant: number;
}

const configOf = (server: string, number: number, isShadowed: boolean): McpServerConfig[] => {
  const transport = { type: 'stdio', command: `${server}${number}`, args: [], env: {} } as const;
  return [
    ...(isShadowed ? [stdioConfig(server, { source: folderSource, transport })] : []),
    stdioConfig(server, { transport }),
  ];
};

/** Nothing but what people and models are told. */
const quietly = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof McpError) && !(error instanceof ToolError)) throw error;
  }
};

interface World {
  readonly rig: Rig;
  readonly tools: Tool[];
  readonly commands: Map<string, number>;
  readonly shadowed: Set<string>;
  readonly work: Promise<void>[];
  readonly seen: { connected: number; called: number; offered: number };
  /** What must not happen; thrown it would only be a server that fails. */
  readonly wrong: string[];
}

const configure = ({ rig, commands, shadowed }: World): void =>
  rig.configure(names.flatMap((each) => configOf(each, commands.get(each) ?? 0, shadowed.has(each))));

const createWorld = (pauses: readonly boolean[]): World => {
  let pauseCount = 0;
  /** Files answer now, or after whatever else goes on. */
  const pause = async (): Promise<void> => {
    pauseCount += 1;
    if (pauses[pauseCount % pauses.length] === true) await atRest();
  };
  const records = memoryRecords(pause);
  const rig = createRig({ records, pause, configs: names.flatMap((each) => configOf(each, 0, false)) });
  const seen = { connected: 0, called: 0, offered: 0 };
  const wrong: string[] = [];
  const must = (holds: boolean, words: string): void => {
    if (!holds) wrong.push(words);
  };
  rig.onConnect = ({ name: server, transport }) => {
    seen.connected += 1;
    const config = rig.config(server);
    const command = config?.transport.type === 'stdio' ? config.transport.command : undefined;
    must(rig.isTrusted, 'connected to without trust');
    must(config !== undefined && records.kept.has(consentHash(config)), 'connected to without approval');
    must(transport.type === 'stdio' && transport.command === command, 'connected to what was not approved');
  };
  for (const each of names) {
    const server = rig.server(each);
    server.onCall = async (tool, _signal, connection) => {
      seen.called += 1;
      const live = server.tools.find((definition) => definition.name === tool);
      const accepted = [...records.kept.values()]
        .filter((record) => record.name === each)
        .some(({ definitions }) => definitions?.tools.some(({ hash }) => hash === live?.hash));
      must(accepted, `${tool} called as nobody has accepted it`);
      must(!connection.isClosed(), 'called after its end');
      must(rig.isTrusted, 'called without trust');
      await pause();
      return { content: [], isError: false };
    };
    server.onList = pause;
    server.onConnect = pause;
    server.onClose = pause;
  }
  return {
    rig,
    tools: [],
    commands: new Map(),
    shadowed: new Set(),
    work: [],
    seen,
    wrong,
  };
};

const toggle = (set: Set<string>, key: string): void => {
  if (!set.delete(key)) set.add(key);
};

const perform = (world: World, { do: what, name: target, variant: number }: Action): void => {
  const { rig, tools, work, seen } = world;
  const { manager } = rig;
  const server = rig.server(target);
  const begin = (part: Promise<unknown>): void => void work.push(quietly(part));
  const offer = async (): Promise<void> => {
    const offered = await manager.tools(agent(), here, manyTokens);
    seen.offered += offered.length;
    tools.push(...offered);
  };
  const accept = async (): Promise<void> => manager.acceptChanges(target, await manager.pendingHash(target));
  const acts: Record<Action['do'], () => void> = {
    start: () => begin(manager.start(target)),
    stop: () => begin(manager.stop(target)),
    restart: () => begin(manager.restart(target)),
    crash: () => server.connections.at(-1)?.crash(),
    accept: () => begin(accept()),
    tools: () => begin(offer()),
    call: () => {
      for (const tool of tools.slice(-4 - number)) begin(runTool(tool));
    },
    offer: () =>
      server.offer(['read', 'write'].slice(0, number).map((each) => toolNamed(each, `text ${number}`))),
    configure: () => {
      world.commands.set(target, number);
      configure(world);
    },
    shadow: () => {
      toggle(world.shadowed, target);
      configure(world);
    },
    trust: () => {
      rig.isTrusted = !rig.isTrusted || number > 0;
      manager.windowChanged();
    },
    enable: () => {
      begin(manager.setEnabled(target, number > 0));
    },
    relook: () => manager.windowChanged(),
    fail: () => {
      server.onConnect = async () => {
        throw new McpError('It does not start.');
      };
    },
    heal: () => {
      server.onConnect = async () => undefined;
    },
    wait: () => undefined,
  };
  acts[what]();
};

describe('whatever happens to MCP servers', () => {
  const total = { connected: 0, called: 0, offered: 0 };

  it('nothing runs that was not approved, and no tool is called that was not accepted', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 5, maxLength: 40 }),
        fc.array(fc.boolean(), { minLength: 7, maxLength: 23 }),
        fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 40, maxLength: 40 }),
        fc.boolean(),
        async (actions, pauses, rests, isBegun) => {
          const world = createWorld(pauses);
          const { rig, seen } = world;
          for (const each of isBegun ? names : []) {
            await rig.manager.start(each);
            perform(world, { do: 'tools', name: each, variant: 0 });
          }
          for (const [index, each] of actions.entries()) {
            perform(world, each);
            if (each.do === 'wait') await rig.clock.advance(1_000 * (1 + 9 * each.variant));
            else for (let rest = rests[index] ?? 0; rest > 0; rest -= 1) await atRest();
          }
          const done = Promise.all(world.work);
          await rig.clock.advance(200_000);
          await done;
          const closing = rig.manager.close();
          await rig.clock.advance(3_000);
          await closing;
          for (const each of names) {
            for (const connection of rig.server(each).connections) assert.equal(connection.isClosed(), true);
          }
          assert.equal(rig.clock.pending(), 0);
          assert.deepEqual(rig.errors, []);
          total.connected += seen.connected;
          assert.deepEqual(world.wrong, []);
          total.called += seen.called;
          total.offered += seen.offered;
        },
      ),
      { numRuns: 250 },
    );
    // Where nothing ever runs, nothing is shown.
    assert.ok(total.connected > 100, `${total.connected} connections`);
    assert.ok(total.called > 20, `${total.called} calls`);
  });
});
