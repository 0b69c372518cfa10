import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { McpFormField } from '../../extension/core/mcp.ts';
import { checkedAnswer, formFields, problemOf, secretAsked } from '../../extension/mcp/elicitation.ts';
import type { JsonValue } from '../../extension/shared/message.ts';
import { closeConnections, connectTo, createDesk, stdio, until } from './connectionRig.ts';
import { createPeer } from './servers/peer.ts';

const fieldsOf = (properties: object, required: readonly string[] = []): readonly McpFormField[] => {
  const fields = formFields({ type: 'object', properties, required });
  assert.ok(typeof fields !== 'string', String(fields));
  return fields;
};
const fieldOf = (schema: object): McpFormField => {
  const [field] = fieldsOf({ f: schema });
  assert.ok(field !== undefined);
  return field;
};

describe('MCP elicitation: forms', () => {
  it('reads every kind of field', () => {
    const options = [
      { value: 'a', label: 'a' },
      { value: 'b', label: 'b' },
    ];
    const titled = [
      { value: 'a', label: 'Aye' },
      { value: 'b', label: 'Bee' },
    ];
    const consts = [
      { const: 'a', title: 'Aye' },
      { const: 'b', title: 'Bee' },
    ];
    const cases: readonly (readonly [object, McpFormField['kind']])[] = [
      [{ type: 'string' }, { type: 'text' }],
      [
        { type: 'string', format: 'email', minLength: 2, maxLength: 9 },
        { type: 'text', format: 'email', minLength: 2, maxLength: 9 },
      ],
      [{ type: 'string', format: 'some-other' }, { type: 'text' }],
      [
        { type: 'number', minimum: 0, maximum: 1.5 },
        { type: 'number', minimum: 0, maximum: 1.5 },
      ],
      [
        { type: 'integer', minimum: -1 },
        { type: 'integer', minimum: -1 },
      ],
      [{ type: 'boolean' }, { type: 'boolean' }],
      [
        { type: 'string', enum: ['a', 'b'] },
        { type: 'choice', options },
      ],
      [
        { type: 'string', enum: ['a', 'b'], enumNames: ['Aye', 'Bee'] },
        { type: 'choice', options: titled },
      ],
      [
        { type: 'string', oneOf: consts },
        { type: 'choice', options: titled },
      ],
      [
        { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
        { type: 'choice', options, several: {} },
      ],
      [
        { type: 'array', minItems: 1, maxItems: 2, items: { anyOf: consts } },
        { type: 'choice', options: titled, several: { min: 1, max: 2 } },
      ],
    ];
    for (const [schema, kind] of cases) assert.deepEqual(fieldOf(schema).kind, kind);
  });

  it('keeps what it is called, whether it is needed, and defaults that fit', () => {
    const [name, age, colours] = fieldsOf(
      {
        name: {
          type: 'string',
          title: 'Full\u202ename',
          description: 'As in \u001b[1mthe\u001b[0m passport',
          default: 'Ann',
        },
        age: { type: 'integer', maximum: 10, default: 11 },
        colours: { type: 'array', items: { enum: ['red', 'blue'] }, default: ['blue'] },
      },
      ['name'],
    );
    assert.deepEqual(name, {
      key: 'name',
      title: 'Fullname',
      description: 'As in the passport',
      isRequired: true,
      kind: { type: 'text' },
      default: 'Ann',
    });
    assert.equal(age?.default, undefined);
    assert.equal(age?.isRequired, false);
    assert.deepEqual(colours?.default, ['blue']);
  });

  it('refuses forms of another kind', () => {
    for (const [schema, pattern] of [
      [7, /is not that of a form/],
      [{ properties: { a: { type: 'object' } } }, /its field a is of a kind/],
      [{ properties: { a: { type: 'array', items: { type: 'number' } } } }, /its field a is of a kind/],
      [{ properties: { a: true } }, /its field a is of a kind/],
      [
        {
          properties: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`f${i}`, { type: 'string' }])),
        },
        /51 fields/,
      ],
    ] as const) {
      assert.match(String(formFields(schema)), pattern);
    }
  });

  it('finds what asks for secrets, and leaves the rest', () => {
    const asks = (key: string, more: object = {}, message = 'Please fill in'): boolean =>
      secretAsked(message, fieldsOf({ [key]: { type: 'string', ...more } })) !== undefined;
    const secret = [
      ['password'],
      ['apiKey'],
      ['api_key'],
      ['API-KEY'],
      ['github token'],
      ['GITHUB_TOKEN'],
      ['clientSecret'],
      ['key'],
      ['value', { title: 'Your passphrase' }],
      ['value', { description: 'Paste the access key of your account' }],
      ['value', { description: 'We do not store it. Paste the token here' }],
      ['value', {}, 'Enter your password to go on'],
      ['value', {}, 'Enter your password without spaces'],
      ['value', {}, 'Do not leave it empty, enter your password'],
      ['value', { description: 'Your passphrase (no line breaks)' }],
      ['value', {}, 'To connect, I need your GitHub personal access token'],
      ['pin', { type: 'integer' }],
      ['card_number'],
    ] as const;
    for (const [key, more, message] of secret)
      assert.ok(asks(key, more, message), `${key} ${JSON.stringify(more)}`);
    const plain = [
      ['monkey'],
      ['keyboard'],
      ['spinner'],
      ['secretary'],
      ['max_tokens', { type: 'integer' }],
      ['remember password', { type: 'boolean' }],
      ['tokenKind', { enum: ['classic', 'fine'] }],
      ['name', { description: 'Your name (never a password)' }],
      ['number', { type: 'integer', description: 'do not give us your PIN' }],
      ['value', {}, 'We will never ask you to enter your password'],
    ] as const;
    for (const [key, more, message] of plain)
      assert.ok(!asks(key, more, message), `${key} ${JSON.stringify(more)}`);
  });

  it('compares answers with their fields', () => {
    const cases: readonly (readonly [object, JsonValue, boolean])[] = [
      [{ type: 'string', minLength: 2 }, '🙂', false],
      [{ type: 'string', maxLength: 2 }, '🙂🙂', true],
      [{ type: 'string' }, 7, false],
      [{ type: 'string', format: 'email' }, 'a@b.c', true],
      [{ type: 'string', format: 'email' }, 'a b', false],
      [{ type: 'string', format: 'uri' }, 'https://x.y', true],
      [{ type: 'string', format: 'uri' }, 'x', false],
      [{ type: 'string', format: 'date' }, '2026-02-28', true],
      [{ type: 'string', format: 'date' }, '2026-02-30', false],
      [{ type: 'string', format: 'date-time' }, '2026-02-28T10:00:00Z', true],
      [{ type: 'string', format: 'date-time' }, '2026-02-28', false],
      [{ type: 'integer' }, 1.5, false],
      [{ type: 'number', minimum: 1 }, 0, false],
      [{ type: 'number', maximum: 1 }, 2, false],
      [{ type: 'boolean' }, 'true', false],
      [{ type: 'string', enum: ['a'] }, 'b', false],
      [{ type: 'array', items: { enum: ['a', 'b'] } }, ['a', 'a'], false],
      [{ type: 'array', items: { enum: ['a', 'b'] }, minItems: 1 }, [], false],
      [{ type: 'array', items: { enum: ['a', 'b'] }, maxItems: 1 }, ['a', 'b'], false],
      [{ type: 'array', items: { enum: ['a', 'b'] } }, ['b', 'a'], true],
    ];
    for (const [schema, value, fits] of cases) {
      assert.equal(problemOf(fieldOf(schema), value) === undefined, fits, JSON.stringify([schema, value]));
    }
  });

  it('sends only fields of the form, and only what fits', () => {
    const fields = fieldsOf(
      { a: { type: 'string' }, b: { type: 'integer' }, ['__proto__']: { type: 'string' } },
      ['a'],
    );
    assert.deepEqual(checkedAnswer(fields, { a: 'x', extra: 1 }), { content: { a: 'x' } });
    assert.deepEqual(checkedAnswer(fields, {}), { problem: 'a is missing' });
    assert.deepEqual(checkedAnswer(fields, undefined), { problem: 'a is missing' });
    assert.deepEqual(checkedAnswer(fields, { a: 'x', b: 'y' }), { problem: 'b: it is not a number' });
  });

  it('takes any schema and any answer without throwing', () => {
    const word = fc.constantFrom('string', 'number', 'integer', 'boolean', 'array', 'object');
    const property = fc.oneof(
      fc.anything(),
      fc.record(
        {
          type: word,
          enum: fc.anything(),
          oneOf: fc.anything(),
          items: fc.anything(),
          default: fc.anything(),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), property),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (properties, content) => {
          const fields = formFields({ properties, required: Object.keys(properties).slice(0, 1) });
          if (typeof fields === 'string') return;
          secretAsked('m', fields);
          for (const field of fields) {
            if (field.default !== undefined) assert.equal(problemOf(field, field.default), undefined);
          }
          const checked = checkedAnswer(fields, JSON.parse(JSON.stringify(content)));
          if ('content' in checked)
            assert.ok(Object.keys(checked.content).every((key) => fields.some((field) => field.key === key)));
        },
      ),
    );
  });
});

describe('MCP elicitation: questions of a server', () => {
  afterEach(closeConnections);

  const opened = async (samples = false) => {
    const peer = createPeer();
    const desk = createDesk({ samples });
    const transport = stdio({ command: 'nothing', args: [] });
    const connection = await connectTo(transport, desk, { ports: { startProcess: () => peer.transport } });
    const askForm = (properties: object, message = 'm') =>
      peer.ask('elicitation/create', { message, requestedSchema: { type: 'object', properties } });
    return { peer, desk, connection, askForm };
  };

  it('declines forms that ask for secrets, with a line in the log', async () => {
    const { desk, askForm } = await opened();
    const answer = await askForm({ apiKey: { type: 'string' } });
    assert.deepEqual(answer.result, { action: 'decline' });
    const hidden = await askForm({ a: { type: 'string' } }, 'Enter your pass\u200bword');
    assert.deepEqual(hidden.result, { action: 'decline' });
    assert.deepEqual(desk.asked, []);
    assert.match(
      desk.logText(),
      /warning: A form of the server was declined: its field apiKey asks for a secret/,
    );
  });

  it('cancels where the person cannot be asked', async () => {
    const { desk, askForm } = await opened();
    desk.answer = () => Promise.reject(new Error('no window'));
    assert.deepEqual((await askForm({ a: { type: 'string' } })).result, { action: 'cancel' });
    assert.match(desk.logText(), /could not be asked: Error: no window/);
    desk.answer = async () => ({ action: 'accept', content: { a: 7 } });
    assert.deepEqual((await askForm({ a: { type: 'string' } })).result, { action: 'cancel' });
  });

  it('opens http and https pages only', async () => {
    const { peer, desk } = await opened();
    desk.answer = async () => ({ action: 'accept' });
    const askPage = (url: string) =>
      peer.ask('elicitation/create', { mode: 'url', message: 'm', url, elicitationId: '1' });
    for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'vscode://x/y', 'ms-settings:x']) {
      const { result, error } = await askPage(url);
      assert.ok(error !== undefined || JSON.stringify(result) === '{"action":"decline"}', url);
    }
    assert.deepEqual(desk.asked, []);
    assert.deepEqual((await askPage('https://example.org/a')).result, { action: 'accept' });
  });

  it('withdraws the question with the request, and with the connection', async () => {
    const { peer, desk, connection } = await opened();
    const signals: AbortSignal[] = [];
    desk.answer = (_request, signal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    };
    const params = { message: 'm', requestedSchema: { type: 'object', properties: {} } };
    peer.say({ jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params });
    await until(() => signals.length === 1, 'the question');
    peer.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'q' } });
    await until(() => signals[0]?.aborted === true, 'it is withdrawn');
    peer.say({ jsonrpc: '2.0', id: 'r', method: 'elicitation/create', params });
    await until(() => signals.length === 2, 'the second');
    await connection.close();
    assert.equal(signals[1]?.aborted, true);
  });

  it('samples text and pictures, and nothing else', async () => {
    const { peer, desk } = await opened(true);
    const sample = (content: unknown, more: object = {}) =>
      peer.ask('sampling/createMessage', { messages: [{ role: 'user', content }], maxTokens: 11, ...more });
    const text = { type: 'text', text: 'Say' };
    const good = await sample(text, { systemPrompt: 'Be kind' });
    assert.deepEqual(good.result, {
      role: 'assistant',
      content: { type: 'text', text: 'A sampled answer.' },
      model: 'some-model',
      stopReason: 'endTurn',
    });
    assert.deepEqual(desk.sampled[0], {
      server: 'memory',
      systemPrompt: 'Be kind',
      messages: [{ role: 'user', text: 'Say' }],
      maxTokens: 11,
    });
    await sample({ type: 'image', data: 'AAEC', mimeType: 'image/png' });
    assert.deepEqual(desk.sampled[1]?.messages[0]?.image, {
      type: 'image',
      mediaType: 'image/png',
      data: 'AAEC',
    });
    const refused = [
      await sample(text, { tools: [{ name: 't', inputSchema: { type: 'object' } }] }),
      await sample({ type: 'audio', data: 'AAEC', mimeType: 'audio/wav' }),
      await sample({ type: 'image', data: 'AAEC', mimeType: 'image/svg+xml' }),
      await sample({ type: 'text', text: 'x'.repeat(200_001) }),
      await sample(Array.from({ length: 201 }, () => text)),
    ];
    for (const { error } of refused) assert.equal(error?.code, -32_602);
    assert.equal(desk.sampled.length, 2);
  });
});
