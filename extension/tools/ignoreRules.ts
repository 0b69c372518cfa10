import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';

/** The later ones override the earlier, as in ripgrep. */
const ignoreFiles = ['.gitignore', '.ignore', '.rgignore'];

/** The ignore files of one folder and of the folders around it. */
export interface IgnoreRules {
  isIgnored(file: string, isFolder: boolean): boolean;
  /** The rules that hold inside a folder directly below this one. */
  enter(folder: string): Promise<IgnoreRules>;
}

interface Layer {
  readonly folder: string;
  readonly rules: Ignore;
}

const readText = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

const layerOf = async (folder: string): Promise<Layer | undefined> => {
  const names = [path.join('.git', 'info', 'exclude'), ...ignoreFiles];
  const texts = await Promise.all(names.map((name) => readText(path.join(folder, name))));
  const text = texts.filter((each) => each !== '').join('\n');
  return text === '' ? undefined : { folder, rules: ignore({ ignorecase: false }).add(text) };
};

/** Innermost first: the first layer with an opinion decides. */
const decide = (layers: readonly Layer[], file: string, isFolder: boolean): boolean => {
  for (const { folder, rules } of layers) {
    const relative = path.relative(folder, file).split(path.sep).join('/');
    if (relative === '' || relative === '..' || relative.startsWith('../')) continue;
    const { ignored, unignored } = rules.test(isFolder ? `${relative}/` : relative);
    if (ignored || unignored) return ignored;
  }
  return false;
};

const rulesFrom = (layers: readonly Layer[]): IgnoreRules => ({
  isIgnored: (file, isFolder) => decide(layers, file, isFolder),
  enter: async (folder) => {
    const layer = await layerOf(folder);
    return layer === undefined ? rulesFrom(layers) : rulesFrom([layer, ...layers]);
  },
});

/** No file is ignored. */
export const noIgnoreRules: IgnoreRules = {
  isIgnored: () => false,
  enter: async () => noIgnoreRules,
};

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** The folders around one, innermost first, up to the top of its repository or of the disk. */
const around = async (folder: string): Promise<string[]> => {
  const result: string[] = [];
  let current = folder;
  while (!(await exists(path.join(current, '.git')))) {
    const parent = path.dirname(current);
    if (parent === current) break;
    result.push(parent);
    current = parent;
  }
  return result;
};

/** The rules that hold for what lies in a folder: its own ignore files and those around it. */
export const ignoreRulesOf = async (folder: string): Promise<IgnoreRules> => {
  const layers = await Promise.all([folder, ...(await around(folder))].map(layerOf));
  return rulesFrom(layers.filter((layer) => layer !== undefined));
};

const isLeftOut = async (target: string, isFolder: boolean): Promise<boolean> => {
  const chain = await around(target);
  const layers = (await Promise.all(chain.map(layerOf))).filter((layer) => layer !== undefined);
  // An ignored folder takes with it all that it holds.
  return decide(layers, target, isFolder) || chain.some((each) => decide(layers, each, true));
};

/** Whether ignore files leave out the folder itself. */
export const isIgnoredFolder = (folder: string): Promise<boolean> => isLeftOut(folder, true);

/** Whether ignore files leave out the file, or a folder around it. */
export const isIgnoredFile = (file: string): Promise<boolean> => isLeftOut(file, false);
