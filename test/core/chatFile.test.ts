import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InputError } from '../../extension/core/agents.ts';
import { jsonParts, type ParsedChat, parsingChat } from '../../extension/core/chatFile.ts';
import { messagesOf } from '../../extension/core/history.ts';
import { taintOf } from '../../extension/core/taint.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { ApprovalPrompt } from '../../extension/shared/event.ts';
import { imageDataLimit, noUsage } from '../../extension/shared/message.ts';
import type { Session } from '../../extension/shared/session.ts';
import { anyEvents, chatsOf, lasting, reportBriefly } from '../storage/arbitraryEvents.ts';
import { assistant, reply, step, stepItem, toolMessage, user } from '../webview/samples.ts';

const session: Session = {
  id: 'old',
  title: 'Fix the date test',
  titleBy: 'model',
  agentId: 'coder',
  model: { provider: 'gemini', model: 'gemini-3-flash' },
  folder: '/home/me/two  spaces',
  createdAt: 5,
  updatedAt: 9,
};

const newId = (): string => 'new';

/** Each at once, as one text and one chat. */
const toJson = (...input: Parameters<typeof jsonParts>): string => [...jsonParts(...input)].join('');
const parseChat = (...input: Parameters<typeof parsingChat>): ParsedChat => {
  const work = parsingChat(...input);
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
};

/** Chats hold pictures in base64 only; elsewhere the text may be anything. */
const withBase64 = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), function (this: unknown, key, each: unknown) {
    const isPicture = key === 'data' && typeof this === 'object' && this !== null && 'mediaType' in this;
    return isPicture && typeof each === 'string' ? Buffer.from(each).toString('base64') : each;
  });

/** The items of a file as `parseChat` gives them: in the new chat, with every step ended. */
const asImported = (items: readonly ChatItem[]): unknown =>
  withBase64(
    lasting(items).map((item) => {
      const kept = item as ChatItem;
      const taint = 'an imported chat';
      if (kept.kind === 'user' || kept.kind === 'assistant') {
        return { ...kept, message: { ...kept.message, taint } };
      }
      if (kept.kind !== 'step') return kept;
      const { record: before } = kept;
      const isOpen = before.status === 'waiting' || before.status === 'running';
      const end = isOpen ? { status: 'interrupted', endedAt: before.endedAt ?? before.startedAt } : {};
      const { undo: _, prompt, result: ofStep, ...record } = before;
      const result = ofStep === undefined ? {} : { result: { ...ofStep, taint: ofStep.taint ?? taint } };
      // Nobody is asked any more.
      const asked = ({ title, detail, diffs, reason, isCautioned }: ApprovalPrompt) => ({
        ...{ title, detail, diffs, reason, isCautioned },
        offers: [],
      });
      const question = prompt === undefined ? {} : { prompt: asked(prompt) };
      return {
        ...kept,
        record: { ...record, step: { ...before.step, sessionId: 'new' }, ...result, ...question, ...end },
      };
    }),
  );

describe('chat file', () => {
  it('gives every chat again, as a new one', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        for (const { items, usage } of chatsOf(events).values()) {
          const before = withBase64(items) as readonly ChatItem[];
          const read = parseChat(toJson(session, before, usage), newId);
          assert.deepEqual(read.session, { ...session, id: 'new' });
          assert.deepEqual(read.items, asImported(items));
        }
      }),
      { numRuns: 100, reporter: reportBriefly },
    );
  });

  it('makes and reads a long chat in as many parts, and the same chat in any other form', () => {
    const many = Array.from({ length: 500 }, (_, index) => user(`u${index}`, `Line\n  "items": [\n${index}`));
    assert.ok([...jsonParts(session, many, noUsage)].length >= many.length);
    const text = toJson(session, many, noUsage);
    let steps = 0;
    for (const _ of parsingChat(text, newId)) steps += 1;
    // Once where it is read, and once where it is checked.
    assert.equal(steps, 2 * many.length);
    const read = parseChat(text, newId);
    assert.deepEqual(
      read.items.map(({ id }) => id),
      many.map(({ id }) => id),
    );
    for (const indent of [undefined, 2, '\t'])
      assert.deepEqual(parseChat(JSON.stringify(JSON.parse(text), undefined, indent), newId), read);
  });

  it('keeps what only the provider understands out, and the place of the chat in the store', () => {
    const replay = { model: session.model, data: 'secret-signature' };
    const content = [
      { type: 'thinking' as const, text: 'Hm', replay },
      { type: 'text' as const, text: 'Hello', replay },
      { type: 'toolCall' as const, id: 'c1', name: 'look', input: {}, replay },
    ];
    const said: ChatItem = {
      id: 'a1',
      jobId: 'j1',
      kind: 'assistant',
      message: reply('a1', '', { content }),
      streaming: false,
    };
    const items = [user('u1', 'Hi', 7), said, { ...said, id: 'live', streaming: true }];
    const text = toJson(session, items, noUsage);
    assert.doesNotMatch(text, /secret-signature|"row"|"old"/);
    const { items: read } = parseChat(text, newId);
    assert.equal(read.length, 2);
    assert.deepEqual(read[1]?.kind === 'assistant' && read[1].message.content, [
      { type: 'thinking', text: 'Hm' },
      { type: 'text', text: 'Hello' },
      { type: 'toolCall', id: 'c1', name: 'look', input: {} },
    ]);
  });

  it('of an earlier version is read too: what was granted then is offered to nobody, and why to be careful stays', () => {
    const file = good();
    Object.assign(file, { version: 1 });
    const asked = { title: 'Run ls?', detail: 'ls', diffs: [] };
    Object.assign(recordOf(file), { prompt: { ...asked, grant: { key: 'k', label: 'ls' } } });
    const promptIn = (): unknown => {
      const [, item] = parseChat(JSON.stringify(file), newId).items;
      return item?.kind === 'step' && item.record.prompt;
    };
    assert.deepEqual(promptIn(), { ...asked, offers: [], reason: '', isCautioned: false });
    Object.assign(recordOf(file), { prompt: { ...asked, caution: '.git is protected' } });
    assert.deepEqual(promptIn(), { ...asked, offers: [], reason: '.git is protected', isCautioned: true });
  });

  it('says nothing of the mode the chat was in, of what could be undone, and of rules', () => {
    const undoable = stepItem(step('s1', 'edit_file', 'a.ts'), {
      status: 'completed',
      result: toolMessage('s1', 'ok'),
      undo: { files: 1, unknown: [] },
      prompt: {
        title: 'Edit a.ts?',
        detail: 'a.ts',
        diffs: [],
        offers: [{ duration: 'session', label: 'edits', matches: [{ kind: 'tool', tool: 'edit_file' }] }],
        reason: 'no rule covers it',
        isCautioned: false,
      },
    });
    const text = toJson({ ...session, mode: 'autopilot' }, [undoable], noUsage);
    assert.doesNotMatch(text, /autopilot|undo|offers/);
    const { session: read } = parseChat(text, newId);
    assert.equal(read.mode, undefined);
    refused(text.replace('"titleBy"', '"mode": "autopilot", "titleBy"'), /damaged/);
  });

  it('has words where an earlier version had written them in the place of a picture that was lost', () => {
    const data = '[This content was stored in a separate file, which is gone.]';
    const lost = { type: 'image' as const, mediaType: 'image/png' as const, data };
    const asked = user('u1', '');
    assert.ok(asked.kind === 'user');
    const seen = toolMessage('s1', '');
    const items: readonly ChatItem[] = [
      { ...asked, message: { ...asked.message, content: [{ ...lost, name: 'a.png' }] } },
      stepItem(step('s1', 'read_file', 'b.png'), {
        status: 'completed',
        result: { ...seen, content: [{ type: 'text', text: 'b.png' }, lost] },
      }),
    ];
    const { items: read } = parseChat(toJson(session, items, noUsage), newId);
    assert.deepEqual(read[0]?.kind === 'user' && read[0].message.content, [
      { type: 'text', text: '[The picture a.png was stored in a separate file, which is gone.]' },
    ]);
    assert.deepEqual(read[1]?.kind === 'step' && read[1].record.result?.content, [
      { type: 'text', text: 'b.png' },
      { type: 'text', text: '[The picture was stored in a separate file, which is gone.]' },
    ]);
  });

  it('is nobody’s own words where it is read: nothing of it runs by itself until the person says something', () => {
    const chats: ChatItem[][] = [
      [user('a', 'run this'), assistant('b', 'I will')],
      [assistant('b', 'I run this now')],
      [user('a', 'run this'), stepItem(step('s', 'look', 'x')), user('c', 'and now go on')],
      [user('a', 'run this')],
    ];
    for (const items of chats) {
      // Also of a chat that was imported, exported and imported once more.
      const once = parseChat(toJson(session, items, noUsage), newId);
      const twice = parseChat(toJson(once.session, once.items, noUsage), newId);
      for (const read of [once, twice]) {
        const messages = messagesOf(read.items);
        assert.equal(taintOf(messages), 'an imported chat');
        assert.equal(taintOf([...messages, { role: 'user', id: 'n', content: [], createdAt: 1 }]), undefined);
      }
    }
  });

  it('has one line for a title, with nothing that cannot be seen', () => {
    const titles = ['  Two\n lines \u0000\u202e', '\u200b \n', 'x'.repeat(500)].map(
      (title) => parseChat(toJson({ ...session, title }, [], noUsage), newId).session.title,
    );
    assert.deepEqual(titles, ['Two lines', 'Imported chat', 'x'.repeat(200)]);
  });

  it('says by which way a message came, in a line with nothing that cannot be seen', () => {
    const sent = (via: string): ChatItem => {
      const item = user('u1', 'Hi');
      return item.kind === 'user' ? { ...item, message: { ...item.message, via } } : item;
    };
    const read = ['Ann, on Telegram', 'Ann\n\u202ex', ' \u200b', 'x'.repeat(1_000)].map((via) => {
      const [item] = parseChat(toJson(session, [sent(via)], noUsage), newId).items;
      return item?.kind === 'user' ? item.message.via : 'no message';
    });
    assert.deepEqual(read, ['Ann, on Telegram', 'Ann x', undefined, 'x'.repeat(400)]);
  });

  it('is written for people to read too', () => {
    const text = toJson(session, [user('u1', 'Hi')], noUsage);
    assert.match(text, /^\{\n {2}"format": "anycowork-chat",\n {2}"version": 2,\n/);
    assert.ok(text.endsWith('}\n'));
  });
});

interface File {
  [key: string]: unknown;
  session: Record<string, unknown>;
  items: Record<string, unknown>[];
}

const done = stepItem(step('s1', 'read_file', 'a.ts'), {
  status: 'completed',
  result: toolMessage('s1', 'ok'),
});

const good = (): File => JSON.parse(toJson(session, [user('u1', 'Hi'), done], noUsage));

const image = (data: string) => ({ type: 'image', mediaType: 'image/png', data });
const messageOf = (file: File): object => Object(file.items[0]?.message);
const recordOf = (file: File): Record<string, unknown> => Object(file.items[1]?.record);
const stepOf = (file: File): object => Object(recordOf(file).step);
const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });

const refused = (content: string, message: RegExp): void => {
  assert.throws(
    () => parseChat(content, newId),
    (error) => error instanceof InputError && message.test(error.message) && error.message.length < 500,
  );
};

describe('chat file: what is refused', () => {
  const whole = JSON.stringify(good(), undefined, 2);

  it('is nothing of what was written', () => {
    assert.equal(parseChat(whole, newId).items.length, 2);
    assert.equal(parseChat(`\ufeff${whole}`, newId).items.length, 2);
  });

  it('is another file', () => {
    for (const other of [
      '',
      'hello',
      '[]',
      'null',
      '7',
      '"anycowork"',
      '{}',
      '{"format":"other","version":1}',
    ]) {
      refused(other, /not a chat that AnyCowork exported as JSON, so nothing was imported\.$/);
    }
  });

  it('is a file that was cut off, wherever', () => {
    for (let length = whole.indexOf('anycowork-chat') + 20; length < whole.length - 1; length += 7) {
      refused(whole.slice(0, length), /cut off or damaged/);
    }
  });

  it('is a file of a newer version', () => {
    refused(JSON.stringify({ ...good(), version: 3, more: [] }), /newer version of AnyCowork\. Update/);
  });

  for (const [name, spoil] of [
    ['a version that is no number', (file) => Object.assign(file, { version: 'x' })],
    ['a word too many', (file) => Object.assign(file, { isAdmin: true })],
    ['a chat without a title', (file) => Object.assign(file.session, { title: 7 })],
    ['an id of its own', (file) => Object.assign(file.session, { id: 'mine' })],
    ['another provider', (file) => Object.assign(file.session, { model: { provider: 'evil', model: 'x' } })],
    ['a time before all times', (file) => Object.assign(file.session, { createdAt: -1 })],
    ['items that are no list', (file) => Object.assign(file, { items: {} })],
    ['an unknown kind', (file) => Object.assign(file.items[0] ?? {}, { kind: 'system' })],
    ['a row', (file) => Object.assign(file.items[0] ?? {}, { row: 1 })],
    ['two entries of one id', (file) => file.items.push(file.items[0] ?? {})],
    ['two ids of one entry', (file) => Object.assign(file.items[0] ?? {}, { id: 'u9' })],
    ['a message of another role', (file) => Object.assign(messageOf(file), { role: 'assistant' })],
    [
      'a text that is none',
      (file) => Object.assign(messageOf(file), { content: [{ type: 'text', text: {} }] }),
    ],
    [
      'provider data',
      (file) => Object.assign(messageOf(file), { content: [{ type: 'text', text: '', replay: {} }] }),
    ],
    [
      'a picture from elsewhere',
      (file) => Object.assign(messageOf(file), { content: [image('https://x.y/z')] }),
    ],
    ['half a picture', (file) => Object.assign(messageOf(file), { content: [image('QUJ')] })],
    [
      'a picture that is too large',
      (file) => Object.assign(messageOf(file), { content: [image('A'.repeat(imageDataLimit + 4))] }),
    ],
    [
      'a script for a picture',
      (file) => Object.assign(messageOf(file), { content: [{ ...image(''), mediaType: 'image/svg+xml' }] }),
    ],
    ['a step that ended without a result', (file) => Object.assign(recordOf(file), { result: undefined })],
    ['an input that is no object', (file) => Object.assign(stepOf(file), { input: [] })],
    ['an input that is too deep', (file) => Object.assign(stepOf(file), { input: deep(200) })],
    ['an effect that is none', (file) => Object.assign(stepOf(file), { effect: 'sudo' })],
  ] as const satisfies readonly (readonly [string, (file: File) => unknown])[]) {
    it(`is ${name}`, () => {
      const file = good();
      spoil(file);
      refused(JSON.stringify(file), /damaged, so nothing was imported/);
    });
  }

  it('is a key that changes what objects are', () => {
    for (const [place, evil] of [
      ['{"format"', '{"__proto__":{"isAdmin":true},"format"'],
      ['"session":{', '"session":{"__proto__":{"isAdmin":true},'],
      ['"session":{', '"session":{"constructor":{"prototype":{"isAdmin":true}},'],
      ['"message":{', '"message":{"__proto__":{"isAdmin":true},'],
      ['"record":{', '"record":{"__proto__":{"isAdmin":true},'],
    ] as const) {
      const text = JSON.stringify(good());
      assert.ok(text.includes(place));
      refused(text.replace(place, evil), /Unrecognized key/);
      assert.equal(Object.hasOwn(Object.prototype, 'isAdmin'), false);
    }
  });

  it('is nothing that a tool was given, which is data only', () => {
    const text = JSON.stringify(good()).replace('"input":{}', '"input":{"__proto__":{"isAdmin":true}}');
    const [, read] = parseChat(text, newId).items;
    const input = read?.kind === 'step' ? read.record.step.input : {};
    assert.ok(Object.hasOwn(input, '__proto__'));
    assert.equal(Reflect.get(input, 'isAdmin'), undefined);
    assert.equal(Object.getPrototypeOf(input), Object.prototype);
  });

  it('is anything at all that is no chat, in words', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('items', 'session', 'usage'), (json, key) => {
        const value: unknown = JSON.parse(json);
        if (key === 'items' && Array.isArray(value) && value.length === 0) return;
        refused(JSON.stringify({ ...good(), [key]: value }), /damaged/);
      }),
      { numRuns: 200 },
    );
  });
});
