import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMonths, isoDay } from '../src/dates.js';
import { nextReminders } from '../src/reminders.js';

test('a month later is the same day', () => {
  assert.equal(isoDay(addMonths(new Date('2026-03-15'), 1)), '2026-04-15');
});

test('the 31st becomes the last day of a shorter month', () => {
  assert.equal(isoDay(addMonths(new Date('2026-01-31'), 1)), '2026-02-28');
});

test('reminders stay at the end of the month', () => {
  assert.deepEqual(nextReminders(new Date('2026-01-31'), 3), ['2026-02-28', '2026-03-31', '2026-04-30']);
});
