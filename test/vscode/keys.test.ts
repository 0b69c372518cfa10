import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { createKeys } from '../../extension/vscode/keys.ts';

const name = 'anycowork.apiKey.gemini';

const variables = { gemini: ['GEMINI_API_KEY'], openai: [], anthropic: [], openaiCompatible: [] };

/** A SecretStorage that answers when it is told to. */
const slowSecrets = () => {
  const kept = new Map<string, string>();
  const listeners = new Set<(event: vscode.SecretStorageChangeEvent) => unknown>();
  const waiting: (() => void)[] = [];
  const announce = (key: string): void => {
    for (const listener of listeners) listener({ key });
  };
  const secrets: vscode.SecretStorage = {
    get: (key) =>
      new Promise((resolve) => {
        const value = kept.get(key);
        waiting.push(() => resolve(value));
      }),
    store: async (key, value) => {
      kept.set(key, value);
      announce(key);
    },
    delete: async (key) => {
      kept.delete(key);
      announce(key);
    },
    onDidChange: (listener) => {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
  };
  return {
    secrets,
    kept,
    listeners,
    answer: (): number => {
      const asked = waiting.splice(0);
      for (const each of asked) each();
      return asked.length;
    },
  };
};

/** What a promise resolves to when nobody answers any more. */
const atOnce = async <T>(promise: Promise<T>): Promise<T | 'waits'> =>
  await Promise.race([promise, new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')))]);

describe('keys', () => {
  it('waits for the stored key once, and then answers at once', async () => {
    const { secrets, kept, answer } = slowSecrets();
    kept.set(name, ' stored-key ');
    const keys = createKeys(secrets, variables, { GEMINI_API_KEY: 'from-environment' }, () => 0);
    const first = keys.get('gemini');
    assert.equal(await atOnce(first), 'waits');
    answer();
    assert.equal(await first, 'stored-key');
    assert.equal(await atOnce(keys.get('gemini')), 'stored-key');
  });

  it('remembers too that none is stored', async () => {
    const { secrets, answer } = slowSecrets();
    const keys = createKeys(secrets, variables, { GEMINI_API_KEY: 'from-environment' }, () => 0);
    const first = keys.get('gemini');
    answer();
    assert.equal(await first, 'from-environment');
    assert.equal(await atOnce(keys.get('gemini')), 'from-environment');
  });

  it('forgets what it knew as soon as a change is announced', async () => {
    const { secrets, kept, answer } = slowSecrets();
    kept.set(name, 'old-key');
    let now = 0;
    const keys = createKeys(secrets, variables, {}, () => now);
    const first = keys.get('gemini');
    answer();
    await first;
    now = 60_000;
    const overtaken = keys.get('gemini');
    await keys.set('gemini', 'new-key');
    // What was under way when the key changed must not be taken for the new one.
    assert.equal(answer(), 1);
    assert.equal(await overtaken, 'old-key');
    const next = keys.get('gemini');
    assert.equal(await atOnce(next), 'waits');
    answer();
    assert.equal(await next, 'new-key');
  });

  it('learns in time of a change that nobody announced, without making a request wait', async () => {
    const { secrets, kept, answer } = slowSecrets();
    kept.set(name, 'old-key');
    let now = 0;
    const keys = createKeys(secrets, variables, {}, () => now);
    const first = keys.get('gemini');
    answer();
    await first;
    kept.delete(name);
    assert.equal(await atOnce(keys.get('gemini')), 'old-key');
    assert.equal(answer(), 0);
    now = 60_000;
    assert.equal(await atOnce(keys.get('gemini')), 'old-key');
    assert.equal(answer(), 1);
    await atOnce(Promise.resolve());
    assert.equal(await atOnce(keys.get('gemini')), undefined);
  });

  it('shows where a key comes from as it is now', async () => {
    const { secrets, kept, answer } = slowSecrets();
    kept.set(name, 'stored-key');
    const keys = createKeys(secrets, variables, { GEMINI_API_KEY: 'from-environment' }, () => 0);
    const stored = keys.source('gemini');
    answer();
    assert.equal(await stored, 'stored');
    kept.delete(name);
    const now = keys.source('gemini');
    answer();
    assert.equal(await now, 'environment');
  });

  it('knows every key for the redactor, and stops listening', async () => {
    const { secrets, listeners } = slowSecrets();
    const keys = createKeys(secrets, variables, { GEMINI_API_KEY: 'from-environment' }, () => 0);
    await keys.set('gemini', 'typed-key');
    assert.deepEqual([...keys.live()].sort(), ['from-environment', 'typed-key']);
    keys.dispose();
    assert.equal(listeners.size, 0);
  });
});
