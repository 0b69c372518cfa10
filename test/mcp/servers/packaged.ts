/** The protocol's reference servers, as they are installed: processes of their own. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { root } from '../../support/setUp.mjs';

const entry = (name: string): string =>
  path.join(root, 'node_modules/@modelcontextprotocol', name, 'dist/index.js');

export const packaged = (
  name: 'server-everything' | 'server-filesystem' | 'server-memory',
  ...args: readonly string[]
): { readonly command: string; readonly args: readonly string[] } => ({
  command: process.execPath,
  args: [entry(name), ...args],
});

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  await new Promise((resolve) => server.close(resolve));
  return address.port;
};

const begin = async (mode: string, port: number): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [entry('server-everything'), mode], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/on port \d+/.test(text)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`server-everything ended with ${code}: ${text}`)));
  });
  return child;
};

/** server-everything over HTTP. It only takes a port it is told, which another program may take in between. */
export const startEverything = async (
  mode: 'streamableHttp' | 'sse',
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  let failure: unknown;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const port = await freePort();
    try {
      const child = await begin(mode, port);
      return {
        url: `http://127.0.0.1:${port}/${mode === 'sse' ? 'sse' : 'mcp'}`,
        close: async () => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          await ended;
        },
      };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
};
