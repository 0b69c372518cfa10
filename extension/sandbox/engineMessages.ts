import { type EngineProblem, SandboxError } from '../core/sandbox.ts';
import { errorCode } from './errorCode.ts';
import { EngineHangs, statusOf } from './stop.ts';

/** What a message can name. */
export interface ProblemFacts {
  /** `unix:///var/run/docker.sock`; absent where nothing was named and nothing found. */
  readonly address?: string;
  /** `setting`, `DOCKER_HOST`, `context colima`, `known socket`. */
  readonly foundBy?: string;
  /** What the system or the engine said: `connection refused`. */
  readonly answer?: string;
  /** Of `folderUnseen`. */
  readonly folder?: string;
  readonly platform?: NodeJS.Platform;
}

const settingName = 'anycowork.sandbox.host';

const whereNamed = (foundBy: string | undefined): string => {
  if (foundBy === 'setting') return `the setting ${settingName}`;
  if (foundBy === undefined || foundBy === 'known socket') return '';
  return foundBy;
};

const howToStart = (platform: NodeJS.Platform | undefined): string =>
  platform === 'linux'
    ? 'Start it (`sudo systemctl start docker`, or Docker Desktop)'
    : 'Start Docker Desktop, or the engine that you use';

const missing = ({ address, foundBy, answer, platform }: ProblemFacts): string => {
  const named = whereNamed(foundBy);
  if (address !== undefined && named !== '') {
    return `There is no container engine at ${address}, which ${named} names${answer === undefined ? '' : ` (${answer})`}. Start that engine, or correct ${named}.`;
  }
  const start = platform === 'win32' || platform === 'darwin' ? 'Docker Desktop' : 'Docker or Podman';
  return `No container engine was found. Install ${start} and start it. Where it listens at an unusual place, write the address into the setting ${settingName}.`;
};

const denied = ({ address, answer, platform }: ProblemFacts): string => {
  const fix =
    platform === 'linux'
      ? 'Add yourself to its group (`sudo usermod -aG docker $USER`), log out and in again; or use rootless Docker or Podman.'
      : 'Let your user in there, or use another engine.';
  return `A container engine is there, but you may not use it: ${answer ?? 'permission denied'} at ${address ?? 'its socket'}. ${fix}`;
};

const stopped = ({ address, answer, platform }: ProblemFacts): string =>
  `The container engine does not run: at ${address ?? 'its socket'} nobody answers${answer === undefined ? '' : ` (${answer})`}. ${howToStart(platform)} and try again.`;

const unreachable = ({ address, foundBy, answer }: ProblemFacts): string => {
  const named = whereNamed(foundBy);
  const check = named === '' ? 'that the engine runs' : `that the engine runs, and ${named}`;
  // A refused address brings its own predicate.
  if (answer !== undefined && /^(?:is|begins) /.test(answer)) {
    return `The engine address ${address} ${answer}. Name an engine on this computer${named === '' ? '' : ` in ${named}, or nothing`}.`;
  }
  return `The container engine at ${address} cannot be reached${answer === undefined ? '' : `: ${answer}`}. Check ${check}.`;
};

const folderUnseen = ({ address, folder, platform }: ProblemFacts): string => {
  const share =
    platform === 'linux'
      ? ''
      : ', or share the folder with it (Docker Desktop: Settings, Resources, File sharing)';
  return `The container engine at ${address} does not see the folder ${folder}: it runs on another computer or in another container, or the folder is not shared with it. Use an engine on the computer where the folder lies${share}.`;
};

/** What is wrong and what to do; sentences for a person. */
export const engineMessage = (problem: EngineProblem, facts: ProblemFacts): string => {
  switch (problem) {
    case 'missing':
      return missing(facts);
    case 'denied':
      return denied(facts);
    case 'stopped':
      return stopped(facts);
    case 'unreachable':
      return unreachable(facts);
    case 'windowsContainers':
      return `Docker at ${facts.address ?? 'this computer'} runs Windows containers, and skills need Linux ones. Choose “Switch to Linux containers…” in the menu of Docker Desktop and try again.`;
    case 'folderUnseen':
      return folderUnseen(facts);
    case 'virtualWorkspace':
      return 'This folder does not lie on a disk, so no container can work in it. Open a folder of a disk to use the sandbox.';
  }
};

/** The engine's own words of a refused request, without docker-modem's frame around them; one line. */
export const engineWords = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  const bare = text.replace(/^\(HTTP code \d+\) (?:unexpected|[a-z ]+?) - /, '').trim();
  return (bare.split('\n')[0] ?? '').slice(0, 500);
};

const codeWords: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection broken off',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'no such computer',
  EAI_AGAIN: 'no such computer',
  EHOSTUNREACH: 'no way to that computer',
  ENETUNREACH: 'no way to that computer',
};

/** What the failure of a first request says about an engine. */
export const problemOf = (
  error: unknown,
  kind: 'socket' | 'tcp',
): { readonly problem: EngineProblem; readonly answer: string } => {
  const silent = kind === 'socket' ? 'stopped' : 'unreachable';
  if (!(error instanceof Error)) return { problem: silent, answer: String(error) };
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return { problem: silent, answer: 'no answer in time' };
  const status = statusOf(error);
  if (status !== undefined) {
    const answer = `answered ${status} ${engineWords(error)}`.trim();
    if (status === 401 || status === 403) return { problem: 'denied', answer };
    return { problem: status >= 500 ? silent : 'unreachable', answer };
  }
  const code = errorCode(error) ?? '';
  const answer = codeWords[code] ?? engineWords(error);
  if (code === 'EACCES' || code === 'EPERM') return { problem: 'denied', answer };
  if (kind === 'socket' && (code === 'ENOENT' || code === 'ENOTDIR')) return { problem: 'missing', answer };
  return { problem: silent, answer };
};

const lostCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const isConnectError = (error: Error): boolean => 'syscall' in error && error.syscall === 'connect';

/** `engineLost` where an error says that the engine went away (connection refused, reset, socket gone) or hangs; else undefined. */
export const asEngineLost = (error: unknown): SandboxError | undefined => {
  if (error instanceof SandboxError) return error.kind === 'engineLost' ? error : undefined;
  if (error instanceof EngineHangs) {
    return new SandboxError(
      'engineLost',
      'The container engine does not answer any more. Files that were written until then are kept. Restart the engine and try once more.',
      { cause: error },
    );
  }
  if (!(error instanceof Error) || statusOf(error) !== undefined) return undefined;
  const code = errorCode(error) ?? '';
  if (!lostCodes.has(code) && !isConnectError(error) && !/^(?:socket hang up|aborted)$/.test(error.message))
    return undefined;
  return new SandboxError(
    'engineLost',
    `The container engine went away (${codeWords[code] ?? error.message}). Files that were written until then are kept. Start the engine again and try once more.`,
    { cause: error },
  );
};

/** For catch(): throws `engineLost`, or the error itself. */
export const engineLostOr = (error: unknown): never => {
  throw asEngineLost(error) ?? error;
};
