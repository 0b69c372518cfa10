/**
 * Commands whose output others may have written. By the names of well-known programs alone: what a script fetches by
 * itself cannot be told from its command line. Read generously, since all that follows is that more is asked.
 */

/** All that these do is fetch. */
const fetchers = new Set([
  ...['curl', 'wget', 'aria2c', 'http', 'https', 'httpie', 'xh', 'lynx', 'w3m', 'links', 'elinks'],
  ...['gh', 'glab', 'ssh', 'scp', 'sftp', 'ftp', 'nc', 'ncat', 'netcat', 'telnet', 'whois', 'yt-dlp'],
  ...['invoke-webrequest', 'iwr', 'invoke-restmethod', 'irm'],
]);

const packageQueries = ['view', 'info', 'show', 'v', 'search', 'audit', 'outdated'];

/** Those that fetch with some of their commands. */
const fetchingCommands = new Map<string, ReadonlySet<string>>(
  Object.entries({
    git: ['fetch', 'pull', 'clone', 'ls-remote', 'remote update', 'remote show', 'submodule update'],
    npm: packageQueries,
    pnpm: packageQueries,
    yarn: [...packageQueries, 'npm info'],
    bun: packageQueries,
    pip: ['index', 'search', 'download'],
    pip3: ['index', 'search', 'download'],
    cargo: ['search', 'info'],
    gem: ['search', 'info'],
    docker: ['search', 'pull'],
    podman: ['search', 'pull'],
    svn: ['checkout', 'update', 'log', 'info'],
    hg: ['pull', 'clone', 'incoming'],
  }).map(([program, commands]) => [program, new Set(commands)]),
);

/** They run what follows them. */
const wrappers = new Set([
  ...[
    'sudo',
    'doas',
    'env',
    'time',
    'nohup',
    'command',
    'exec',
    'xargs',
    'timeout',
    'nice',
    'stdbuf',
    'watch',
  ],
  ...['if', 'then', 'else', 'elif', 'while', 'until', 'do', '!'],
]);

/** They run what stands in quotes behind them. */
const shells = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'fish', 'eval', 'cmd', 'powershell', 'pwsh']);

/** Options whose value is the next word. */
const valued = new Set(['-C', '-c', '--git-dir', '--work-tree', '--prefix', '--dir', '--cwd']);

/** What a wrapper may have between itself and the program: options, durations, variables. */
const isBetween = (word: string): boolean => /^(-.*|\d[\d.]*[smhd]?|[A-Za-z_]\w*=.*)$/.test(word);

const programOf = (word: string): string =>
  word
    .replace(/^.*[\\/]/, '')
    .replace(/\.(exe|cmd)$/i, '')
    .toLowerCase();

/** The first two words of a program's arguments that are no options. */
const commandOf = (words: readonly string[]): readonly string[] =>
  words.filter((word, index) => !word.startsWith('-') && !valued.has(words[index - 1] ?? '')).slice(0, 2);

const fetches = (program: string, words: readonly string[]): boolean => {
  if (fetchers.has(program)) return true;
  const commands = fetchingCommands.get(program);
  const [first = '', second = ''] = commandOf(words);
  return commands?.has(first) === true || commands?.has(`${first} ${second}`) === true;
};

/** The words of each simple command; what a shell gets in quotes counts as commands of its own. */
const simpleCommands = (line: string): readonly (readonly string[])[] => {
  const commands: string[][] = [[]];
  for (const [token] of line.matchAll(/\$\(|[;&|()`{}\n'"]|[^\s;&|()`{}'"]+/g)) {
    const current = commands.at(-1) ?? [];
    const isQuote = token === "'" || token === '"';
    const isSeparator = token === '$(' || (token.length === 1 && ';&|()`{}\n'.includes(token));
    if (isSeparator || (isQuote && current.some((word) => shells.has(programOf(word))))) commands.push([]);
    else if (!isQuote) current.push(token);
  }
  return commands;
};

/** The program of a command line that reads the network, or undefined. */
export const networkProgram = (line: string): string | undefined => {
  for (const words of simpleCommands(line)) {
    const start = words.findIndex((word) => !isBetween(word) && !wrappers.has(programOf(word)));
    const program = programOf(words[start] ?? '');
    if (fetches(program, words.slice(start + 1))) return program;
  }
  return undefined;
};
