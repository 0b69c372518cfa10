/**
 * Commands whose output others may have written. By the names of well-known programs alone, wherever in the line they
 * stand: what runs them (`sudo -u x`, `xargs -a y`, `busybox`) need not be understood. Read generously, since all that
 * follows is that more is asked. What a script or a test fetches by itself cannot be told from a command line, and is not
 * noticed: `./update.sh` and `make docs` do not taint.
 */

const words = (text: string): readonly string[] => text.split(' ');

/** All that these do is fetch, or talk to somewhere else. */
const fetchers = new Set([
  ...words('curl wget wget2 curlie aria2c axel xh httpie lynx w3m elinks httrack yt-dlp youtube-dl'),
  ...words('ssh scp sftp ftp lftp tftp mosh rsync rclone nc ncat netcat socat telnet websocat wscat grpcurl'),
  ...words('whois dig nslookup drill gh glab hub'),
  ...words(
    'aws gcloud gsutil bq az kubectl oc helm doctl heroku vercel netlify flyctl wrangler firebase s3cmd',
  ),
  // They load a program from a registry and run it.
  ...words('npx bunx pnpx uvx pipx'),
  ...words('invoke-webrequest iwr invoke-restmethod irm start-bitstransfer bitsadmin certutil'),
]);

/** Programs too, but words that stand in many lines for something else. */
const ordinaryFetchers = new Set(words('http https links host fetch'));

const installs = words('install i add update upgrade search info show');
const node = words(
  'install i in ci add update up upgrade view info show v search audit outdated init create exec x dlx',
);
const containers = [
  ...words('run create pull push build search login'),
  ...words('up pull build run').map((command) => `compose ${command}`),
  'buildx build',
];

/** Those that fetch with some of their commands. The empty one: without any. */
const fetchingCommands = new Map<string, ReadonlySet<string>>(
  Object.entries({
    git: [
      ...words('fetch pull push clone ls-remote'),
      ...['remote update', 'remote show', 'remote prune', 'submodule update', 'lfs pull', 'lfs fetch'],
    ],
    npm: node,
    pnpm: node,
    yarn: [...node, 'npm info', ''],
    bun: node,
    deno: words('install add cache jsr'),
    pip: [...words('install index search download')],
    pip3: [...words('install index search download')],
    uv: words('pip add sync lock tool run'),
    poetry: [...installs, 'lock'],
    conda: [...installs, 'create'],
    mamba: [...installs, 'create'],
    cargo: words('install add update fetch search info'),
    go: ['get', 'install', 'mod download', 'mod tidy'],
    gem: [...installs, 'fetch'],
    bundle: installs,
    composer: [...installs, 'require'],
    dotnet: ['restore', 'add', 'tool install'],
    ...Object.fromEntries(
      words('brew apt apt-get dnf yum apk zypper snap choco winget scoop').map((each) => [each, installs]),
    ),
    docker: containers,
    podman: containers,
    'docker-compose': words('up pull build run'),
    terraform: words('init plan apply'),
    tofu: words('init plan apply'),
    openssl: ['s_client'],
    svn: words('checkout co update up log info'),
    hg: words('pull clone incoming'),
  }).map(([program, commands]) => [program, new Set(commands)]),
);

/** They run what follows them, or what stands in quotes behind them. */
const runners = new Set([
  ...words('sudo doas env time nohup command exec xargs timeout nice stdbuf watch busybox'),
  ...words('if then else elif while until do !'),
  ...words('sh bash dash zsh ksh fish eval cmd powershell pwsh'),
]);

const interpreter = /^(?:python[\d.]*|py|node|deno|bun|ruby|perl|php|lua|powershell|pwsh|osascript)$/;
/** Code in the line itself. */
const inlineCode = /\s-(?:c|e|r|p|-eval|-print|command|encodedcommand)\b|<</i;
const fetchingCode =
  /urllib|urlopen|https?:|\bhttp\b|\bftp|\bfetch\b|\brequests?\b|socket|\bnet\b|axios|\bgot\b|aiohttp|httpx|\bLWP\b|mechanize|curl|download(?:string|file)|webclient|file_get_contents|open-uri|encodedcommand/i;

/** Options whose value is the next word. */
const valued = new Set(
  words('-C -c -f -H --git-dir --work-tree --prefix --dir --cwd --file --host --context --config'),
);

/** What may stand in front of a program: options, durations, variables. */
const isBetween = (word: string): boolean => /^(-.*|\d[\d.]*[smhd]?|[A-Za-z_]\w*=.*)$/.test(word);

const programOf = (word: string): string =>
  word
    .replace(/^.*[\\/]/, '')
    .replace(/\.(exe|cmd|bat)$/i, '')
    .toLowerCase();

/** The first two words of a program's arguments that are no options. */
const commandOf = (rest: readonly string[]): readonly string[] =>
  rest.filter((word, index) => !word.startsWith('-') && !valued.has(rest[index - 1] ?? '')).slice(0, 2);

const fetchesWith = (program: string, rest: readonly string[]): boolean => {
  const commands = fetchingCommands.get(program);
  if (commands === undefined) return false;
  const [first = '', second = ''] = commandOf(rest);
  return commands.has(first) || (second !== '' && commands.has(`${first} ${second}`));
};

/** The program of a simple command that reads the network: any of its words may be one. */
const fetcherIn = (command: readonly string[]): string | undefined => {
  const programs = command.map(programOf);
  const first = command.findIndex((word) => !isBetween(word));
  const runsAny = programs.some((program) => runners.has(program));
  return programs.find(
    (program, index) =>
      fetchers.has(program) ||
      (ordinaryFetchers.has(program) && (index === first || runsAny)) ||
      fetchesWith(program, command.slice(index + 1)),
  );
};

/**
 * A shell makes one word of `c\url` and `cu"rl"`, and others of what stands in quotes behind `sh -c`: signs of quoting are
 * taken out, and taken for spaces.
 */
const readings = (line: string): readonly string[] => [
  line.replace(/\\\n/g, ' ').replace(/["'\\^]/g, ''),
  line.replace(/["']/g, ' '),
];

/** The program of a command line that reads the network, or undefined. */
export const networkProgram = (line: string): string | undefined => {
  for (const reading of readings(line)) {
    for (const command of reading.split(/\$\(|[;&|()`{}\n]/)) {
      const parts = command.split(/[\s<>]+/).filter((word) => word !== '');
      const found = fetcherIn(parts);
      if (found !== undefined) return found;
    }
  }
  if (line.includes('/dev/tcp/') || line.includes('/dev/udp/')) return 'bash';
  if (!inlineCode.test(line) || !fetchingCode.test(line)) return undefined;
  return line
    .split(/[\s;&|()`{}"'<>]+/)
    .map(programOf)
    .find((program) => interpreter.test(program));
};
