import path from 'node:path';
import { splitLines } from '../core/text.ts';
import { ToolError } from '../core/tool.ts';
import type { Editor, WorkspaceFiles } from '../core/workspace.ts';
import { isIgnoredFile } from './ignoreRules.ts';
import { searchedFileLimit, skippedFolders } from './ripgrep.ts';
import { createLineSearch } from './searchByWalk.ts';
import type { FileMatches, LineQuery } from './searchLines.ts';
import type { SearchFolder } from './searchScope.ts';

export interface UnsavedPorts {
  readonly files: WorkspaceFiles;
  readonly editor: Pick<Editor, 'unsavedDocuments'>;
}

export interface UnsavedMatches {
  /** Files that were searched here, relative to the folder: what is on the disk of them is out of date. */
  readonly searched: ReadonlySet<string>;
  readonly found: readonly FileMatches[];
  /** Why no unsaved text was searched, although there is some. */
  readonly problem: string | undefined;
}

/** What a search of the disk would come to in the folder. */
const isInScope = async (folder: SearchFolder, relative: string, file: string): Promise<boolean> => {
  if (folder.fileName !== undefined) return relative === folder.fileName;
  const parts = relative.split('/');
  if (parts[0] === '' || parts[0] === '..' || path.isAbsolute(relative)) return false;
  if (parts.some((part) => skippedFolders.includes(part))) return false;
  return !(folder.useIgnoreFiles && (await isIgnoredFile(file)));
};

/** Unsaved texts by the path relative to the folder. Of secret-looking files not even the time that a search takes shows. */
const unsavedTexts = async (
  { files, editor }: UnsavedPorts,
  folder: SearchFolder,
): Promise<ReadonlyMap<string, string>> => {
  const texts = new Map<string, string>();
  for (const { file, text } of editor.unsavedDocuments()) {
    const target = await files.resolve(file).catch(() => undefined);
    if (target === undefined || files.looksSecret(target) || text.length > searchedFileLimit) continue;
    const relative = path.relative(folder.folder, target.file).split(path.sep).join('/');
    if (await isInScope(folder, relative, target.file)) texts.set(relative, text);
  }
  return texts;
};

/** @param accepts as for the files on the disk */
export const searchUnsaved = async (
  ports: UnsavedPorts,
  query: LineQuery,
  folder: SearchFolder,
  accepts: (relative: string) => boolean,
): Promise<UnsavedMatches> => {
  const texts = [...(await unsavedTexts(ports, folder))].filter(([file]) => accepts(file));
  const searched = new Set(texts.map(([file]) => file));
  if (texts.length === 0) return { searched, found: [], problem: undefined };
  try {
    const search = createLineSearch(query);
    const found = texts
      .map(([file, text]) => ({ file, lines: search(folder.labelOf(file), splitLines(text)) }))
      .filter(({ lines }) => lines.length > 0);
    return { searched, found, problem: undefined };
  } catch (error) {
    // Ripgrep understands patterns that JavaScript does not; then what is saved has to do.
    if (!(error instanceof ToolError)) throw error;
    return { searched: new Set(), found: [], problem: error.message };
  }
};
