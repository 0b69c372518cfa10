/** Reasons to look twice at what a server would start or connect to. Short phrases; none of them decides anything. */
import path from 'node:path';
import { hasHidden } from './visibleText.ts';

export interface StartFacts {
  readonly platform: NodeJS.Platform;
  readonly command: string;
  readonly args: readonly string[];
  /** Of `env` and of the environment file. */
  readonly environmentNames: readonly string[];
  readonly cwd: string;
  /** Open folders: their files change by the hands of agents. */
  readonly folders: readonly string[];
}

/** These say what other programs load or whom they trust. */
const loaderVariable =
  /^(?:NODE_OPTIONS|NODE_PATH|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS|LD_[A-Z_]+|DYLD_[A-Z_]+|PYTHON(?:PATH|HOME|STARTUP|INSPECT|WARNINGS)|PERL5(?:LIB|OPT|DB)|RUBY(?:OPT|LIB)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|BASH_ENV|ENV|IFS|SHELLOPTS|PATH|PATHEXT|COMSPEC|GIT_SSH(?:_COMMAND)?|GIT_EXEC_PATH|GIT_CONFIG.*|npm_config_.*|NPM_CONFIG_.*|UV_(?:INDEX.*|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS)|PIP_.*|(?:HTTPS?|ALL)_PROXY|SSL_CERT_(?:FILE|DIR)|DOCKER_HOST|ELECTRON_RUN_AS_NODE)$/i;

const shells = new Set(['sh', 'bash', 'zsh', 'dash', 'ash', 'ksh', 'fish', 'csh', 'tcsh']);
const elevators = new Set(['sudo', 'doas', 'su', 'pkexec', 'runas', 'gsudo']);
const interpreters = new Set([
  'node',
  'deno',
  'bun',
  'python',
  'python3',
  'py',
  'ruby',
  'perl',
  'php',
  'tsx',
  'ts-node',
]);

const exactNpm = /^(?:@[^/@]+\/)?[^@/]+@v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/;
const exactPython = /^[^=@\s]+(?:==|@)\d[\w.!+-]*$/;

/** `C:\tools\NPX.cmd` → `npx` */
export const programName = (command: string): string =>
  (command.split(/[/\\]/).at(-1) ?? command).toLowerCase().replace(/\.(?:exe|cmd|bat|com|ps1)$/, '');

/** Arguments behind options; an option in `withValue` takes the next one. */
const operandsOf = (args: readonly string[], withValue: (option: string) => boolean): readonly string[] => {
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') return args.slice(at + 1);
    if (!arg.startsWith('-') || arg === '-') return args.slice(at);
    if (!arg.includes('=') && withValue(arg)) at += 1;
  }
  return [];
};

const valuesOf = (args: readonly string[], names: readonly string[]): readonly string[] =>
  args.flatMap((arg, at) => {
    const name = names.find((each) => arg === each || arg.startsWith(`${each}=`));
    if (name === undefined) return [];
    return [arg === name ? (args[at + 1] ?? '') : arg.slice(name.length + 1)];
  });

const isLocal = (spec: string): boolean => /^(?:\.{0,2}[/\\]|file:|[A-Za-z]:[/\\])/.test(spec);

const registryWarnings = (runner: string, args: readonly string[], option: RegExp): readonly string[] =>
  args.some((arg) => option.test(arg)) ? [`${runner} fetches from another place than usual`] : [];

const npmWarnings = (runner: string, args: readonly string[]): readonly string[] => {
  const packages = valuesOf(args, ['-p', '--package']);
  const operands = operandsOf(args, (option) =>
    ['-p', '--package', '-c', '--call', '-w', '--workspace', '--registry'].includes(option),
  );
  const specs = packages.length > 0 ? packages : operands.slice(0, 1);
  const loose = specs.filter((spec) => !exactNpm.test(spec) && !isLocal(spec));
  return [
    ...loose.map(
      (spec) => `${runner} fetches whatever version of ${spec} is the newest when it starts, and runs it`,
    ),
    ...(args.some((arg) => /^(?:-c|--call(?:=.*)?)$/.test(arg)) ? [`${runner} runs a shell command`] : []),
    ...registryWarnings(runner, args, /^--registry(?:=|$)/),
  ];
};

const pythonWarnings = (runner: string, args: readonly string[]): readonly string[] => {
  const from = valuesOf(args, ['--from', '--spec']);
  const takesValue =
    /^(?:--(?:from|spec|with|with-editable|python|index|index-url|extra-index-url|default-index|find-links|directory|project|cache-dir|config-file|pip-args)|-[pifr])$/;
  const specs = from.length > 0 ? from : operandsOf(args, (option) => takesValue.test(option)).slice(0, 1);
  return [
    ...specs
      .filter((spec) => !exactPython.test(spec) && !isLocal(spec))
      .map(
        (spec) => `${runner} fetches whatever version of ${spec} is the newest when it starts, and runs it`,
      ),
    ...registryWarnings(
      runner,
      args,
      /^--(?:index|index-url|extra-index-url|default-index|find-links)(?:=|$)|^-[if]$/,
    ),
  ];
};

const dockerFlags =
  /^(?:-[itdPq]+|--(?:interactive|tty|detach|rm|init|privileged|publish-all|read-only|no-healthcheck|oom-kill-disable|sig-proxy|quiet|disable-content-trust))$/;

const dockerWarnings = (runner: string, args: readonly string[]): readonly string[] => {
  const at = args.indexOf('run');
  if (at < 0) return [];
  const options = args.slice(at + 1);
  const [image] = operandsOf(
    options,
    (option) => !dockerFlags.test(option) && (option.length === 2 || option.startsWith('--')),
  );
  const own = image === undefined ? options : options.slice(0, options.indexOf(image));
  const mounts = own.flatMap((arg, index) => {
    if (arg === '-v' || arg === '--volume' || arg === '--mount') return [own[index + 1] ?? ''];
    return /^(?:-v|--volume=|--mount=)(.+)$/.exec(arg)?.slice(1, 2) ?? [];
  });
  const tag = image === undefined ? undefined : image.split('/').at(-1)?.split(':')[1];
  const isPinned = image === undefined || image.includes('@sha256:') || (tag !== undefined && /\d/.test(tag));
  return [
    ...(isPinned
      ? []
      : [`${runner} runs whatever version of the image ${image} is the newest, if it has none yet`]),
    ...(own.some((arg) => arg === '--privileged' || arg === '--privileged=true')
      ? ['--privileged gives the container power over this computer']
      : []),
    ...(own.some((arg) => /^--(?:cap-add|device|security-opt)\b/.test(arg))
      ? ['the container gets more rights than usual']
      : []),
    ...(own.some(
      (arg, index) =>
        /^--(?:pid|ipc|userns|net|network|uts)=host$/.test(arg) ||
        (/^--(?:pid|ipc|userns|net|network|uts)$/.test(arg) && own[index + 1] === 'host'),
    )
      ? ['the container shares processes or the network with this computer']
      : []),
    ...(mounts.some((mount) =>
      /^(?:\/|[A-Za-z]:[/\\]?):|(?:source|src)=(?:\/|[A-Za-z]:[/\\]?)(?:,|$)/.test(mount),
    )
      ? ['the container can reach every file of this computer']
      : []),
    ...(mounts.some((mount) => mount.includes('docker.sock'))
      ? ['the container can control Docker, and with it this computer']
      : []),
  ];
};

const isWithin = (file: string, folder: string, paths: path.PlatformPath): boolean => {
  const relative = paths.relative(folder, file);
  const isAbove = relative === '..' || relative.startsWith(`..${paths.sep}`);
  return !isAbove && !paths.isAbsolute(relative);
};

const fileWarnings = ({ command, args, cwd, folders, platform }: StartFacts): readonly string[] => {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  const lies = (file: string): boolean => folders.some((folder) => isWithin(file, folder, paths));
  if (paths.isAbsolute(command) && lies(command)) {
    return ['the program is a file of the workspace, which agents and others may change'];
  }
  const program = programName(command);
  if (/^(?:npm|pnpm|yarn)$/.test(program) && args.some((arg) => /^(?:run|run-script|start)$/.test(arg))) {
    return lies(cwd)
      ? [`${program} runs what a package.json of the workspace says, which agents and others may change`]
      : [];
  }
  const isUv = program === 'uv' && args.includes('run');
  if (!isUv && !interpreters.has(program) && !shells.has(program)) return [];
  const operands = isUv ? args.slice(args.indexOf('run') + 1) : args;
  const script = operands.find(
    (arg) => !arg.startsWith('-') && /[./\\]/.test(arg) && !/^[a-z]+:\/\//i.test(arg),
  );
  return script !== undefined && lies(paths.resolve(cwd, script))
    ? [`the script ${script} is a file of the workspace, which agents and others may change`]
    : [];
};

const inlineCode = (program: string, args: readonly string[]): boolean =>
  (/^(?:node|bun|ruby|perl)$/.test(program) &&
    args.some((arg) => /^(?:-e|-p|-pe|--eval|--print)(?:=|$)/.test(arg))) ||
  (/^(?:python[\d.]*|py)$/.test(program) && args.some((arg) => arg === '-c')) ||
  (program === 'deno' && args[0] === 'eval') ||
  (program === 'php' && args.some((arg) => arg === '-r'));

/** What a program does with its arguments; of wrappers, what they start. */
const programWarnings = (command: string, args: readonly string[], depth = 0): readonly string[] => {
  const program = programName(command);
  const inner = (rest: readonly string[]): readonly string[] => {
    const [next, ...others] = rest;
    return next === undefined || depth > 3 ? [] : programWarnings(next, others, depth + 1);
  };
  if (elevators.has(program)) {
    return [
      `${program} runs it with the rights of another user`,
      ...inner(operandsOf(args, (option) => /^-[ugCp]$/.test(option))),
    ];
  }
  if (program === 'env') {
    if (args.some((arg) => /^-\w*S|^--split-string/.test(arg))) {
      return ['env runs a command of its own: read its text'];
    }
    const rest = operandsOf(args, (option) => option === '-u' || option === '-C');
    return inner(rest.slice(rest.findIndex((arg) => !/^[A-Za-z_]\w*=/.test(arg))));
  }
  if (shells.has(program)) {
    return args.some((arg) => /^-[A-Za-z]*c[A-Za-z]*$/.test(arg))
      ? [`${program} runs a command of its own: read its text`]
      : [];
  }
  if (program === 'cmd') {
    const at = args.findIndex((arg) => /^\/[ck]$/i.test(arg));
    return ['cmd runs a command of its own: read its text', ...(at < 0 ? [] : inner(args.slice(at + 1)))];
  }
  if (program === 'powershell' || program === 'pwsh')
    return [`${program} runs a command of its own: read its text`];
  if (program === 'wsl')
    return [
      'wsl runs it inside of Linux',
      ...inner(operandsOf(args, (option) => option === '-d' || option === '-u')),
    ];
  if (program === 'npx' || program === 'bunx' || program === 'pnpx') return npmWarnings(program, args);
  const [verb, ...rest] = args;
  if (
    ((program === 'pnpm' || program === 'yarn') && verb === 'dlx') ||
    (program === 'npm' && (verb === 'exec' || verb === 'x')) ||
    (program === 'bun' && verb === 'x')
  ) {
    return npmWarnings(`${program} ${verb}`, rest);
  }
  if (program === 'uvx') return pythonWarnings(program, args);
  if (program === 'pipx' && verb === 'run') return pythonWarnings('pipx run', rest);
  if (program === 'uv' && verb === 'tool' && rest[0] === 'run')
    return pythonWarnings('uv tool run', rest.slice(1));
  if (program === 'docker' || program === 'podman' || program === 'nerdctl')
    return dockerWarnings(program, args);
  return inlineCode(program, args) ? [`${program} runs code that stands in its arguments: read it`] : [];
};

const fetcher = /\b(?:curl|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b/i;

const isPiped = (text: string): boolean => fetcher.test(text.slice(0, Math.max(text.lastIndexOf('|'), 0)));

export const startWarnings = (facts: StartFacts): readonly string[] => {
  const { command, args, environmentNames } = facts;
  const loaders = environmentNames.filter((name) => loaderVariable.test(name));
  return [
    ...programWarnings(command, args),
    ...(args.some(isPiped) ? ['it fetches something from the internet and runs it'] : []),
    ...fileWarnings(facts),
    ...(loaders.length > 0
      ? [`the variables ${loaders.join(', ')} change which programs are loaded or trusted`]
      : []),
  ];
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  host.endsWith('.localhost') ||
  /^127(?:\.\d{1,3}){3}$/.test(host) ||
  host === '[::1]';

/**
 * @param url with placeholders, or what they default to, for what is filled in later
 * @param shown as people see it: with placeholders
 */
export const addressWarnings = (url: string, shown: string): readonly string[] => {
  if (!URL.canParse(url))
    return !shown.includes('‹') ? [] : ['the address is known only when its variables are filled in'];
  const { protocol, hostname, username, password } = new URL(url);
  return [
    ...(protocol === 'http:' && !isLoopback(hostname)
      ? ['http:// is not encrypted: others can read and change what is sent, secrets too']
      : []),
    ...(username !== '' || password !== ''
      ? ['the address has a user name or a password in front of the host']
      : []),
    ...(/(?:^|\.)xn--/.test(hostname)
      ? [`the host has letters that can look like others; in plain letters it is ${hostname}`]
      : []),
    ...(/^https?:\/\/[^/?#]*‹/i.test(shown)
      ? ['the host is known only when its variables are filled in']
      : []),
  ];
};

export const hiddenWarnings = (texts: readonly string[]): readonly string[] =>
  texts.some(hasHidden) ? ['it has characters that cannot be seen; they are shown as \\u{…}'] : [];
