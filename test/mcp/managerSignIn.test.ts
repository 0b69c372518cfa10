import assert from 'node:assert/strict';
import { McpSignInError } from '../../extension/core/mcp.ts';
import { atRest } from '../fakes/clock.ts';
import { createRig, remoteConfig, stdioConfig, textOf } from './managerRig.ts';

describe('remote MCP servers', () => {
  it('need a sign-in where the server says so, and restart after it', async () => {
    const rig = createRig({ configs: [remoteConfig('cloud')] });
    rig.server('cloud').onConnect = async () => {
      if (!rig.signIns.signedIn.has('cloud')) throw new McpSignInError('Sign in at cloud first.');
    };
    await assert.rejects(rig.manager.start('cloud'), McpSignInError);
    assert.equal(await rig.state('cloud'), 'signIn');
    await rig.manager.signIn('cloud', new AbortController().signal);
    assert.equal(await rig.state('cloud'), 'ready');
    assert.equal((await rig.info('cloud')).isSignedIn, true);
    await rig.manager.signOut('cloud');
    assert.equal((await rig.info('cloud')).isSignedIn, false);
    assert.equal(rig.server('cloud').last().isClosed(), true);
    assert.deepEqual(rig.signIns.calls, ['in cloud', 'out cloud']);
    assert.deepEqual(
      rig.audits.map(({ title }) => title),
      ['approved', 'signed in', 'signed out'].map((what) => `MCP server cloud: ${what}`),
    );
  });

  it('say so too where a call needs another sign-in, until one works', async () => {
    const rig = createRig({ configs: [remoteConfig('cloud')] });
    await rig.manager.start('cloud');
    const works = rig.server('cloud').onCall;
    rig.server('cloud').onCall = async () => {
      throw new McpSignInError('Sign in at cloud again.');
    };
    assert.match(textOf(await rig.call('cloud__read')), /Sign in at cloud again/);
    assert.equal(await rig.state('cloud'), 'signIn');
    assert.equal(rig.server('cloud').last().isClosed(), false);
    rig.server('cloud').onCall = works;
    await rig.call('cloud__read');
    assert.equal(await rig.state('cloud'), 'ready');
    assert.equal(rig.server('cloud').requests.length, 1);
  });

  it('wait for no sign-in behind the end of the window', async () => {
    const rig = createRig({ configs: [remoteConfig('cloud')] });
    rig.signIns.wait = new Promise(() => undefined);
    const signIn = assert.rejects(rig.manager.signIn('cloud', new AbortController().signal), /being closed/);
    await atRest();
    assert.deepEqual(rig.signIns.calls, ['in cloud']);
    await rig.manager.close();
    await signIn;
  });

  it('open no browser for an address that nobody has approved', async () => {
    const rig = createRig({ configs: [remoteConfig('cloud'), stdioConfig('memory')] });
    rig.approve = () => false;
    const { signal } = new AbortController();
    await assert.rejects(rig.manager.signIn('cloud', signal), /was not approved/);
    rig.approve = () => true;
    await assert.rejects(rig.manager.signIn('memory', signal), /nothing to sign in at/);
    assert.deepEqual(rig.signIns.calls, []);
  });
});
