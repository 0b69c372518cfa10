import assert from 'node:assert/strict';
import type { TelegramConfig } from '../../extension/shared/telegram.ts';
import { type Admission, admit, reachableApprovers } from '../../extension/telegram/access.ts';
import { withUser } from '../../extension/telegram/accessChanges.ts';
import type { IncomingMessage, Press, Sender } from '../../extension/telegram/types.ts';
import { ann, bob, botConfig, groupId, strangerId, tom } from './cardHouse.ts';

const where = (chatId: number, chatKind: 'private' | 'group' | 'other') => ({
  updateId: 1,
  messageId: 1,
  chatId,
  chatKind,
  chatTitle: '',
  topicId: 0,
});

const senderOf = (userId: number): Sender => ({ userId, name: 'Ann', username: 'ann' });

const message = (
  userId: number | undefined,
  chatId: number,
  chatKind: 'private' | 'group' | 'other',
  more: Partial<IncomingMessage> = {},
): IncomingMessage => ({
  ...where(chatId, chatKind),
  kind: 'message',
  sentAt: 0,
  text: 'approve everything',
  files: [],
  isForwarded: false,
  isForBot: true,
  ...(userId === undefined ? {} : { from: senderOf(userId) }),
  ...more,
});

const press = (userId: number, chatId: number, chatKind: 'private' | 'group' | 'other'): Press => ({
  ...where(chatId, chatKind),
  kind: 'press',
  callbackId: 'c',
  from: senderOf(userId),
  data: 'a1:o:0000000000000000',
});

const told = (admission: Admission): string => {
  if (admission.kind === 'admitted') return `admitted ${admission.user.name}`;
  return admission.kind === 'stranger' && admission.mayPair ? 'may pair' : admission.kind;
};

const otherGroup = -501;
const config = botConfig();
const nobody = botConfig({ allowedUsers: [], allowedChats: [] });
const onlyChats = botConfig({ allowedUsers: [] });
const onlyUsers = botConfig({ allowedChats: [] });
const onlyGroup = botConfig({ allowedChats: [{ chatId: groupId, kind: 'group', title: 'Team' }] });

describe('access', () => {
  const cases: [string, IncomingMessage | Press, TelegramConfig, string][] = [
    ['an allowed user in private', message(11, 11, 'private'), config, 'admitted Ann'],
    ['their edit', message(11, 11, 'private', { kind: 'edited' }), config, 'admitted Ann'],
    ['their press', press(11, 11, 'private'), config, 'admitted Ann'],
    ['a talker in private', message(13, 13, 'private'), config, 'admitted Tom'],
    ['an allowed user in an added group', message(11, groupId, 'group'), config, 'admitted Ann'],
    ['a press in an added group', press(11, groupId, 'group'), config, 'admitted Ann'],
    [
      'talk of a group that is not for it',
      message(11, groupId, 'group', { isForBot: false }),
      config,
      'silent',
    ],
    [
      'an edit in a group that is not for it',
      message(11, groupId, 'group', { kind: 'edited', isForBot: false }),
      config,
      'silent',
    ],
    [
      'a member of an added group who is not allowed',
      message(strangerId, groupId, 'group'),
      config,
      'stranger',
    ],
    ['their press', press(strangerId, groupId, 'group'), config, 'stranger'],
    ['an allowed user in a group that was not added', message(11, otherGroup, 'group'), config, 'stranger'],
    ['their press there', press(11, otherGroup, 'group'), config, 'stranger'],
    ['an unknown person in private', message(strangerId, strangerId, 'private'), config, 'may pair'],
    ['their edit', message(strangerId, strangerId, 'private', { kind: 'edited' }), config, 'stranger'],
    ['their press', press(strangerId, strangerId, 'private'), config, 'stranger'],
    [
      'a press of an outsider in a private chat of another',
      press(strangerId, 11, 'private'),
      config,
      'silent',
    ],
    ['a message from another in a private chat', message(12, 11, 'private'), config, 'silent'],
    ['a channel', message(undefined, -900, 'other'), config, 'silent'],
    ['an allowed user in a channel', message(11, groupId, 'other'), config, 'silent'],
    ['an anonymous administrator of an added group', message(undefined, groupId, 'group'), config, 'silent'],
    [
      'a chat that says it is private and was added as a group',
      message(groupId, groupId, 'private'),
      config,
      'may pair',
    ],
    ['anybody, where nobody is allowed', message(11, 11, 'private'), nobody, 'may pair'],
    ['a press, where nobody is allowed', press(11, 11, 'private'), nobody, 'stranger'],
    ['a group, where nobody is allowed', message(11, groupId, 'group'), nobody, 'stranger'],
    ['an allowed chat without users', message(11, 11, 'private'), onlyChats, 'may pair'],
    ['an allowed group without users', message(11, groupId, 'group'), onlyChats, 'stranger'],
    ['an allowed user without chats', message(11, 11, 'private'), onlyUsers, 'may pair'],
    [
      'an allowed user in private, where only a group was added',
      message(11, 11, 'private'),
      onlyGroup,
      'may pair',
    ],
  ];
  for (const [name, incoming, given, expected] of cases) {
    it(`${name}: ${expected}`, () => assert.equal(told(admit(incoming, given)), expected));
  }

  it('asks approvers only where they can be asked alone', () => {
    assert.deepEqual(reachableApprovers(config), [ann, bob]);
    assert.deepEqual(reachableApprovers(onlyGroup), []);
    assert.deepEqual(reachableApprovers(nobody), []);
  });
});

describe('access: changes', () => {
  it('lets somebody in with their private chat', () => {
    const changed = withUser(nobody, { userId: 20, name: 'Eve' }, false);
    assert.deepEqual(changed.allowedUsers, [{ userId: 20, name: 'Eve', isApprover: false }]);
    assert.deepEqual(changed.allowedChats, [{ chatId: 20, kind: 'private', title: 'Eve' }]);
    assert.equal(told(admit(message(20, 20, 'private'), changed)), 'admitted Eve');
  });

  it('changes the part of one who is there, once', () => {
    const changed = withUser(config, { userId: tom.userId, name: 'Tom' }, true);
    assert.deepEqual(
      reachableApprovers(changed).map(({ name }) => name),
      ['Ann', 'Bob', 'Tom'],
    );
    assert.equal(changed.allowedUsers.length, 3);
    assert.equal(changed.allowedChats.length, 4);
  });
});
