import assert from 'node:assert/strict';
import fc from 'fast-check';
import { missedLimit, missedRuns, nextRuns, parseWhen } from '../../extension/core/scheduleTime.ts';
import { wordsOfTime } from '../../extension/core/scheduleWords.ts';

const berlin = 'Europe/Berlin';
const at = (iso: string): number => Date.parse(iso);
const iso = (times: readonly number[]): string[] =>
  times.map((time) => new Date(time).toISOString().slice(0, 16));

describe('what a person says about time', () => {
  for (const [said, cron, when] of [
    ['every weekday at 9', '0 9 * * 1-5', 'every weekday at 9:00'],
    ['Every  Weekday at 9 o’clock.', '0 9 * * 1-5', 'every weekday at 9:00'],
    ['every day at 9:30', '30 9 * * *', 'every day at 9:30'],
    ['daily at 17.05', '5 17 * * *', 'every day at 17:05'],
    ['at 9 every day', '0 9 * * *', 'every day at 9:00'],
    ['9 am every day', '0 9 * * *', 'every day at 9:00'],
    ['every monday and thursday at 8 am', '0 8 * * 1,4', 'every Monday and Thursday at 8:00'],
    ['on fridays, tue and wed at 8pm', '0 20 * * 2,3,5', 'every Tuesday, Wednesday and Friday at 20:00'],
    ['monday to friday at 7', '0 7 * * 1-5', 'every weekday at 7:00'],
    ['friday to monday at 7', '0 7 * * 0,1,5,6', 'every Sunday, Monday, Friday and Saturday at 7:00'],
    ['sunday to saturday at noon', '0 12 * * *', 'every day at 12:00'],
    ['weekends at 10', '0 10 * * 0,6', 'on weekends at 10:00'],
    ['every day at 12 am', '0 0 * * *', 'every day at 0:00'],
    ['every day at 12 pm', '0 12 * * *', 'every day at 12:00'],
    ['every day at midnight', '0 0 * * *', 'every day at 0:00'],
    ['every day at 17 and 9', '0 9,17 * * *', 'every day at 9:00 and 17:00'],
    ['every hour', '0 * * * *', 'every hour'],
    ['hourly', '0 * * * *', 'every hour'],
    ['every 60 minutes', '0 * * * *', 'every hour'],
    ['every 2 hours', '0 */2 * * *', 'every 2 hours'],
    ['every 2 hours on weekdays', '0 */2 * * 1-5', 'every 2 hours on weekdays'],
    ['every 30 minutes', '*/30 * * * *', 'every 30 minutes'],
    ['every 5 minutes on mondays', '*/5 * * * 1', 'every 5 minutes on Mondays'],
    ['on the 1st of every month at 10', '0 10 1 * *', 'on the 1st of every month at 10:00'],
    [
      'the 1st and the 15th of every month at 10',
      '0 10 1,15 * *',
      'on the 1st and 15th of every month at 10:00',
    ],
    ['every month on the 22nd at 10', '0 10 22 * *', 'on the 22nd of every month at 10:00'],
    [
      'on the 11th, 12th and 13th of each month at 10',
      '0 10 11,12,13 * *',
      'on the 11th, 12th and 13th of every month at 10:00',
    ],
    ['on the last day of every month at 18', '0 18 L * *', 'on the last day of every month at 18:00'],
    ['0 9 * * 1-5', '0 9 * * 1-5', 'every weekday at 9:00'],
    ['0 9 * * 7', '0 9 * * 7', 'every Sunday at 9:00'],
    ['0 9 * * mon-fri', '0 9 * * MON-FRI', 'cron 0 9 * * MON-FRI'],
    ['cron 15 * * * *', '15 * * * *', 'cron 15 * * * *'],
    // The last step of the day is shorter, so these words would not be true.
    ['0 */5 * * *', '0 */5 * * *', 'cron 0 */5 * * *'],
    ['0 0 29 2 *', '0 0 29 2 *', 'cron 0 0 29 2 *'],
  ] as const) {
    it(`understands “${said}”`, () => {
      assert.deepEqual(parseWhen(said), { cron, when });
    });
  }

  for (const [said, problem] of [
    ['', /not understood/],
    ['soon', /not understood/],
    ['every', /not understood/],
    ['every day', /at what time/],
    ['on mondays', /at what time/],
    ['on the 1st of every month', /at what time/],
    ['every week at 9', /“every week” is not understood as days/],
    ['every xday at 9', /not understood as days/],
    ['every day at 25', /“25” is not understood as a time/],
    ['every day at 9:75', /not understood as a time/],
    ['every day at 13 pm', /not understood as a time/],
    ['every day at 0 am', /not understood as a time/],
    ['every day at 9 and half', /not understood as a time/],
    ['every day at 9 and 17:30', /a schedule for each/],
    ['every minute', /too often/],
    ['every 4 minutes', /too often/],
    ['every 0 minutes', /too often/],
    ['every 45 minutes', /evenly\. Possible are 5, 6, 10, 12, 15, 20, 30 minutes/],
    ['every 5 hours', /evenly\. Possible are 1, 2, 3, 4, 6, 8, 12 hours/],
    ['every 0 hours', /evenly/],
    ['* * * * *', /too often/],
    ['*/4 * * * *', /too often/],
    ['0,3 9 * * *', /too often/],
    ['0,58 * * * *', /too often/],
    ['61 9 * * *', /no cron pattern/],
    ['0 9 * *', /not understood/],
    ['* * * * * *', /not understood/],
    ['0 9 32 * *', /no cron pattern/],
    ['on the 32nd of every month at 9', /1 to 31/],
    ['0 0 30 2 *', /never comes/],
    ['0 9 * * * ; rm -rf', /not understood/],
  ] as const) {
    it(`says what is wrong with “${said}”`, () => {
      const parsed = parseWhen(said);
      assert.ok('problem' in parsed, JSON.stringify(parsed));
      assert.match(parsed.problem, problem);
    });
  }

  it('takes its own words for the same times, and never throws', () => {
    const days = fc.oneof(
      fc.constantFrom('every day', 'weekdays', 'on weekends', 'daily'),
      fc
        .subarray(['monday', 'tue', 'wednesdays', 'thu', 'friday', 'sat', 'sundays'], { minLength: 1 })
        .map((names) => `every ${names.join(' and ')}`),
      fc
        .uniqueArray(fc.integer({ min: 1, max: 31 }), { minLength: 1, maxLength: 4 })
        .map((numbers) => `on the ${numbers.join(', ')} of every month`),
    );
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([hour, minute]) => `${hour}:${String(minute).padStart(2, '0')}`);
    const interval = fc.constantFrom(
      'every hour',
      'every 6 hours',
      'every 20 minutes',
      'every 12 minutes on friday',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.tuple(days, time).map((parts) => parts.join(' at ')),
          interval,
        ),
        (said) => {
          const parsed = parseWhen(said);
          assert.ok('cron' in parsed, said);
          assert.deepEqual(parseWhen(parsed.when), parsed);
        },
      ),
    );
    const pieces = fc.constantFrom(
      'every',
      'at',
      'on',
      'the',
      '9',
      '1st',
      'of',
      'month',
      'day',
      '*',
      '*/5',
      'hour',
      ',',
      'and',
      ':',
      '-',
      'ü',
      '\n',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join(' ')),
        ),
        (said) => {
          const parsed = parseWhen(said);
          if ('problem' in parsed) return;
          assert.deepEqual(parseWhen(parsed.when), parsed);
          assert.equal(nextRuns(parsed.cron, 0, 2).length, 2);
        },
      ),
    );
  });

  it('takes patterns of five fields only, and no dates that come once', () => {
    for (const said of ['cron @hourly', 'cron 2999-01-01T00:00:00', 'cron 0 0 9 * * 1']) {
      const parsed = parseWhen(said);
      assert.match('problem' in parsed ? parsed.problem : '', /no cron pattern of five fields/, said);
    }
  });

  it('lets nothing run more often than every five minutes', () => {
    const field = (max: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: 0, max }).map(String),
        fc.integer({ min: 1, max }).map((step) => `*/${step}`),
        fc
          .uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 4 })
          .map((numbers) => numbers.join(',')),
      );
    fc.assert(
      fc.property(field(59), field(23), (minute, hour) => {
        const cron = `${minute} ${hour} * * *`;
        const runs = nextRuns(cron, at('2026-06-01T00:00Z') - 1, 600, 'UTC').filter(
          (run) => run < at('2026-06-03T00:00Z'),
        );
        const gaps = runs.slice(1).map((run, index) => run - (runs[index] ?? 0));
        const isTooOften = gaps.some((gap) => gap < 5 * 60_000);
        assert.equal('problem' in parseWhen(cron), isTooOften, cron);
      }),
      { numRuns: 40 },
    );
  });
});

describe('due times', () => {
  it('follow local time over a change of the clocks', () => {
    assert.deepEqual(iso(nextRuns('0 9 * * *', at('2026-03-27T12:00Z'), 3, berlin)), [
      '2026-03-28T08:00',
      '2026-03-29T07:00',
      '2026-03-30T07:00',
    ]);
  });

  it('come right after the gap when the clocks go forward, for lists of hours too', () => {
    for (const cron of ['30 2 * * *', '30 2,3 * * *']) {
      assert.equal(iso(nextRuns(cron, at('2026-03-28T12:00Z'), 1, berlin))[0], '2026-03-29T01:00', cron);
    }
  });

  it('come once when the clocks go back, but each hour where every hour is meant', () => {
    assert.deepEqual(iso(nextRuns('30 2 * * *', at('2026-10-24T12:00Z'), 2, berlin)), [
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    assert.deepEqual(iso(nextRuns('0 * * * *', at('2026-10-24T23:30Z'), 3, berlin)), [
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ]);
  });

  it('skip months without that day', () => {
    assert.deepEqual(iso(nextRuns('0 1 31 * *', at('2026-01-31T01:00Z'), 2, 'UTC')), [
      '2026-03-31T01:00',
      '2026-05-31T01:00',
    ]);
  });

  it('are none for what is no pattern', () => {
    assert.deepEqual(nextRuns('nonsense', 0, 3), []);
    assert.equal(missedRuns('nonsense', 0, at('2026-01-01T00:00Z')), undefined);
  });

  it('are missed after the one time, and up to and with the other', () => {
    const [eight, nine, ten] = [at('2026-06-01T08:00Z'), at('2026-06-01T09:00Z'), at('2026-06-01T10:00Z')];
    const missed = (after: number, until: number) => missedRuns('0 * * * *', after, until, 'UTC');
    assert.equal(missed(nine, ten - 1), undefined);
    assert.deepEqual(missed(nine, ten), { count: 1, last: ten });
    assert.deepEqual(missed(eight, ten + 59_999), { count: 2, last: ten });
    assert.deepEqual(missed(eight - 1, ten), { count: 3, last: ten });
    assert.equal(missed(ten, nine), undefined);
  });

  it('are told with the last one, but not counted without end, after a year asleep', () => {
    const [from, until] = [at('2026-01-01T00:00Z'), at('2027-01-01T00:02Z')];
    const missed = missedRuns('*/5 * * * *', from, until, 'UTC');
    assert.deepEqual(missed, { count: missedLimit, last: at('2027-01-01T00:00Z') });
    assert.equal(missedRuns('0 9 * * 1-5', from, until, berlin)?.count, 261);
  });

  it('are counted one by one as they are listed', () => {
    const crons = fc.constantFrom(
      '0 * * * *',
      '30 2 * * *',
      '*/20 * * * *',
      '0 9 * * 1-5',
      '0 0 L * *',
      '15 1,2,3 * * *',
    );
    const zones = fc.constantFrom('UTC', berlin, 'America/St_Johns', 'Australia/Lord_Howe');
    const starts = fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2027-01-01T00:00Z') });
    fc.assert(
      fc.property(
        crons,
        zones,
        starts,
        fc.integer({ min: 0, max: 5 * 24 * 60 * 60_000 }),
        (cron, zone, after, span) => {
          const until = after + span;
          const listed = nextRuns(cron, after, 1_000, zone).filter((run) => run <= until);
          const missed = missedRuns(cron, after, until, zone);
          const last = listed.at(-1);
          assert.deepEqual(missed, last === undefined ? undefined : { count: listed.length, last });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are told in words', () => {
    const now = at('2026-11-26T12:00Z');
    assert.equal(wordsOfTime(at('2026-11-26T08:05Z'), now, berlin), 'today 9:05');
    assert.equal(wordsOfTime(at('2026-11-26T23:30Z'), now, berlin), 'Fri 27 Nov 0:30');
    assert.equal(wordsOfTime(at('2027-01-01T08:00Z'), now, berlin), '1 Jan 2027 9:00');
  });
});
