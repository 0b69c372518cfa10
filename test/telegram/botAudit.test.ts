import assert from 'node:assert/strict';
import { botChanges } from '../../extension/telegram/botAudit.ts';
import { ann, botConfig } from './cardHouse.ts';

const notices = { approvals: true, completed: false, failed: false };

describe('the record of what a bot may do', () => {
  it('has what gives or takes rights, and nothing of the rest', () => {
    const before = botConfig();
    const after = botConfig({ name: 'Other', updatedAt: 5, allowsRules: true, allowedUsers: [ann], notices });
    const changes = botChanges(before, after);
    assert.deepEqual(
      changes.map(({ title }) => title),
      [
        'Telegram bot @house_bot: who may talk to it changed',
        'Telegram bot @house_bot: whether the phone may allow more than once changed',
        'Telegram bot @house_bot: what it tells of work at the desk changed',
      ],
    );
    assert.deepEqual(JSON.parse(changes.at(-1)?.detail ?? ''), { from: before.notices, to: notices });
    assert.deepEqual(botChanges(before, { ...before, updatedAt: 9 }), []);
  });

  it('has all of a new one', () => {
    const [made, ...more] = botChanges(undefined, botConfig({ notices }));
    assert.equal(made?.title, 'Telegram bot @house_bot: made');
    assert.deepEqual(JSON.parse(made?.detail ?? '').notices, notices);
    assert.deepEqual(more, []);
  });
});
