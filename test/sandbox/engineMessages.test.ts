import assert from 'node:assert/strict';
import { engineProblems, SandboxError } from '../../extension/core/sandbox.ts';
import {
  asEngineLost,
  engineLostOr,
  engineMessage,
  engineWords,
  problemOf,
} from '../../extension/sandbox/engineMessages.ts';

const coded = (code: string, more: object = {}) =>
  Object.assign(new Error(`connect ${code} x`), { code, ...more });
const status = (statusCode: number, words: string) =>
  Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${words} `), { statusCode });

describe('engineMessages', () => {
  it('has a message of its own for each problem, which says what to do', () => {
    const facts = { address: 'unix:///a.sock', foundBy: 'known socket', answer: 'so', folder: '/f' };
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      const all = engineProblems.map((problem) => engineMessage(problem, { ...facts, platform }));
      assert.equal(new Set(all).size, engineProblems.length);
      for (const message of all)
        assert.match(message, /\b(?:Install|Start|Add|Check|Choose|Use|Open|Let)\b.*\.$/);
    }
  });

  it('names who named the address', () => {
    const bySetting = engineMessage('missing', { address: 'unix:///a', foundBy: 'setting' });
    assert.match(bySetting, /the setting anycowork\.sandbox\.host names/);
    assert.match(
      engineMessage('missing', { address: 'unix:///a', foundBy: 'DOCKER_HOST' }),
      /DOCKER_HOST names/,
    );
    assert.doesNotMatch(engineMessage('missing', { address: 'unix:///a', foundBy: 'known socket' }), /unix/);
  });

  const cases: [error: unknown, socket: string, tcp: string][] = [
    [coded('ENOENT'), 'missing', 'unreachable'],
    [coded('EACCES'), 'denied', 'denied'],
    [coded('ECONNREFUSED'), 'stopped', 'unreachable'],
    [coded('ENOTFOUND'), 'stopped', 'unreachable'],
    [new DOMException('late', 'TimeoutError'), 'stopped', 'unreachable'],
    [status(503, 'starting'), 'stopped', 'unreachable'],
    [status(400, 'Client sent an HTTP request to an HTTPS server.'), 'unreachable', 'unreachable'],
    [status(403, 'not you'), 'denied', 'denied'],
    ['what', 'stopped', 'unreachable'],
  ];
  for (const [error, socket, tcp] of cases) {
    it(`reads ${String(error)}`, () => {
      assert.equal(problemOf(error, 'socket').problem, socket);
      assert.equal(problemOf(error, 'tcp').problem, tcp);
    });
  }

  it('takes the engine’s words out of docker-modem’s frame', () => {
    assert.equal(engineWords(status(500, 'no space left')), 'no space left');
    const missing = new Error('(HTTP code 404) no such container - No such image: a:1 ');
    assert.equal(engineWords(missing), 'No such image: a:1');
    assert.equal(engineWords(new Error('one\n  at stack')), 'one');
  });

  it('knows when an engine has gone', () => {
    const gone = [
      coded('ECONNREFUSED'),
      coded('ECONNRESET'),
      coded('ENOENT', { syscall: 'connect' }),
      new Error('socket hang up'),
    ];
    for (const error of gone) assert.equal(asEngineLost(error)?.kind, 'engineLost', error.message);
    const others = [coded('ENOENT', { syscall: 'open' }), status(500, 'x'), new Error('x'), 'x', undefined];
    for (const error of others) assert.equal(asEngineLost(error), undefined);
    const refused = new SandboxError('refused', 'no');
    assert.equal(asEngineLost(refused), undefined);
    assert.throws(
      () => engineLostOr(refused),
      (error) => error === refused,
    );
  });
});
