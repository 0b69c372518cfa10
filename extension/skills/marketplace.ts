/**
 * Where the skills of a fetched tree lie: as its marketplace file says, in the layout of Claude Code or of Codex, else
 * every folder with SKILL.md or skill.yaml. All paths stay below the tree, which has no links in it.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import type { SkillProblem } from '../shared/skill.ts';
import { isSkillFolder } from './skillFile.ts';
import { pathProblem, shownName } from './stagedTree.ts';

export interface FoundSkills {
  /** Absolute path of what the others are relative to. */
  readonly top: string;
  /** `/`-separated below `top`, '' for itself; sorted, each once. */
  readonly folders: readonly string[];
  readonly problems: readonly SkillProblem[];
}

const claudeFile = '.claude-plugin/marketplace.json';
const codexFile = '.agents/plugins/marketplace.json';
const deepest = 4;
const mostFolders = 2_000;
const longestJson = 1_000_000;
/** Nobody reviews more at once. */
export const mostSkills = 200;

const paths = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

/** Read leniently: each plugin by itself, so that one that is odd does not take the others along. */
const marketplaceSchema = z.object({
  metadata: z.object({ pluginRoot: z.string().optional() }).optional().catch(undefined),
  plugins: z.array(z.unknown()).max(1_000),
});
const pluginSchema = z.object({
  name: z.string().catch('?'),
  source: z.union([
    z.string(),
    z.object({ source: z.literal('local'), path: z.string() }).transform((local) => local.path),
    z.record(z.string(), z.unknown()).transform(() => undefined),
  ]),
  strict: z.boolean().optional().catch(undefined),
  skills: paths.optional(),
});
const manifestSchema = z.object({ skills: paths.optional() });

export interface ListedPlugin {
  readonly name: string;
  /** `/`-separated, below the tree. */
  readonly folder: string;
  /** Below the tree: folders of skills, or folders that have such. Absent: not told. */
  readonly skills?: readonly string[];
  /** More may stand in the plugin's own file. */
  readonly hasManifest: boolean;
}

const error = (file: string, message: string): SkillProblem => ({ file, severity: 'error', message });

/** @returns the path below the tree, '' for the tree itself; undefined where it leads out or is unsafe */
export const below = (base: string, given: string): string | undefined => {
  if (given.includes('\\') || given.startsWith('/')) return undefined;
  const joined = path.posix.normalize(path.posix.join(base, given)).replace(/\/+$/, '');
  if (joined === '.' || joined === '') return '';
  return pathProblem(joined) === undefined ? joined : undefined;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text.replace(/^\u{feff}/u, ''));
  } catch {
    return undefined;
  }
};

/** Pure: what a marketplace file says. */
export const readMarketplace = (
  text: string,
  file: string,
): { readonly plugins: readonly ListedPlugin[]; readonly problems: readonly SkillProblem[] } => {
  const marketplace = marketplaceSchema.safeParse(parseJson(text)).data;
  if (marketplace === undefined) {
    const message =
      'This is no list of plugins in JSON. Folders with SKILL.md or skill.yaml were searched instead.';
    return { plugins: [], problems: [{ file, severity: 'warning', message }] };
  }
  const problems: SkillProblem[] = [];
  const root = below('', marketplace.metadata?.pluginRoot ?? '') ?? '';
  const plugins = marketplace.plugins.flatMap((given, index): readonly ListedPlugin[] => {
    const plugin = pluginSchema.safeParse(given).data;
    if (plugin === undefined) {
      problems.push(
        error(file, `Plugin ${index + 1} has no name and source that can be read; it was left out.`),
      );
      return [];
    }
    const name = shownName(plugin.name);
    if (plugin.source === undefined || /^[a-z+]+:|^git@/i.test(plugin.source)) {
      const message = `The plugin "${name}" is kept in another repository. Install it from there.`;
      problems.push({ file, severity: 'warning', message });
      return [];
    }
    const folder = below(plugin.source.startsWith('.') ? '' : root, plugin.source);
    if (folder === undefined) {
      problems.push(error(file, `The plugin "${name}" leads out of the repository; it was left out.`));
      return [];
    }
    const skills = plugin.skills?.flatMap((each) => {
      const found = below(folder, each);
      if (found === undefined) {
        problems.push(
          error(
            file,
            `"${shownName(each)}" of the plugin "${name}" leads out of the repository; it was left out.`,
          ),
        );
      }
      return found === undefined ? [] : [found];
    });
    return [
      { name, folder, ...(skills === undefined ? {} : { skills }), hasManifest: plugin.strict !== false },
    ];
  });
  return { plugins, problems };
};

const readSmall = async (file: string): Promise<string | undefined> => {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile() || found.size > longestJson) return undefined;
  return readFile(file, 'utf8').catch(() => undefined);
};

const listFolder = (folder: string) => readdir(folder, { withFileTypes: true }).catch(() => []);

/** Folders of skills at or below `start`, which are not searched further. */
const search = async (top: string, start: string): Promise<readonly string[]> => {
  const found: string[] = [];
  let visited = 0;
  let level: readonly string[] = [start];
  for (let depth = 0; depth <= deepest && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of level) {
      visited += 1;
      if (visited > mostFolders) return found;
      const entries = await listFolder(path.join(top, folder));
      if (isSkillFolder(entries.filter((entry) => entry.isFile()).map(({ name }) => name)))
        found.push(folder);
      else {
        for (const entry of entries) {
          if (!entry.isDirectory() || entry.name === 'node_modules') continue;
          next.push(folder === '' ? entry.name : `${folder}/${entry.name}`);
        }
      }
    }
    level = next;
  }
  return found;
};

/** What a plugin's own file adds, and by convention its folder `skills`. */
const foldersOf = async (
  top: string,
  plugin: ListedPlugin,
  problems: SkillProblem[],
): Promise<readonly string[]> => {
  const own: string[] = [];
  for (const name of plugin.hasManifest ? ['.claude-plugin/plugin.json', '.codex-plugin/plugin.json'] : []) {
    const file = path.posix.join(plugin.folder, name);
    const text = await readSmall(path.join(top, file));
    const manifest = text === undefined ? undefined : manifestSchema.safeParse(parseJson(text)).data;
    for (const each of manifest?.skills ?? []) {
      const folder = below(plugin.folder, each);
      if (folder === undefined)
        problems.push(error(file, `"${shownName(each)}" leads out of the repository; it was left out.`));
      else own.push(folder);
    }
  }
  const told = [...(plugin.skills ?? []), ...own];
  return told.length > 0 ? told : [path.posix.join(plugin.folder, 'skills')];
};

/** Zip files of a repository have one folder at the top, with everything in it. */
const topOf = async (tree: string): Promise<string> => {
  const [only, second] = await listFolder(tree);
  return only?.isDirectory() === true && second === undefined && !only.name.startsWith('.')
    ? path.join(tree, only.name)
    : tree;
};

/** @param tree absolute path of a folder without links */
export const findSkills = async (tree: string): Promise<FoundSkills> => {
  const top = await topOf(tree);
  const problems: SkillProblem[] = [];
  const found = new Set<string>();
  for (const file of [claudeFile, codexFile]) {
    const text = await readSmall(path.join(top, file));
    if (text === undefined) continue;
    const marketplace = readMarketplace(text, file);
    problems.push(...marketplace.problems);
    for (const plugin of marketplace.plugins) {
      for (const folder of await foldersOf(top, plugin, problems)) {
        const folders = await search(top, folder);
        if (folders.length === 0 && plugin.skills?.includes(folder) === true) {
          problems.push(
            error(file, `The plugin "${plugin.name}" names the skill "${folder}", which is not there.`),
          );
        }
        for (const each of folders) found.add(each);
      }
    }
  }
  if (found.size === 0) for (const each of await search(top, '')) found.add(each);
  const folders = [...found].sort();
  if (folders.length > mostSkills) {
    const message = `There are ${folders.length} skills; the first ${mostSkills} are shown. Choose a part with #ref:path.`;
    problems.push({ file: '', severity: 'warning', message });
  }
  return { top, folders: folders.slice(0, mostSkills), problems };
};
