/** Why a server's process could not be started, in words for a person. */
import path from 'node:path';
import { counted, cutText } from '../core/text.ts';

/** Codes of our own beside those of the system, which says ENOENT of several things. */
export type SpawnFaultCode = 'NOFOLDER' | 'NOTFOLDER' | 'NOPROGRAM' | 'NOINTERPRETER';

/** A process that cannot be started, by a code of the system or of ours. */
export class SpawnFault extends Error {
  override readonly name = 'SpawnFault';
  readonly code: string;
  constructor(code: SpawnFaultCode) {
    super(code);
    this.code = code;
  }
}

const nodeJs = 'Install Node.js (https://nodejs.org)';
const uv = 'Install uv (https://docs.astral.sh/uv)';
const python = 'Install Python (https://www.python.org)';

/** What brings the programs that servers are usually started with. */
const installs: Readonly<Record<string, string>> = {
  node: nodeJs,
  npx: nodeJs,
  npm: nodeJs,
  uv,
  uvx: uv,
  python,
  python3: python,
  pip: python,
  pipx: 'Install pipx (https://pipx.pypa.io)',
  docker: 'Install Docker (https://docs.docker.com/get-docker)',
  podman: 'Install Podman (https://podman.io)',
  bun: 'Install Bun (https://bun.sh)',
  bunx: 'Install Bun (https://bun.sh)',
  deno: 'Install Deno (https://deno.com)',
};

const shownFolders = 5;

const searched = (searchPath: string): string => {
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== '');
  if (folders.length === 0) return 'The PATH that was searched is empty.';
  const shown = folders.slice(0, shownFolders).map((folder) => cutText(folder, 80));
  const more = folders.length - shown.length;
  return `Searched was the PATH: ${shown.join(', ')}${more > 0 ? ` and ${counted(more, 'more folder')}` : ''}.`;
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const nameOf = (command: string): string =>
  path
    .basename(command)
    .replace(/\.(?:exe|cmd|bat|com)$/i, '')
    .toLowerCase();

const missing = (command: string, searchPath: string): string => {
  if (command.startsWith('~')) {
    return `There is no program “${command}”: “~” does not stand for your home folder here. Write \${userHome} instead.`;
  }
  if (/\s/.test(command) && !/[\\/]/.test(command.split(/\s/)[0] ?? '')) {
    return `There is no program “${command}”. Only the program itself belongs into "command"; what follows it belongs into "args", each word for itself.`;
  }
  if (/[\\/]/.test(command)) {
    return `There is no program “${command}”. Correct "command", or install what belongs there.`;
  }
  const install = Object.hasOwn(installs, nameOf(command)) ? installs[nameOf(command)] : 'Install it';
  return `The program “${command}” was not found. ${searched(searchPath)} ${install}, or give the full path of ${command} as "command". VS Code started from the dock or a menu may not know the PATH of your shell; after an installation, start it anew.`;
};

/**
 * What a person is told of it. Nothing of arguments and variables is in it: they may be secrets.
 * @param error what starting the process threw or emitted, or a SpawnFault
 * @param searchPath the PATH that the program was looked for in
 */
export const spawnProblem = (
  error: unknown,
  { command, cwd }: { readonly command: string; readonly cwd: string },
  searchPath: string,
): string => {
  const program = cutText(command, 200);
  const code = codeOf(error);
  switch (code) {
    case 'NOFOLDER':
      return `The folder ${cwd} that it should start in does not exist. Correct "cwd", or make the folder.`;
    case 'NOTFOLDER':
      return `${cwd}, which it should start in, is no folder. Correct "cwd".`;
    case 'NOPROGRAM':
    case 'ENOENT':
      return missing(program, searchPath);
    case 'NOINTERPRETER':
      return `“${program}” is there, but what it needs to run is not: look at its first line, which names a program that does not exist on this computer.`;
    case 'EACCES':
    case 'EPERM':
      return `The system does not allow “${program}” to be run. Is it a program, and may you run it (chmod +x)? Where it is, give the program that runs it as "command", as in node or python.`;
    case 'ENOTDIR':
      return `There is no program “${program}”: a part of its path is a file, not a folder. Correct "command".`;
    case 'EISDIR':
      return `“${program}” is a folder, not a program. Correct "command".`;
    case 'ENOEXEC':
    case 'EFTYPE':
    case 'UNKNOWN':
      return `“${program}” is no program for this computer. A script needs the program that runs it as "command", and itself in "args".`;
    case 'E2BIG':
    case 'ENAMETOOLONG':
      return `The arguments and variables of “${program}” are longer than the system allows. Shorten "args" or "env".`;
    case 'EMFILE':
    case 'ENFILE':
    case 'EAGAIN':
    case 'ENOMEM':
      return `The system has no room for another process just now (${code}). End other programs, and try again.`;
    case 'ERR_INVALID_ARG_VALUE':
      return `“${program}” cannot be started: an argument or a variable has a character in it that none may have (NUL). Correct "args" or "env".`;
    default:
      return `“${program}” could not be started${code === '' ? '' : ` (${code})`}. Try the same command in a terminal.`;
  }
};
