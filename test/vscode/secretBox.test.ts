import assert from 'node:assert/strict';
import { createSecretBox } from '../../extension/vscode/secretBox.ts';

const fakeSecrets = () => {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (key: string) => kept.get(key),
    store: async (key: string, text: string) => void kept.set(key, text),
    delete: async (key: string) => void kept.delete(key),
  };
};

describe('secret box', () => {
  it('keeps, gives back and forgets, under names of its own', async () => {
    const secrets = fakeSecrets();
    const box = createSecretBox(secrets);
    await box.set('mcp.input:x', 'value-of-x');
    assert.deepEqual([...secrets.kept.keys()], ['anycowork.mcp.input:x']);
    assert.equal(await box.get('mcp.input:x'), 'value-of-x');
    await box.delete('mcp.input:x');
    assert.equal(await box.get('mcp.input:x'), undefined);
  });

  it('tells the redactor what it has seen: a text whole, and of JSON the secrets in it', async () => {
    const secrets = fakeSecrets();
    secrets.kept.set('anycowork.kept', 'from-another-window');
    const box = createSecretBox(secrets);
    assert.deepEqual([...box.live()], []);
    await box.get('kept');
    const kept = JSON.stringify({
      issuer: 'https://id.example',
      token_endpoint_auth_method: 'client_secret_post',
      tokens: { access_token: 'tok-12345678' },
    });
    await box.set('tokens', kept);
    const typed = JSON.stringify({ token_uri: 'https://id.example/token', private_key: 'pem-12345678' });
    await box.set('typed', typed);
    await box.set('short', 'ab');
    assert.deepEqual([...box.live()], ['from-another-window', kept, 'tok-12345678', typed, 'pem-12345678']);
  });

  it('leaves to logs and processes what is plain', async () => {
    const secrets = fakeSecrets();
    const box = createSecretBox(secrets);
    await box.set('folder', '/home/somebody', true);
    assert.equal(await box.get('folder', true), '/home/somebody');
    assert.deepEqual([...box.live()], []);
  });
});
