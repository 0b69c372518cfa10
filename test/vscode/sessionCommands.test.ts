import assert from 'node:assert/strict';
import type { Chats } from '../../extension/core/chats.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { SessionSummary, Shelf } from '../../extension/shared/session.ts';
import { answers, quickPicks, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createSessionCommands } = await loadWithVscode(
  () => import('../../extension/vscode/sessionCommands.ts'),
);
const { createChatPicker } = await loadWithVscode(() => import('../../extension/vscode/chatPicker.ts'));

const now = new Date(2026, 10, 24, 12).getTime();
const time = new Date(now).toLocaleTimeString(undefined, { timeStyle: 'short' });
const day = 24 * 60 * 60_000;

const session = (id: string, change: Partial<SessionSummary> = {}): SessionSummary => ({
  id,
  title: `Chat ${id}`,
  titleBy: 'message',
  agentId: 'coder',
  model: { provider: 'gemini', model: 'm' },
  folder: '/home/me/site',
  createdAt: now,
  updatedAt: now,
  status: 'idle',
  shelf: 'active',
  isPinned: false,
  ...change,
});

const items: readonly ChatItem[] = [
  {
    kind: 'user',
    id: 'u1',
    jobId: 'j1',
    row: 1,
    message: { role: 'user', id: 'u1', content: [{ type: 'text', text: 'Why?\nTell me' }], createdAt: now },
  },
  {
    kind: 'assistant',
    id: 'a1',
    jobId: 'j1',
    row: 2,
    streaming: false,
    message: {
      role: 'assistant',
      id: 'a1',
      model: { provider: 'gemini', model: 'm' },
      content: [{ type: 'text', text: 'Because.' }],
      stopReason: 'end',
      createdAt: now,
    },
  },
];

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Commands in a window with these chats that shows the first of them. */
const rig = (sessions: readonly SessionSummary[], shown: string | undefined = sessions[0]?.id) => {
  const did: string[] = [];
  const listeners = new Set<() => void>();
  let kept = sessions;
  let current = shown;
  const note =
    (what: string) =>
    async (...values: readonly unknown[]): Promise<string> => {
      did.push([what, ...values].join(' '));
      return 'made';
    };
  const chats: Partial<Chats> = {
    get: async (id) => kept.find((each) => each.id === id),
    list: async ({ shelf }) => ({ sessions: kept.filter((each) => each.shelf === shelf), hasMore: false }),
    page: async () => ({ items, hasOlder: false, hasNewer: false }),
  };
  const picker = createChatPicker({
    chats: chats as Chats,
    shown: () => current,
    folder: () => '/home/me/site',
    now: () => now,
    onSessionsChanged: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const commands = createSessionCommands({
    picker,
    actions: {
      rename: note('rename'),
      setPinned: note('pin'),
      moveTo: async (id: string, shelf: Shelf) => {
        await note('move')(id, shelf);
        if (id === current && shelf === 'deleted') current = undefined;
      },
      fork: note('fork'),
      retry: note('retry'),
      copy: note('copy'),
    },
    branches: {
      editAndResend: (sessionId: string, itemId: string, { text }: { readonly text: string }) =>
        note('edit')(sessionId, itemId, text),
    },
    current: {
      sessionId: () => current,
      open: async (id: string, row?: number) => {
        did.push(row === undefined ? `open ${id}` : `open ${id} ${row}`);
        current = id;
      },
    },
    focusChat: async () => undefined,
    editInView: (...place: readonly string[]) => did.push(`editInView ${place.join(' ')}`),
    // The commands use nothing else.
  } as never);
  const change = (next: readonly SessionSummary[]): void => {
    kept = next;
    for (const listener of listeners) listener();
  };
  return { commands, did, change, listeners };
};

/** The `data-vscode-context` of a row and of a message. */
const row = (sessionId: string) => ({ webviewSection: 'session', sessionId, shelf: 'active', webview: 'x' });
const message = (itemId: string) => ({ webviewSection: 'message', sessionId: 'a', itemId, kind: 'user' });

describe('session commands', () => {
  beforeEach(resetVscode);

  it('does for code and for a menu what they name', async () => {
    const { commands, did } = rig([session('a'), session('b')]);
    await commands.renameSession('b', ' New name ');
    answers.push('Typed');
    await commands.renameSession(row('a'));
    await commands.pinSession(row('b'));
    await commands.unpinSession('b');
    await commands.archiveSession(row('b'));
    await commands.unarchiveSession('b');
    await commands.copySession(message('a1'));
    assert.deepEqual(did, [
      'rename b New name',
      'rename a Typed',
      'pin b true',
      'pin b false',
      'move b archived',
      'move b active',
      'copy a',
    ]);
    await assert.rejects(commands.renameSession('b', ''), /arguments are not right/);
    await assert.rejects(commands.pinSession(7), /arguments are not right/);
    await assert.rejects(commands.pinSession('nobody'), /no chat with this id/);
    assert.equal(did.length, 7);
  });

  it('does nothing when the person thinks better of it', async () => {
    const { commands, did } = rig([session('a')]);
    answers.push(undefined);
    assert.equal(await commands.renameSession('a'), false);
    const picking = commands.archiveSession();
    await tick();
    quickPicks.at(-1)?.hide();
    assert.equal(await picking, false);
    assert.deepEqual(did, []);
  });

  it('deletes without a question, and takes it back where it was', async () => {
    const { commands, did } = rig([session('a'), session('b', { shelf: 'archived' })], 'a');
    answers.push('Undo');
    await commands.deleteSession('a');
    await tick();
    answers.push('Undo');
    await commands.deleteSession(row('b'));
    await tick();
    assert.deepEqual(did, ['move a deleted', 'move a active', 'open a', 'move b deleted', 'move b archived']);
    assert.match(told[0] ?? '', /^Deleted “Chat a”\./);
    await commands.deleteSession('b');
    await tick();
    assert.equal(did.at(-1), 'move b deleted');
  });

  it('restores what was deleted, and only that', async () => {
    const { commands, did } = rig([session('a'), session('b', { shelf: 'deleted' })]);
    const picking = commands.restoreSession();
    await tick();
    const picker = quickPicks.at(-1);
    assert.deepEqual(
      picker?.items.map((item) => Reflect.get(item, 'label')),
      ['Today', 'Chat b'],
    );
    picker?.accept(picker.items[1] ?? {});
    await picking;
    assert.deepEqual(did, ['move b active', 'open b']);
    await assert.rejects(commands.restoreSession('a'), /not deleted/);
  });

  it('says so when there is nothing to choose from', async () => {
    const { commands, did } = rig([session('a')]);
    assert.equal(await commands.unarchiveSession(), false);
    assert.equal(await commands.unpinSession(), false);
    assert.deepEqual(told, ['The archive is empty.', 'No chat is pinned.']);
    assert.deepEqual(did, []);
  });

  it('forks, edits and retries a message of the shown chat', async () => {
    const { commands, did } = rig([session('a')]);
    answers.push('Because.');
    assert.equal(await commands.forkSession(), 'made');
    await commands.forkSession(message('u1'));
    await commands.forkSession(row('a'));
    await commands.forkSession('a', 'u1');
    answers.push('Why?');
    await commands.editMessage();
    await commands.editMessage(message('u1'));
    await commands.editMessage('a', 'u1', 'Why now?');
    answers.push('Because.');
    await commands.retryMessage();
    await commands.retryMessage('a', 'a1');
    assert.deepEqual(did, [
      'fork a a1',
      'fork a u1',
      'fork a ',
      'fork a u1',
      // Chosen from a list, it may be older than what the view has.
      'open a 1',
      'editInView a u1',
      'editInView a u1',
      'edit a u1 Why now?',
      'retry a a1',
      'retry a a1',
    ]);
  });

  it('offers only messages of the person for editing', async () => {
    const { commands } = rig([session('a')]);
    answers.push('Because.');
    await assert.rejects(commands.editMessage(), /no Because\. among the choices/);
  });

  it('opens the chat whose message is edited', async () => {
    const { commands, did } = rig([session('b'), session('a')], 'b');
    await commands.editMessage('a', 'u1');
    assert.deepEqual(did, ['open a', 'editInView a u1']);
  });
});

describe('the list of chats in the palette', () => {
  beforeEach(resetVscode);

  it('shows pins, status, folder and day, and begins at the shown chat', async () => {
    const { commands, listeners } = rig(
      [
        session('p', { isPinned: true, updatedAt: now - 300 * day }),
        session('r', { status: 'running' }),
        session('y', { updatedAt: now - day }),
        session('d', { shelf: 'deleted' }),
        session('k', { shelf: 'archived', updatedAt: now - day }),
        session('o', { folder: 'C:\\work\\other', status: 'failed', title: '$(x) ' }),
      ],
      'y',
    );
    const picking = commands.copySession();
    await tick();
    const picker = quickPicks.at(-1);
    const [pinned, first, today, second, yesterday, third, other, fourth, ...rest] = picker?.rows() ?? [];
    assert.equal(pinned, 'Pinned');
    assert.match(first ?? '', /^Chat p \| site · .*2026/);
    assert.equal(today, 'Today');
    assert.equal(second, `Chat r | running · site · ${time}`);
    assert.equal(yesterday, 'Yesterday');
    assert.equal(third, 'Chat y | site · Yesterday');
    assert.equal(other, 'Other folders · Today');
    assert.equal(fourth, `\\$(x)  | failed · other · ${time}`);
    assert.deepEqual(rest, ['Archive', 'Chat k | site · Yesterday']);
    assert.equal(Reflect.get(picker?.activeItems[0] ?? {}, 'label'), 'Chat y');
    picker?.hide();
    assert.equal(await picking, false);
    assert.equal(listeners.size, 0);
  });

  it('follows what changes while it is open, and keeps its place', async () => {
    const { commands, change } = rig([session('a'), session('b', { status: 'running' })]);
    const picking = commands.copySession();
    await tick();
    const picker = quickPicks.at(-1);
    assert.ok(picker);
    picker.activeItems = picker.items.slice(-1);
    change([session('new'), session('a'), session('b', { status: 'waiting' })]);
    await new Promise((resolve) => setTimeout(resolve, 260));
    assert.deepEqual(picker.rows(), [
      'Today',
      `Chat new | site · ${time}`,
      `Chat a | site · ${time}`,
      `Chat b | waiting for you · site · ${time}`,
    ]);
    assert.equal(Reflect.get(picker.activeItems[0] ?? {}, 'label'), 'Chat b');
    picker.hide();
    await picking;
  });
});
