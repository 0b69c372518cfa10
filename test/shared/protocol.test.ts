import assert from 'node:assert/strict';
import { parseToHost } from '../../extension/shared/protocol.ts';

describe('protocol', () => {
  it('takes what the view sends', () => {
    const send = { type: 'send', requestId: '1', sessionId: '', text: 'hi', images: [] };
    assert.deepEqual(parseToHost(send), send);
    assert.equal(parseToHost({ type: 'ready' }).type, 'ready');
  });
  const wrong: [string, unknown][] = [
    ['not an object', 'ready'],
    ['an unknown type', { type: 'runCommand', command: 'ls' }],
    ['a missing field', { type: 'send', text: 'hi' }],
    ['a message that names no chat', { type: 'send', requestId: '1', text: 'hi', images: [] }],
    ['a wrong scope', { type: 'decide', stepId: '1', approved: true, scope: 'forever' }],
    ['an unknown action', { type: 'act', action: 'deleteEverything', sessionId: '1' }],
    [
      'a picture of another kind',
      {
        type: 'send',
        requestId: '1',
        sessionId: '1',
        text: '',
        images: [{ mediaType: 'image/svg+xml', data: '' }],
      },
    ],
  ];
  for (const [name, value] of wrong) {
    it(`refuses ${name}`, () => assert.throws(() => parseToHost(value)));
  }
});
