import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolders, makeSandbox, runIn, type TestFolders } from '../sandbox/sandboxSupport.ts';
import { dockerHost } from '../support/dockerEngine.ts';
import { median } from '../support/statistics.ts';
import { type Figure, milliseconds, sampled } from './figure.ts';

const image = 'debian:bookworm-slim';
const goalMs = 100;
const program = ['echo', 'here'];

/** @returns milliseconds from the call to the first output of `docker run` */
const byHand = (host: string, { workspace }: TestFolders): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    let took: number | undefined;
    const mount = `type=bind,source=${workspace},target=/workspace`;
    const parameters = [
      '--host',
      host,
      'run',
      '--rm',
      '--network',
      'none',
      '--mount',
      mount,
      image,
      ...program,
    ];
    const child = spawn('docker', parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => {
      took = performance.now() - began;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (took === undefined || code !== 0) reject(new Error(`docker run ended with ${code}.`));
      else resolve(took);
    });
  });

const atOnce = async (count: number, one: () => Promise<number>): Promise<readonly number[]> =>
  Promise.all(Array.from({ length: count }, one));

/**
 * From the call to the first output of a program in a container of its own, beside `docker run` with no limits, turn by
 * turn in one run. No figures where there is no engine. @throws Error without the docker command
 */
export const measureSandbox = async (runs = 20): Promise<readonly Figure[]> => {
  const host = dockerHost();
  if (host === undefined) {
    console.log('  sandbox: left out, there is no Docker engine');
    return [];
  }
  const folders = makeFolders();
  // As in a project: something to mount read-only.
  for (const name of ['.npmrc', 'AGENTS.md']) writeFileSync(path.join(folders.workspace, name), '');
  const { sandbox } = makeSandbox(host, folders.quarantine);
  const ours = async (): Promise<number> => {
    const began = performance.now();
    let took: number | undefined;
    const limits = { image };
    const onText = (): void => {
      took ??= performance.now() - began;
    };
    await runIn(sandbox, folders.workspace, program, { limits, onText });
    if (took === undefined) throw new Error('The program wrote nothing.');
    return took;
  };
  const figures: Figure[] = [];
  try {
    await ours();
    await byHand(host, folders);
    for (const count of [1, 4]) {
      const [sandboxed, plain]: [number[], number[]] = [[], []];
      for (let turn = 0; turn < runs; turn += 1) {
        sandboxed.push(...(await atOnce(count, ours)));
        plain.push(...(await atOnce(count, () => byHand(host, folders))));
      }
      figures.push(
        sampled(`sandbox, first output, ${count} at once`, sandboxed),
        sampled(`  docker run by hand, ${count} at once`, plain),
        milliseconds('  above it', median(sandboxed) - median(plain), goalMs),
      );
    }
    return figures;
  } finally {
    await sandbox.close();
    folders.remove();
  }
};
