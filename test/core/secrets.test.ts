import assert from 'node:assert/strict';
import { redact } from '../../extension/core/redact.ts';
import { toolEnvironment } from '../../extension/core/toolEnvironment.ts';

describe('redact', () => {
  const cases: [string, string, string[]][] = [
    ['a live secret', 'key=hunter2hunter2 end', ['hunter2hunter2']],
    ['an OpenAI key nobody told us of', 'used sk-abcdefghijklmnopqrstuv', []],
    ['a Gemini key in an address', 'GET /v1?key=abcdefghijkl&x=1', []],
    ['a bearer header', 'Authorization: Bearer abcdefghijklmnopqrst', []],
  ];
  for (const [name, text, secrets] of cases) {
    it(`takes out ${name}`, () => {
      const clean = redact(text, secrets);
      assert.match(clean, /\[redacted\]/);
      assert.doesNotMatch(clean, /hunter2|abcdefghijkl/);
    });
  }
  it('leaves other text alone', () => {
    assert.equal(redact('a plain line about tasks', ['short']), 'a plain line about tasks');
  });
});

describe('toolEnvironment', () => {
  it('drops a variable that holds a live secret inside a longer value', () => {
    const environment = {
      HEADERS: 'Authorization: Bearer sk-live-0123456789',
      PROXY: 'http://user:sk-live-0123456789@proxy',
      GREETING: 'a short word',
      SHORT: ' short ',
      EMPTY: '',
    };
    assert.deepEqual(toolEnvironment(environment, [], ['sk-live-0123456789', 'short', '']), {
      GREETING: 'a short word',
      EMPTY: '',
    });
  });

  it('drops our keys by name, any variable that holds one, and the editor’s own', () => {
    const environment = {
      PATH: '/bin',
      GEMINI_API_KEY: 'anything',
      gemini_api_key: 'lower case',
      COPY: ' secret-value ',
      VSCODE_PID: '1',
      ELECTRON_RUN_AS_NODE: '1',
      EMPTY: undefined,
    };
    assert.deepEqual(toolEnvironment(environment, ['GEMINI_API_KEY'], ['secret-value']), { PATH: '/bin' });
  });
});
