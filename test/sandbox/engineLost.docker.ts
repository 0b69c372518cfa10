// An engine that goes away in the middle of a run: one of the test's own, so that it can be stopped.
import assert from 'node:assert/strict';
import { SandboxError } from '../../extension/core/sandbox.ts';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { makeOwnEngine, noOwnEngineBecause, type OwnEngine } from './ownEngine.ts';
import {
  containersOf,
  makeFolders,
  makeSandbox,
  runIn,
  type TestFolders,
  type TestSandbox,
} from './sandboxSupport.ts';

describe('an engine that goes away', function () {
  this.timeout(90_000);
  let engine: OwnEngine | undefined;
  let folders: TestFolders;
  let box: TestSandbox;

  before(async function () {
    dockerHostOrSkip(this);
    const reason = noOwnEngineBecause();
    if (reason !== undefined) skipBecause(this, reason);
    engine = makeOwnEngine();
    await engine.start();
  });
  after(async () => {
    await engine?.remove();
  });
  beforeEach(() => {
    folders = makeFolders();
    box = makeSandbox(engine?.host ?? '', folders.quarantine);
  });
  afterEach(() => {
    folders.remove();
  });

  /** Starts a program. @returns once it has begun, with how it will end: its error, where there is one */
  const begin = async (signal?: AbortSignal): Promise<{ readonly ended: Promise<unknown> }> => {
    const { promise: began, resolve } = Promise.withResolvers<void>();
    const ended = runIn(box.sandbox, folders.workspace, ['sh', '-c', 'echo began; sleep 100'], {
      limits: { image: engine?.image ?? '' },
      onText: () => resolve(),
      ...(signal && { signal }),
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await Promise.race([began, ended]);
    return { ended };
  };
  const isLost = (error: unknown): boolean => {
    assert.ok(error instanceof SandboxError, String(error));
    assert.equal(error.kind, 'engineLost');
    assert.match(error.message, /was lost while the program ran.*Start the engine again/);
    return true;
  };

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`says so (${signal}), and removes what was left once it is back`, async () => {
      const { ended } = await begin();
      await engine?.end(signal);
      assert.ok(isLost(await ended));
      const state = await box.sandbox.state();
      assert.equal(state.kind, 'unavailable');
      await engine?.start();
      const next = makeSandbox(engine?.host ?? '', folders.quarantine, {
        isOwnerAlive: async (owner) => owner !== box.ownerId,
      });
      await next.sandbox.reap();
      assert.deepEqual(await containersOf(engine?.host ?? '', box.ownerId), []);
      const ran = await runIn(next.sandbox, folders.workspace, ['sh', '-c', 'echo fine'], {
        limits: { image: engine?.image ?? '' },
      });
      assert.equal(ran.output, 'fine\n');
    });
  }

  it('keeps nobody who cancels while it answers nothing', async () => {
    const controller = new AbortController();
    const reason = new Error('The person cancelled.');
    const { ended } = await begin(controller.signal);
    engine?.freeze(true);
    controller.abort(reason);
    assert.equal(await ended, reason);
    engine?.freeze(false);
  });
});
