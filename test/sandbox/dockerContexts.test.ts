import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { currentContextName, readContext } from '../../extension/sandbox/dockerContexts.ts';
import { createEngineFinder } from '../../extension/sandbox/engineFinder.ts';

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex');

/** The files of the docker command, as it writes them. */
const filesOf = (texts: Record<string, string>) => ({
  folder: '/cfg',
  readFile: async (file: string): Promise<string> => {
    const text = texts[file];
    if (text === undefined) throw new Error('no such file');
    return text;
  },
});

const meta = (name: string, docker: object) => ({
  [`/cfg/contexts/meta/${idOf(name)}/meta.json`]: JSON.stringify({
    Name: name,
    Metadata: { Description: 'colima' },
    Endpoints: { docker },
  }),
});

describe('dockerContexts', () => {
  it('reads which context is chosen', async () => {
    const chosen = (config: string) => currentContextName(filesOf({ '/cfg/config.json': config }));
    assert.equal(await chosen('{"auths":{},"currentContext":"colima"}'), 'colima');
    for (const none of ['{}', '{"currentContext":"default"}', '{"currentContext":""}', '{broken', '[]'])
      assert.equal(await chosen(none), undefined, none);
    assert.equal(await currentContextName(filesOf({})), undefined);
  });

  it('reads where its engine is', async () => {
    const host = 'unix:///home/me/.colima/default/docker.sock';
    const files = filesOf(meta('colima', { Host: host, SkipTLSVerify: false }));
    assert.deepEqual(await readContext(files, 'colima'), {
      name: 'colima',
      host,
      certificates: { skipsVerify: false },
      isTls: false,
    });
    assert.equal(await readContext(files, 'other'), undefined);
    assert.equal(await readContext(filesOf(meta('colima', {})), 'colima'), undefined);
  });

  it('brings its TLS material', async () => {
    const folder = `/cfg/contexts/tls/${idOf('far')}/docker`;
    const texts = {
      [`${folder}/ca.pem`]: 'CA',
      [`${folder}/cert.pem`]: 'CERT',
      [`${folder}/key.pem`]: 'KEY',
    };
    const files = filesOf({ ...meta('far', { Host: 'tcp://far:1234' }), ...texts });
    const context = await readContext(files, 'far');
    assert.deepEqual(context?.certificates, { ca: 'CA', cert: 'CERT', key: 'KEY', skipsVerify: false });
    assert.equal(context?.isTls, true);
    const blind = await readContext(
      filesOf(meta('far', { Host: 'tcp://far:1', SkipTLSVerify: true })),
      'far',
    );
    assert.deepEqual([blind?.isTls, blind?.certificates.skipsVerify], [true, true]);
  });

  it('leads the finder to its engine, by DOCKER_CONTEXT before the chosen one', async () => {
    const { readFile } = filesOf({
      '/cfg/config.json': '{"currentContext":"chosen"}',
      ...meta('chosen', { Host: 'unix:///chosen/none.sock' }),
      ...meta('named', { Host: 'unix:///named/none.sock' }),
    });
    const tried = async (environment: Record<string, string>) => {
      const ports = {
        setting: () => '',
        home: '/nobody',
        platform: 'linux' as const,
        now: () => 0,
        readFile,
      };
      const found = await createEngineFinder({
        ...ports,
        environment: { DOCKER_CONFIG: '/cfg', ...environment },
        open: () => {
          throw Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' });
        },
      }).find();
      assert.ok(found.kind === 'unavailable');
      return found.tried;
    };
    assert.equal((await tried({}))[0], 'unix:///chosen/none.sock (context chosen): no such file');
    assert.ok((await tried({})).length > 1);
    assert.deepEqual(await tried({ DOCKER_CONTEXT: 'named' }), [
      'unix:///named/none.sock (context named): no such file',
    ]);
    assert.ok((await tried({ DOCKER_CONTEXT: 'default' })).every((line) => line.includes('known socket')));
  });
});
