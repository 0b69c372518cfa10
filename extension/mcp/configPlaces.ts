/** The files that servers are configured in. */
import path from 'node:path';
import type { McpPlace } from '../shared/mcp.ts';
import type { ConfigPlace } from './configFile.ts';
import type { McpFolder } from './variables.ts';

/** Below an open folder, in the order in which one hides another. */
export const folderFiles: readonly { readonly place: Exclude<McpPlace, 'user'>; readonly file: string }[] = [
  { place: 'anycowork', file: '.anycowork/mcp.json' },
  { place: 'vscode', file: '.vscode/mcp.json' },
  { place: 'project', file: '.mcp.json' },
];

export const ownFileName = 'mcp.json';
export const ownLabel = 'your servers';

/** The person's own file. */
export const ownConfigFile = (ownFolder: string): string => path.join(ownFolder, ownFileName);

/** For people: with the folder's name where there are several. */
export const folderFileLabel = (file: string, folder: McpFolder, folders: readonly McpFolder[]): string =>
  folders.length > 1 ? `${file} of ${folder.name}` : file;

/** Place by place, in each by folder; the person's own file last. */
export const configPlaces = (folders: readonly McpFolder[], ownFolder: string): readonly ConfigPlace[] => [
  ...folderFiles.flatMap(({ place, file }) =>
    folders.map((folder) => ({
      place,
      file: path.join(folder.path, ...file.split('/')),
      label: folderFileLabel(file, folder, folders),
      folder: folder.path,
    })),
  ),
  { place: 'user', file: ownConfigFile(ownFolder), label: ownLabel },
];
