import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { McpFormField } from '../../extension/core/mcp.ts';
import { resetVscode, shownDocuments } from '../fakes/vscode.ts';
import { documentText, leave, peopleRig, seat, textField } from './mcpPeopleRig.ts';

let desk: ReturnType<typeof seat>;
/** Of a suite: hooks outside of one would run for every file. */
const atDesk = (): void => {
  beforeEach(() => {
    resetVscode();
    desk = seat();
  });
  afterEach(() => desk.restore());
};

const never = new AbortController().signal;
const form = (fields: readonly McpFormField[], message = 'Where to?') => ({
  kind: 'form' as const,
  server: 'travel',
  message,
  fields,
});
const options = ['red', 'green', 'blue'].map((value) => ({ value, label: value.toUpperCase() }));

describe('forms of MCP servers', () => {
  atDesk();

  it('name the server, show its words as such, and are filled in field by field', async () => {
    const { people } = peopleRig();
    const fields: McpFormField[] = [
      textField('city', { title: 'City', description: 'Of arrival', isRequired: true }),
      textField('days', { kind: { type: 'integer', minimum: 1, maximum: 9 }, isRequired: true }),
      textField('loud', { kind: { type: 'boolean' }, default: false, isRequired: true }),
      textField('one', { kind: { type: 'choice', options }, default: 'green', isRequired: true }),
      textField('many', {
        kind: { type: 'choice', options, several: { max: 2 } },
        default: ['red'],
        isRequired: true,
      }),
    ];
    desk.reply('Answer…', 'Rome', ' 3 ', 'No', 'GREEN', ['RED', 'BLUE'], 'Send to travel');
    assert.deepEqual(await people.elicit(form(fields), never), {
      action: 'accept',
      content: { city: 'Rome', days: 3, loud: false, one: 'green', many: ['red', 'blue'] },
    });
    const [first, city, days, loud, one, many, last] = desk.shown;
    assert.equal(first?.title, 'The MCP server travel asks');
    assert.equal(first?.placeHolder, 'Its words: “Where to?”');
    assert.deepEqual(first?.rows, ['Answer…', 'Decline', 'Show Its Whole Words']);
    assert.equal(city?.title, 'MCP server travel (1 of 5): City');
    assert.equal(city?.prompt, '“Of arrival” (required)');
    assert.equal(city?.problem(''), 'It is required.');
    assert.equal(days?.problem('0'), 'It is below 1.');
    assert.equal(days?.problem('2.5'), 'It is not a whole number.');
    assert.equal(days?.problem('ten'), 'It is not a number.');
    assert.equal(days?.problem('9'), undefined);
    assert.deepEqual(loud?.rows, ['No', 'Yes'], 'the default first');
    assert.equal(one?.rows[0], 'GREEN | green');
    assert.deepEqual(many?.picked, ['RED | red']);
    assert.equal(last?.title, 'Send this to the MCP server travel?');
    assert.equal(last?.rows[0], 'Look Through It Again', 'what Enter takes sends nothing');
    assert.deepEqual(last?.rows.slice(4), [
      'City | Rome',
      'days | 3',
      'loud | No',
      'one | GREEN',
      'many | RED, BLUE',
    ]);
  });

  it('leave out what is optional and empty', async () => {
    const { people } = peopleRig();
    const fields = [
      textField('a', { default: 'from the server' }),
      textField('b', { kind: { type: 'number' } }),
      textField('c', { kind: { type: 'boolean' } }),
      textField('d', { kind: { type: 'choice', options } }),
      textField('e', { kind: { type: 'choice', options, several: {} } }),
    ];
    desk.reply('Answer…', '', '', 'Leave It Out', 'Leave It Out', [], 'Send to travel');
    assert.deepEqual(await people.elicit(form(fields), never), { action: 'accept', content: {} });
    assert.equal(desk.shown[1]?.value, 'from the server');
    assert.equal(desk.shown[3]?.rows[0], 'Leave It Out');
  });

  it('can be looked through again, whole or one field', async () => {
    const { people } = peopleRig();
    const fields = [textField('a'), textField('b')];
    desk.reply('Answer…', '1', '2', 'b', '3', 'Look Through It Again', '4', '3', 'Send to travel');
    const answer = await people.elicit(form(fields), never);
    assert.deepEqual(answer, { action: 'accept', content: { a: '4', b: '3' } });
    assert.deepEqual(
      desk.shown.filter(({ title }) => title.startsWith('MCP server')).map(({ value }) => value),
      ['', '', '2', '1', '3'],
    );
  });

  it('ask again where a choice of several does not fit', async () => {
    const { people } = peopleRig();
    const fields = [
      textField('m', { kind: { type: 'choice', options, several: { min: 2 } }, isRequired: true }),
    ];
    desk.reply('Answer…', ['RED'], ['RED', 'BLUE'], 'Send to travel');
    assert.deepEqual(await people.elicit(form(fields), never), {
      action: 'accept',
      content: { m: ['red', 'blue'] },
    });
    assert.match(desk.shown[2]?.placeHolder ?? '', /does not fit: fewer than 2 are chosen/);
    assert.deepEqual(desk.shown[2]?.picked, ['RED | red']);
  });

  it('are declined or cancelled at each step, and nothing is sent', async () => {
    const { people } = peopleRig();
    const fields = [textField('a')];
    for (const [replies, action] of [
      [['Decline'], 'decline'],
      [[undefined], 'cancel'],
      [['Answer…', undefined], 'cancel'],
      [['Answer…', 'x', undefined], 'cancel'],
      [['Answer…', 'x', 'Decline'], 'decline'],
    ] as const) {
      desk.reply(...replies);
      assert.deepEqual(await people.elicit(form(fields), never), { action });
    }
  });

  it('close when the call that they belong to is over', async () => {
    for (const replies of [[], ['Answer…'], ['Answer…', 'x']]) {
      const { people } = peopleRig();
      const controller = new AbortController();
      desk.reply(...replies, leave);
      const asked = people.elicit(form([textField('a')]), controller.signal);
      while (!desk.isOpen()) await turn();
      controller.abort();
      assert.deepEqual(await asked, { action: 'cancel' });
      assert.ok(!desk.isOpen());
    }
  });

  it('that ask for secrets are not shown', async () => {
    const { people } = peopleRig();
    assert.deepEqual(await people.elicit(form([textField('apiKey')]), never), { action: 'decline' });
    assert.deepEqual(await people.elicit(form([textField('x')], 'Enter your password'), never), {
      action: 'decline',
    });
    assert.deepEqual(desk.shown, []);
  });

  it('with many words show them in a document, where they cannot pass for ours', async () => {
    const { people } = peopleRig();
    const message = `Hello\u202e\nAnyCowork says: trust this.\n${'x'.repeat(300)}`;
    desk.reply('Show Its Whole Words', 'Decline');
    await people.elicit(form([textField('a\u200bb')], message), never);
    assert.equal(shownDocuments.length, 2);
    const text = await documentText(shownDocuments[0]);
    assert.match(text, /^│ AnyCowork says: trust this\.$/m);
    assert.match(text, /│ Hello\\u\{202E\}/);
    assert.match(text, /│ a\\u\{200b\}b/);
    assert.ok(text.includes('x'.repeat(300)));
  });

  it('may have fields of any name', async () => {
    const { people } = peopleRig();
    desk.reply('Answer…', 'x', 'Send to travel');
    const answer = await people.elicit(form([textField('__proto__')]), never);
    assert.ok(answer.action === 'accept' && answer.content !== undefined);
    assert.deepEqual(Object.entries(answer.content), [['__proto__', 'x']]);
    assert.equal(Object.getPrototypeOf(answer.content), Object.prototype);
  });
});
