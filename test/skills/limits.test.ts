import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defaultImages, defaultLimits } from '../../extension/core/skills.ts';
import type { SandboxWish, SkillGrants } from '../../extension/shared/skill.ts';
import { durationText, type LimitsAnswer, limitsFor, limitsText } from '../../extension/skills/limits.ts';
import { limitsOf, skillOf } from './skillRig.ts';

const agent = { memoryMb: 4_096, cpus: 4 };

const answer = (
  sandbox: SandboxWish,
  grants: SkillGrants = {},
  place: 'installed' | 'bundled' = 'installed',
) =>
  limitsFor({
    skill: skillOf({ sandbox, grants, source: { place, label: '', folder: '/x' } }),
    runtime: 'python',
    agent,
  });

describe('limits of a skill', () => {
  it('are the default where it asks for nothing, with the image of its runtime', () => {
    assert.deepEqual(answer({}), { granted: limitsOf(), wished: limitsOf(), asked: [], missing: {} });
    const shell = limitsFor({ skill: skillOf(), runtime: 'shell', agent });
    assert.equal(shell.granted.image, 'debian:bookworm-slim');
  });

  it('go below the default without being asked', () => {
    const wish = { memoryMb: 128, cpus: 0.5, timeoutSeconds: 10, network: false, workspace: 'ro' } as const;
    const { granted, asked } = answer(wish);
    assert.deepEqual(granted, limitsOf(wish));
    assert.deepEqual(asked, []);
  });

  it('ask in words for everything above it', () => {
    const wish = {
      image: 'x:1',
      memoryMb: 1_024,
      cpus: 2,
      timeoutSeconds: 600,
      network: true,
      execTmp: true,
    };
    const { granted, wished, asked, missing } = answer(wish);
    assert.deepEqual(granted, limitsOf());
    assert.deepEqual(wished, limitsOf(wish));
    assert.deepEqual(asked, [
      'network: the whole internet',
      'image: x:1',
      'memory: 1024 MB',
      'processors: 2',
      'time: 10 minutes',
      'programs started from /tmp',
    ]);
    assert.deepEqual(missing, wish);
    assert.deepEqual(answer(wish, missing), { granted: wished, wished, asked: [], missing: {} });
  });

  it('ask again for what is above a grant', () => {
    const { granted, wished, missing } = answer({ memoryMb: 2_048 }, { memoryMb: 1_024 });
    assert.deepEqual([granted.memoryMb, wished.memoryMb, missing], [1_024, 2_048, { memoryMb: 2_048 }]);
  });

  it('ask for no image that is ours', () => {
    assert.deepEqual(answer({ image: 'anycowork/toolbox:1' }, {}, 'bundled').asked, []);
    assert.deepEqual(answer({ image: 'anycowork/toolbox:1' }).asked, ['image: anycowork/toolbox:1']);
    assert.deepEqual(answer({ image: 'node:22-slim' }).asked, []);
    assert.deepEqual(answer({ image: 'x:1', network: true }, {}, 'bundled').asked, [
      'network: the whole internet',
    ]);
    assert.deepEqual(answer({ image: 'x:2' }, { image: 'x:1' }).asked, ['image: x:2']);
  });

  it('use the images that the person has set', () => {
    const images = { ...defaultImages, python: 'python:3.12-slim@sha256:abc' };
    const { granted } = limitsFor({ skill: skillOf(), runtime: 'python', agent, images });
    assert.equal(granted.image, images.python);
  });

  const number = fc.option(fc.double({ min: 0.1, max: 1e6, noNaN: true }), { nil: undefined });
  const flag = fc.option(fc.boolean(), { nil: undefined });
  const grantsOf = fc
    .record({
      memoryMb: number,
      cpus: number,
      timeoutSeconds: number,
      network: flag,
      execTmp: flag,
      image: fc.constantFrom(undefined, 'x:1', 'y:1'),
    })
    // Only what is set.
    .map(
      (all): SkillGrants =>
        Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    );

  const property = (
    check: (answer: LimitsAnswer, grants: SkillGrants, caps: { memoryMb: number; cpus: number }) => void,
  ): void => {
    const caps = fc.record({
      memoryMb: fc.double({ min: 1, max: 1e5, noNaN: true }),
      cpus: fc.double({ min: 0.1, max: 64, noNaN: true }),
    });
    fc.assert(
      fc.property(grantsOf, grantsOf, caps, (sandbox, grants, cap) => {
        check(limitsFor({ skill: skillOf({ sandbox, grants }), runtime: 'python', agent: cap }), grants, cap);
      }),
    );
  };

  it('never exceed what the agent takes, whatever is granted', () => {
    property(({ granted, wished }, _, caps) => {
      for (const each of [granted, wished]) {
        assert.ok(each.memoryMb <= caps.memoryMb && each.cpus <= caps.cpus);
        assert.ok(each.timeoutSeconds <= 3_600);
      }
    });
  });

  it('never exceed the default without a grant', () => {
    property(({ granted }, grants) => {
      for (const name of ['memoryMb', 'cpus', 'timeoutSeconds'] as const) {
        assert.ok(granted[name] <= Math.max(defaultLimits[name], grants[name] ?? 0), name);
      }
      assert.ok(granted.image === defaultImages.python || granted.image === grants.image);
    });
  });

  it('have the network, and programs in /tmp, by a grant alone', () => {
    property(({ granted }, grants) => {
      assert.ok(!granted.network || grants.network === true);
      assert.ok(!granted.execTmp || grants.execTmp === true);
    });
  });

  it('ask exactly where granted and wished differ', () => {
    property(({ granted, wished, asked, missing }) => {
      const differing = Object.keys(missing).length;
      assert.equal(asked.length, differing);
      assert.deepEqual({ ...granted, ...missing }, wished);
    });
  });

  it('read well', () => {
    assert.equal(
      limitsText(limitsOf()),
      'no network, 512 MB, 1 processor, 2 minutes, this folder read-write',
    );
    assert.equal(
      limitsText(limitsOf({ network: true, cpus: 2, timeoutSeconds: 90, workspace: 'ro', execTmp: true })),
      'the whole internet, 512 MB, 2 processors, 90 seconds, this folder read-only, programs may start from /tmp',
    );
    assert.deepEqual([60, 1, 59].map(durationText), ['1 minute', '1 second', '59 seconds']);
  });
});
