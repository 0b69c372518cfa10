import { spawn } from 'node:child_process';
import type { HostProcess } from '../core/skills.ts';
import { findProgram } from './findProgram.ts';
import { groupIsAlive, killTree } from './processTree.ts';
import { watchChild } from './watchChild.ts';

/** Runs programs on this computer that nothing holds; whoever calls it has asked. */
export const createHostProcess = (): HostProcess => ({
  run: async ({ argv, folder, environment, input, timeoutMs, onOutput }, signal) => {
    signal.throwIfAborted();
    const [program, ...parameters] = argv;
    if (program === undefined) throw new Error('There is no program to run.');
    const file = await findProgram(program, environment);
    if (file === undefined) {
      throw Object.assign(new Error(`spawn ${program} ENOENT`), { code: 'ENOENT', syscall: 'spawn' });
    }
    signal.throwIfAborted();
    const child = spawn(file, parameters, {
      cwd: folder,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      // A group of its own, which ends as a whole; on Windows it would be a window of its own.
      detached: process.platform !== 'win32',
    });
    // Who ends without reading its input closes the pipe: nothing is wrong with that.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const { pid } = child;
    const endGroup = async (): Promise<void> => {
      if (pid !== undefined && (await groupIsAlive(pid))) await killTree(pid);
    };
    const { exitCode, timedOut } = await watchChild(child, { timeoutMs, onOutput, onExit: endGroup }, signal);
    return { exitCode, timedOut };
  },
});
