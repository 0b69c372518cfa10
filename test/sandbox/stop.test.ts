import assert from 'node:assert/strict';
import { type EngineInfo, SandboxError } from '../../extension/core/sandbox.ts';
import { defaultLimits } from '../../extension/core/skills.ts';
import { startFailure } from '../../extension/sandbox/runFailure.ts';
import {
  EngineHangs,
  removeContainer,
  type Stoppable,
  stopContainer,
  within,
} from '../../extension/sandbox/stop.ts';

const answer = (statusCode: number, message: string): Error =>
  Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${message} `), { statusCode });

/** A container whose engine answers as told, and what it was asked. */
const fakeContainer = (answers: { kill?: () => Promise<void>; remove?: () => Promise<void> }) => {
  const asked: string[] = [];
  const container: Stoppable = {
    kill: async ({ signal }) => {
      asked.push(signal);
      await answers.kill?.();
    },
    remove: async ({ force, v }) => {
      asked.push(`remove ${force} ${v}`);
      await answers.remove?.();
    },
  };
  return { container, asked };
};

describe('stopContainer', () => {
  it('asks first, and leaves it at that where the program ends', async () => {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const { container, asked } = fakeContainer({ kill: async () => resolve() });
    await stopContainer(container, ended, true);
    assert.deepEqual(asked, ['SIGTERM']);
  });

  it('kills at once where there is no time', async () => {
    const { container, asked } = fakeContainer({});
    await stopContainer(container, new Promise(() => undefined), false);
    assert.deepEqual(asked, ['SIGKILL']);
  });

  it('bears what has ended already', async () => {
    const { container, asked } = fakeContainer({
      kill: () => Promise.reject(answer(409, 'Container x is not running')),
    });
    await stopContainer(container, Promise.resolve(), true);
    assert.deepEqual(asked, ['SIGTERM']);
  });
});

describe('removeContainer', () => {
  it('forces it, and its volumes; what is gone is gone', async () => {
    for (const status of [404, 409]) {
      const { container, asked } = fakeContainer({ remove: () => Promise.reject(answer(status, 'gone')) });
      await removeContainer(container);
      assert.deepEqual(asked, ['remove true true']);
    }
    const { container } = fakeContainer({ remove: () => Promise.reject(answer(500, 'busy')) });
    await assert.rejects(removeContainer(container), /busy/);
  });
});

describe('within', () => {
  it('gives up on work that does not listen, and tells it', async () => {
    let told = false;
    const never = within(1, 'ping', (signal) => {
      signal.addEventListener('abort', () => {
        told = true;
      });
      return new Promise<never>(() => undefined);
    });
    await assert.rejects(
      never,
      (error) => error instanceof EngineHangs && /did not answer within/.test(error.message),
    );
    assert.ok(told);
    assert.equal(await within(1_000, 'ping', async () => 7), 7);
    await assert.rejects(
      within(1_000, 'ping', () => Promise.reject(new Error('own'))),
      /^Error: own$/,
    );
  });
});

describe('startFailure', () => {
  const engine: EngineInfo = {
    name: 'Docker 28.2',
    address: 'tcp://box:2375',
    foundBy: 'DOCKER_HOST',
    kind: 'rootful',
    memoryBytes: 1,
    cpus: 1,
  };
  const spec = { workspace: '/home/user/work', limits: defaultLimits };
  const table: readonly [Error, string, RegExp][] = [
    [
      answer(404, 'No such image: debian:bookworm-slim'),
      'missingImage',
      /debian:bookworm-slim is not on this computer/,
    ],
    [
      answer(400, 'invalid mount config for type "bind": bind source path does not exist: /home/user/work'),
      'folderUnseen',
      /does not see the folder \/home\/user\/work/,
    ],
    [
      answer(500, 'failed to create task: OCI runtime'),
      'refused',
      /did not start the program: failed to create task/,
    ],
    [answer(400, 'Range of CPUs is from 0.01 to 1.00'), 'refused', /Range of CPUs.*Nothing ran/],
    [
      Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
      'engineLost',
      /Start the engine again/,
    ],
    [new EngineHangs('no answer'), 'engineLost', /does not answer any more/],
  ];
  for (const [error, kind, message] of table) {
    it(`${kind}: ${error.message.slice(0, 50)}`, () => {
      const failure = startFailure(error, spec, engine);
      assert.ok(failure instanceof SandboxError);
      assert.equal(failure.kind, kind);
      assert.match(failure.message, message);
    });
  }

  it('leaves alone what is not about the engine', () => {
    const own = new Error('The disk is full.');
    assert.equal(startFailure(own, spec, engine), own);
  });
});
