/**
 * A git repository as the source of skills. It is fetched into a bare folder, nothing is ever checked out: the wanted
 * files are written from git's objects, as bytes. So no hook, filter, attribute, submodule or link of it has a say.
 */
import { mkdir } from 'node:fs/promises';
import type { InstallOrigin } from '../core/skills.ts';
import { folderBytes, type GitOptions, gitDeadline, runGit } from './gitProcess.ts';
import { gitAddressProblem, labelOfOrigin } from './originText.ts';
import {
  isLeftOut,
  megabytes,
  refusal,
  type StagedTree,
  shownName,
  type TreeBounds,
  treeBounds,
} from './stagedTree.ts';

type GitOrigin = Extract<InstallOrigin, { kind: 'git' }>;

interface TreeEntry {
  readonly mode: string;
  readonly object: string;
  readonly bytes: number;
  /** `/`-separated, below what was asked for. */
  readonly path: string;
}

/** How often the fetched folder is measured, in milliseconds. */
const measureMs = 250;
/** Bytes of a listing: some hundred thousand files. */
const longestListing = 64_000_000;

/** What git says, in words that tell what to do. */
const explain = (words: string, label: string, ref: string | undefined): string => {
  if (/couldn't find remote ref|unadvertised object|not our ref|no such remote ref/i.test(words)) {
    const place = ref === undefined ? 'anything' : `"${shownName(ref)}"`;
    return `${label} does not have ${place}. Give a branch, a tag, or all 40 characters of a commit.`;
  }
  if (/could not read (username|password)|authentication failed|terminal prompts disabled/i.test(words)) {
    return `${label} does not exist, or wants a password. For a private repository, log in with git in a terminal first.`;
  }
  if (
    /repository .*not found|does not appear to be a git repository|error: 404|does not exist/i.test(words)
  ) {
    return `There is no repository at ${label}, or it is private.`;
  }
  if (/host key verification failed|permission denied \(/i.test(words)) {
    return `${label} was not reached over ssh: the key or the host is not known. Try "git ls-remote" in a terminal, or use the https address.`;
  }
  if (
    /could not resolve host|unable to access|connection (timed out|refused)|network is unreachable/i.test(
      words,
    )
  ) {
    return `${label} could not be reached. Check the network and the address.`;
  }
  const last = words.trim().split('\n').at(-1) ?? '';
  return `git could not fetch ${label}: ${shownName(last.replace(/^(fatal|error): /, ''))}.`;
};

const quiet = [
  '-c',
  'core.symlinks=false',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'gc.auto=0',
  '-c',
  'maintenance.auto=false',
  '-c',
  'fetch.writeCommitGraph=false',
  '--literal-pathspecs',
];

const parseListing = (listing: Buffer, part: string | undefined): readonly TreeEntry[] => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const entries: TreeEntry[] = [];
  for (let start = 0; start < listing.length; ) {
    const end = listing.indexOf(0, start);
    let line: string;
    try {
      line = decoder.decode(listing.subarray(start, end < 0 ? listing.length : end));
    } catch {
      throw refusal('The repository has a file name that is not valid Unicode.');
    }
    start = end < 0 ? listing.length : end + 1;
    const [, mode, object, size, name] = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
    if (mode === undefined || object === undefined || name === undefined) continue;
    if (part !== undefined && !name.startsWith(`${part}/`)) continue;
    entries.push({
      mode,
      object,
      bytes: Number(size) || 0,
      path: part === undefined ? name : name.slice(part.length + 1),
    });
  }
  return entries;
};

const folderOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));

/** Those in a skill's folder, and what tells where skills are: the rest of a repository is not needed. */
const wantedOf = (entries: readonly TreeEntry[]): readonly TreeEntry[] => {
  const folders = new Set(
    entries
      .filter(({ path }) => /(^|\/)(SKILL\.md|skill\.ya?ml)$/i.test(path))
      .map(({ path }) => folderOf(path)),
  );
  const isInSkill = (name: string): boolean => {
    for (let folder = folderOf(name); ; folder = folderOf(folder)) {
      if (folders.has(folder)) return true;
      if (folder === '') return false;
    }
  };
  return entries.filter(
    ({ path }) =>
      !isLeftOut(path) &&
      (isInSkill(path) ||
        /(^|\/)(\.claude-plugin|\.codex-plugin|\.agents\/plugins)\/[^/]+\.json$/.test(path)),
  );
};

/** Cuts a stream into lines and blocks of known length, as `git cat-file --batch` answers. */
const createReader = (source: AsyncIterable<Buffer>) => {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<void> => {
    const next = await chunks.next();
    if (next.done === true) throw refusal('git ended before it had given all files.');
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
  };
  return {
    async line(): Promise<string> {
      for (;;) {
        const end = rest.indexOf(10);
        if (end >= 0) {
          const line = rest.toString('utf8', 0, end);
          rest = rest.subarray(end + 1);
          return line;
        }
        await more();
      }
    },
    async *block(length: number): AsyncGenerator<Buffer> {
      for (let left = length; left > 0; ) {
        if (rest.length === 0) await more();
        const part = rest.subarray(0, left);
        rest = rest.subarray(part.length);
        left -= part.length;
        yield part;
      }
    },
  };
};

const writeFiles = async (
  git: (args: readonly string[], input?: string) => ReturnType<typeof runGit>,
  entries: readonly TreeEntry[],
  tree: StagedTree,
): Promise<void> => {
  const input = entries.map(({ object }) => `${object}\n`).join('');
  const process = git(['cat-file', '--batch'], input);
  const reader = createReader(process.output);
  try {
    for (const entry of entries) {
      const [, size] = /^[0-9a-f]+ blob (\d+)$/.exec(await reader.line()) ?? [];
      if (size === undefined) throw refusal(`git does not have "${shownName(entry.path)}".`);
      await tree.add(entry.path, reader.block(Number(size)), entry.mode === '100755');
      await reader.line();
    }
  } finally {
    await process.end();
  }
};

/**
 * Fetches one commit and writes what belongs to skills into the tree. Links and submodules are left out; links are
 * noted in the tree.
 * @param work absolute path of an empty folder, for git's own files
 * @returns the commit, 40 or 64 hexadecimal digits
 * @throws SkillInstallError; the signal's reason when aborted
 */
export const fetchFromGit = async (
  origin: GitOrigin,
  work: string,
  tree: StagedTree,
  onProgress: (text: string) => void,
  outer: AbortSignal,
  options: GitOptions = {},
  bounds: TreeBounds = treeBounds,
): Promise<{ readonly commit: string }> => {
  const problem = gitAddressProblem(origin.url, options.protocols);
  if (problem !== undefined) throw refusal(problem);
  const label = labelOfOrigin({ kind: 'git', url: origin.url });
  const ref = origin.ref ?? 'HEAD';
  if (ref.startsWith('-') || /[:^~?*[\\\p{Cc}\s]/u.test(ref)) {
    throw refusal(`"${shownName(ref)}" cannot be the name of a branch, a tag or a commit.`);
  }
  const largestFetch = 5 * bounds.packedBytes;
  const tooLarge = new AbortController();
  const deadline = gitDeadline(options, () => refusal(`${label} took too long to fetch. Try again later.`));
  const signal = AbortSignal.any([outer, tooLarge.signal, deadline.signal]);
  await mkdir(work, { recursive: true });
  const git = (args: readonly string[], input?: string) =>
    runGit(
      { folder: work, args: [...quiet, ...args], ...(input === undefined ? {} : { input }) },
      signal,
      options,
    );
  const ask = async (args: readonly string[], most: number): Promise<Buffer> => {
    const process = git(args);
    const found = await process.all(most);
    const end = await process.end();
    if (end.exitCode !== 0) throw refusal(explain(end.errors, label, origin.ref));
    return found;
  };
  const measure = setInterval(() => {
    void folderBytes(work).then((bytes) => {
      if (bytes <= largestFetch) return;
      tooLarge.abort(
        refusal(
          `${label} is larger than ${megabytes(largestFetch)}; more is not fetched. Get the skill as a zip file or a folder.`,
        ),
      );
    });
  }, measureMs);
  try {
    onProgress(`Fetching ${label}…`);
    // A template of the person's may bring hooks along.
    await ask(['init', '--quiet', '--bare', '--template=', '.'], 10_000);
    const fetching = git([
      'fetch',
      '--depth=1',
      '--no-tags',
      '--no-recurse-submodules',
      '--progress',
      '--',
      origin.url,
      ref,
    ]);
    fetching.onErrorLine((line) => {
      const [, percent] = /^Receiving objects: +(\d+)%/.exec(line) ?? [];
      if (percent !== undefined) onProgress(`Fetching ${label}… ${percent} %`);
    });
    await fetching.all(1_000_000);
    const end = await fetching.end();
    if (end.exitCode !== 0) throw refusal(explain(end.errors, label, origin.ref));
    // What it fetched between two looks.
    if ((await folderBytes(work)) > largestFetch)
      throw refusal(`${label} is larger than ${megabytes(largestFetch)}.`);
    const commit = (await ask(['rev-parse', '--verify', 'FETCH_HEAD^{commit}'], 1_000))
      .toString('utf8')
      .trim();
    const only = origin.path === undefined ? [] : ['--', `${origin.path}/`];
    const listing = await ask(['ls-tree', '-r', '-l', '-z', '--full-tree', commit, ...only], longestListing);
    const entries = parseListing(listing, origin.path);
    if (entries.length === 0 && origin.path !== undefined) {
      throw refusal(`${label} has no folder "${shownName(origin.path)}" there.`);
    }
    const wanted = wantedOf(entries);
    const files = wanted.filter(({ mode }) => mode === '100644' || mode === '100755' || mode === '100664');
    if (files.reduce((sum, { bytes }) => sum + bytes, 0) > bounds.bytes) {
      throw refusal(
        `The skills of ${label} are larger than ${megabytes(bounds.bytes)} together. Choose one of them with #ref:path.`,
      );
    }
    if (files.length > bounds.files) {
      throw refusal(
        `The skills of ${label} have more than ${bounds.files.toLocaleString('en-US')} files together. Choose one of them with #ref:path.`,
      );
    }
    for (const { mode, path } of wanted) if (mode === '120000' || mode === '160000') tree.leaveOutLink(path);
    await writeFiles(git, files, tree);
    return { commit };
  } finally {
    clearInterval(measure);
    deadline.clear();
  }
};
