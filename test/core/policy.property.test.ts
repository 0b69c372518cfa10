import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decide, type PolicyStep } from '../../extension/core/policy.ts';
import type { Rule } from '../../extension/shared/rule.ts';
import { goodLabels, ownEffect, reads, type Sample, sample } from './arbitrarySteps.ts';
import { commandStep, here, inRoot, pathStep, ruleOf } from './policyParts.ts';

const runs = { numRuns: 3_000 };

/** The rules of the product once more, in the words of its documents and without its code. */
const mayRun = ({ step, context, line: given }: Sample): boolean => {
  const { tool, effect, access } = step;
  if (!context.isTrusted || access.caution !== undefined) return false;
  const own = ownEffect(tool);
  if (own !== undefined && own !== effect) return false;
  if (own === 'read') return true;
  if (context.taint !== undefined) return false;
  const rules = context.rules.filter(
    (each) =>
      each.folder === '/home' &&
      (each.agentId === undefined || each.agentId === 'agent') &&
      (each.sessionId === 'chat' || (each.sessionId === undefined && each.duration === 'workspace')),
  );
  if (own === 'network') return false;
  if (own === undefined)
    return rules.some(
      ({ match: each }) =>
        each.kind === 'tool' && each.tool === tool && each.definition === access.outside?.definition,
    );
  if (own === 'write') {
    const labels = access.paths.map(({ label }) => label);
    if (labels.length === 0 || labels.some((label) => !goodLabels.includes(label))) return false;
    const within = (glob: string, label: string) =>
      glob === '**' || glob === label || (glob === 'src/**' && label.startsWith('src/'));
    return (
      context.mode !== 'ask' ||
      rules.some(
        ({ match: each }) =>
          each.kind === 'path' &&
          each.tools.includes(tool) &&
          labels.every((label) => within(each.glob, label)),
      )
    );
  }
  const { command: asked } = access;
  const isHeld = asked?.isSandboxed === true && asked.hasNetwork === false;
  if (context.mode === 'autopilot' && isHeld) return true;
  if (context.uncheckedEdit !== undefined && !isHeld) return false;
  if (tool === 'run_skill' || asked?.skill !== undefined) {
    return rules.some(
      ({ match: each }) =>
        isHeld &&
        tool === 'run_skill' &&
        each.kind === 'skill' &&
        each.skill === asked?.skill?.id &&
        each.hash === asked.skill.hash &&
        each.entry === asked.skill.entry,
    );
  }
  if (context.shell === 'cmd' && asked?.isSandboxed !== true) return false;
  if (given?.commands === undefined) return false;
  return given.commands.every((argv) =>
    rules.some(
      ({ match: each }) =>
        each.kind === 'command' &&
        each.argv.join('\0') === argv.join('\0') &&
        each.folder === asked?.folder &&
        (each.isSandboxed === undefined || isHeld),
    ),
  );
};

describe('policy: properties', () => {
  it('runs exactly what the documents say may run', () => {
    const seen = { runs: 0, asks: 0 };
    fc.assert(
      fc.property(sample, (drawn) => {
        const { action } = decide(drawn.step, drawn.context);
        seen[action === 'run' ? 'runs' : 'asks'] += 1;
        assert.equal(action === 'run', mayRun(drawn));
      }),
      runs,
    );
    assert.ok(seen.runs > 100 && seen.asks > 100, JSON.stringify(seen));
  });

  it('refuses all in an untrusted workspace, and nothing else anywhere', () => {
    fc.assert(
      fc.property(sample, ({ step, context }) => {
        assert.equal(decide(step, context).action === 'refuse', !context.isTrusted);
      }),
      runs,
    );
  });

  it('asks whatever the rules say where there is a caution, without an offer', () => {
    fc.assert(
      fc.property(sample, ({ step, context }) => {
        const cautioned = { ...step, access: { ...step.access, caution: 'protected' } };
        assert.deepEqual(decide(cautioned, { ...context, isTrusted: true }), {
          action: 'ask',
          reason: 'protected',
          isCautioned: true,
          offers: [],
        });
      }),
      runs,
    );
  });

  it('lets nothing but a read of its own run after foreign words, and offers nothing then', () => {
    fc.assert(
      fc.property(sample, ({ step, context }) => {
        const decision = decide(step, { ...context, isTrusted: true, taint: 'a page' });
        if (decision.action === 'run') assert.ok(reads.includes(step.tool) && step.effect === 'read');
        else assert.deepEqual(decision.action === 'ask' ? decision.offers : [], []);
      }),
      runs,
    );
  });

  it('lets a step run by its mode only where it can be taken back, or is sandboxed', () => {
    fc.assert(
      fc.property(sample, ({ step, context }) => {
        const decision = decide(step, { ...context, rules: [] });
        if (decision.action !== 'run' || step.effect === 'read') return;
        const { isSandboxed, hasNetwork } = step.access.command ?? {};
        assert.ok(decision.mustBeUndoable || (isSandboxed === true && hasNetwork === false));
        assert.equal(decision.mustBeUndoable, step.effect === 'write');
      }),
      runs,
    );
  });

  it('lets no program of a skill run by itself, or be offered to, that is not held', () => {
    fc.assert(
      fc.property(sample, fc.boolean(), ({ step, context }, isOutside) => {
        const { command } = step.access;
        if (step.tool !== 'run_skill' || command === undefined) return;
        const loose = isOutside ? { isSandboxed: false } : { hasNetwork: true };
        const access = { ...step.access, command: { ...command, ...loose } };
        const decision = decide({ ...step, access }, { ...context, isTrusted: true });
        assert.equal(decision.action, 'ask');
        assert.deepEqual(decision.action === 'ask' && decision.offers, []);
      }),
      runs,
    );
  });

  it('offers for the sandbox only what does not hold outside of it', () => {
    fc.assert(
      fc.property(sample, ({ step, context }) => {
        const { command } = step.access;
        const asked = decide(step, context);
        if (asked.action !== 'ask' || command?.isSandboxed !== true) return;
        for (const { matches } of asked.offers) {
          const rules = matches.map((each) => ruleOf(each));
          const outside: PolicyStep = {
            ...step,
            access: { ...step.access, command: { ...command, isSandboxed: false } },
          };
          assert.equal(decide(outside, { ...context, rules }).action, 'ask');
        }
      }),
      runs,
    );
  });

  it('offers only what lets the same step run, and nothing for another agent', () => {
    fc.assert(
      fc.property(sample, ({ step, context: { uncheckedEdit: _, ...context } }) => {
        const decision = decide(step, context);
        if (decision.action !== 'ask') return;
        for (const { duration, matches } of decision.offers) {
          const rules = matches.map(
            (each): Rule => ({
              id: 'new',
              match: each,
              duration,
              ...(duration === 'session' ? { sessionId: context.sessionId } : {}),
              folder: context.folder,
              agentId: context.agentId,
              createdAt: 0,
              createdIn: 'dialog',
            }),
          );
          assert.equal(decide(step, { ...context, rules }).action, 'run');
          assert.equal(decide(step, { ...context, rules, agentId: 'other' }).action, 'ask');
        }
      }),
      runs,
    );
  });

  it('takes any name literally in an offer: that file, or what is in its folder, and nothing else', () => {
    const signs = [...`"'*?[]{}()!+@|^$,.-~#%&=;:<>\` éaB0`];
    const name = fc
      .string({ unit: fc.constantFrom(...signs), minLength: 1, maxLength: 8 })
      .filter((text) => !/^(?:\.\.?|[A-Za-z]:.*)$/.test(text));
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    /** Signs that a reading as a glob would take out, or put in. */
    const mutations: readonly ((text: string) => string)[] = [
      (text) => text,
      (text) => `${text}/x`,
      (text) => `${text}x`,
      (text) => `x${text}`,
      ...signs.map((sign) => (text: string) => text.replaceAll(sign, '')),
      ...signs.map((sign) => (text: string) => text.replace(sign, 'x')),
    ];
    const seen = { runs: 0, asks: 0 };
    fc.assert(
      fc.property(path, fc.constantFrom(...mutations), path, fc.boolean(), (given, mutate, any, isAny) => {
        const asked = decide(pathStep('edit_file', given), here());
        const offer =
          asked.action === 'ask' ? asked.offers.find(({ duration }) => duration === 'workspace') : undefined;
        assert.ok(offer !== undefined, given);
        const rules = offer.matches.map((each) => ruleOf(each));
        const other = isAny ? any : mutate(given);
        const folder = given.split('/').slice(0, -1).join('/');
        const isPlain =
          !/^[A-Za-z]:/.test(other) && other.split('/').every((part) => !/^(?:|\.\.?)$/.test(part));
        const isMeant = isPlain && (folder === '' ? other === given : other.startsWith(`${folder}/`));
        const { action } = decide(pathStep('edit_file', other), here({ rules }));
        seen[action === 'run' ? 'runs' : 'asks'] += 1;
        assert.equal(action, isMeant ? 'run' : 'ask', `${given} lets ${other} run`);
      }),
      runs,
    );
    assert.ok(seen.runs > 100 && seen.asks > 100, JSON.stringify(seen));
  });

  it('lets no rule of one folder reach another, whatever they are called', () => {
    const root = fc.constantFrom('/a', '/a/lib', '/evil/lib', '/a/a');
    const name = fc.constantFrom('lib', 'a', 'lib/a');
    const below = fc.constantFrom('x', 'lib/x', 'a/x', 'a/src/x', 'lib/a/x');
    const stepIn = (folder: string, label: string, path: string): readonly PolicyStep[] => [
      inRoot(pathStep('edit_file', path), folder, label),
      commandStep('npm test', { root: folder, folder: `${label}/${path}`, below: path }),
    ];
    fc.assert(
      fc.property(
        ...[root, name, below, root, name, below],
        (folder, label, path, folder2, label2, path2) => {
          for (const [index, step] of stepIn(folder, label, path).entries()) {
            const asked = decide(step, here());
            for (const { matches } of asked.action === 'ask' ? asked.offers : []) {
              const rules = matches.map((each) => ruleOf(each, { folder }));
              const other = stepIn(folder2, label2, path2)[index] ?? step;
              assert.equal(decide(step, here({ rules })).action, 'run');
              if (folder !== folder2) assert.equal(decide(other, here({ rules })).action, 'ask');
            }
          }
        },
      ),
      runs,
    );
  });
});
