import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ExecutionQuestion, planExecution } from '../../extension/core/executionPlan.ts';
import { executionModes } from '../../extension/shared/skill.ts';

type Place = 'sandbox' | 'host' | 'refused';

/**
 * Every case in a trusted folder. A row: the agent's setting, what the skill says (`+`: it must not run outside the
 * sandbox, whatever its mode), and where it runs with an engine and without.
 */
const table = `
  agent     program     engine   none
  sandbox   command     sandbox  refused
  sandbox   sandbox     sandbox  refused
  sandbox   sandbox+    sandbox  refused
  sandbox   flexible    sandbox  refused
  sandbox   flexible+   sandbox  refused
  sandbox   direct      sandbox  refused
  sandbox   direct+     sandbox  refused
  flexible  command     sandbox  host
  flexible  sandbox     sandbox  refused
  flexible  sandbox+    sandbox  refused
  flexible  flexible    sandbox  host
  flexible  flexible+   sandbox  refused
  flexible  direct      sandbox  host
  flexible  direct+     sandbox  refused
  direct    command     host     host
  direct    sandbox     refused  refused
  direct    sandbox+    refused  refused
  direct    flexible    host     host
  direct    flexible+   refused  refused
  direct    direct      host     host
  direct    direct+     refused  refused
`;

const rows = table
  .trim()
  .split('\n')
  .slice(1)
  .map((row) => row.trim().split(/\s+/));

const programs: readonly (ExecutionQuestion['skill'] & object)[] = executionModes.flatMap((mode) =>
  [false, true].map((requiresSandbox) => ({ mode, requiresSandbox })),
);

/** All there are, made without the table. */
const questions: readonly ExecutionQuestion[] = executionModes.flatMap((agentMode) =>
  [undefined, ...programs].flatMap((skill) =>
    (['ready', 'unavailable'] as const).flatMap((engine) =>
      [true, false].map((isTrusted) => ({
        agentMode,
        ...(skill === undefined ? {} : { skill }),
        engine,
        isTrusted,
      })),
    ),
  ),
);

const nameOf = ({ agentMode, skill, engine }: ExecutionQuestion): string => {
  const program = skill === undefined ? 'command' : `${skill.mode}${skill.requiresSandbox ? '+' : ''}`;
  return `${agentMode} ${program} ${engine}`;
};

const expected = new Map(
  rows.flatMap(([agent, program, withEngine, without]) => [
    [`${agent} ${program} ready`, withEngine],
    [`${agent} ${program} unavailable`, without],
  ]),
);

describe('where a program may run', () => {
  it('is written down for every case', () => {
    assert.equal(questions.length, 3 * (3 * 2 + 1) * 2 * 2);
    assert.equal(expected.size, questions.length / 2);
  });

  for (const question of questions) {
    const place = question.isTrusted ? expected.get(nameOf(question)) : 'refused';
    it(`${nameOf(question)}, ${question.isTrusted ? 'trusted' : 'not trusted'}: ${place}`, () => {
      assert.equal(planExecution(question).place, place);
    });
  }

  const question = fc.constantFrom(...questions);
  const holds = (
    about: string,
    isTrue: (question: ExecutionQuestion, place: Place, reason: string) => boolean,
  ) =>
    it(about, () => {
      fc.assert(
        fc.property(question, (asked) => {
          const { place, reason } = planExecution(asked);
          assert.ok(isTrue(asked, place, reason), `${nameOf(asked)}: ${place}, ${reason}`);
        }),
        { numRuns: 1_000 },
      );
    });

  holds(
    'runs nothing in a folder that is not trusted',
    ({ isTrusted }, place) => isTrusted || place === 'refused',
  );
  holds(
    'never runs on this computer what needs the sandbox',
    ({ skill }, place) => !(skill?.requiresSandbox === true || skill?.mode === 'sandbox') || place !== 'host',
  );
  holds(
    'never runs on this computer where the agent wants the sandbox',
    ({ agentMode }, place) => agentMode !== 'sandbox' || place !== 'host',
  );
  holds(
    'never counts on an engine that there is not',
    ({ engine }, place) => engine === 'ready' || place !== 'sandbox',
  );
  holds(
    'says of this computer, and of nothing else, that it is not sandboxed',
    (_, place, reason) => /not sandboxed/i.test(reason) === (place === 'host'),
  );
  holds(
    'says what to do where it refuses',
    (_, place, reason) =>
      place !== 'refused' || /Start Docker|execution setting|Trust the folder/.test(reason),
  );

  it('is never wider for a skill than for a command, nor for a skill that needs the sandbox than for one that does not', () => {
    const width: readonly Place[] = ['refused', 'sandbox', 'host'];
    const widthOf = (asked: ExecutionQuestion): number => width.indexOf(planExecution(asked).place);
    for (const { skill, ...command } of questions) {
      if (skill === undefined) continue;
      assert.ok(widthOf({ ...command, skill }) <= widthOf(command), nameOf({ ...command, skill }));
      const needing = { ...command, skill: { ...skill, requiresSandbox: true } };
      assert.ok(widthOf(needing) <= widthOf({ ...command, skill }), nameOf(needing));
    }
  });
});
