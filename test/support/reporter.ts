import Mocha from 'mocha';

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noCounts: TestCounts = { passed: 0, failed: 0, skipped: 0 };

export const addCounts = (one: TestCounts, other: TestCounts): TestCounts => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  skipped: one.skipped + other.skipped,
});

/** Marks the line by which a test process tells its counts to test/run.mjs, also out of an extension host. */
export const countsMark = '##counts ';

/** Marks a JSON string that test/run.mjs prints again above its totals: a record may keep no more than the end of a run. */
export const repeatMark = '##repeat ';

const shownLines = 8;

const { reporters, Runner } = Mocha;
const {
  EVENT_SUITE_BEGIN,
  EVENT_SUITE_END,
  EVENT_TEST_PASS,
  EVENT_TEST_FAIL,
  EVENT_TEST_PENDING,
  EVENT_RUN_END,
} = Runner.constants;

/**
 * One line per top-level suite, slow tests by name, every failure at once and again in full at the end. The counts go to
 * the reporter option `onCounts`, and are printed where there is none.
 */
export class Reporter extends reporters.Base {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const failures: Mocha.Test[] = [];
    let current = { name: '', passed: 0, failed: 0, skipped: 0, started: 0 };
    let passed = 0;
    let skipped = 0;

    runner.on(EVENT_SUITE_BEGIN, (suite) => {
      if (suite.parent?.root !== true) return;
      current = { name: suite.title, passed: 0, failed: 0, skipped: 0, started: Date.now() };
    });
    runner.on(EVENT_TEST_PASS, (test) => {
      passed += 1;
      current.passed += 1;
      if ((test.duration ?? 0) > 2_000) say(`    ${test.title} (${seconds(test.duration ?? 0)})`);
    });
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      test.err = error;
      failures.push(test);
      current.failed += 1;
      say(`  ✗ ${test.fullTitle()}\n      ${String(error?.message ?? error).split('\n')[0]}`);
      say(`${repeatMark}${JSON.stringify(`✗ ${test.fullTitle()}\n${beginningOf(error)}`)}`);
    });
    runner.on(EVENT_TEST_PENDING, (test) => {
      skipped += 1;
      current.skipped += 1;
      say(`  - skipped: ${test.fullTitle()}`);
    });
    runner.on(EVENT_SUITE_END, (suite) => {
      if (suite.parent?.root !== true) return;
      const extra = `${count(current.failed, 'failed')}${count(current.skipped, 'skipped')}`;
      const took = seconds(Date.now() - current.started);
      say(`  ${current.failed > 0 ? '✗' : '✓'} ${current.name}: ${current.passed} passed${extra} (${took})`);
    });
    runner.on(EVENT_RUN_END, () => {
      if (failures.length > 0) reporters.Base.list(failures);
      // A failed hook counts as one failure and stands in no suite's number of tests.
      const counts: TestCounts = { passed, failed: failures.length, skipped };
      const onCounts: unknown = options?.reporterOptions?.onCounts;
      if (typeof onCounts === 'function') onCounts(counts);
      else say(`${countsMark}${JSON.stringify(counts)}`);
    });
  }
}

/** What a failure says, and where it was. */
const beginningOf = (error: unknown): string => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text
    .split('\n')
    .slice(0, shownLines)
    .map((line) => `    ${line}`)
    .join('\n');
};

/** Through mocha's own hook, which the extension host's suite sets to reach the terminal. */
const say = (text: string): void => reporters.Base.consoleLog(text);

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

const count = (number: number, what: string): string => (number === 0 ? '' : `, ${number} ${what}`);
