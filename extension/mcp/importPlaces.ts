/** Where other programs keep their MCP servers. Pure. */
import type { EntryOptions } from './configEntry.ts';
import { folderFileLabel } from './configPlaces.ts';
import { pathsOf } from './configResolve.ts';
import type { Environment, McpFolder } from './variables.ts';

export interface ImportPlacePorts {
  /** Absolute. */
  readonly home: string;
  readonly environment: Environment;
  readonly platform: NodeJS.Platform;
  /** Our own global storage, absolute: `…/User/globalStorage/<our id>`. Other extensions have theirs beside it. */
  readonly storageFolder: string;
  readonly folders: readonly McpFolder[];
}

export interface ImportPlace {
  readonly program: string;
  readonly file: string;
  /** Where in the file `servers` or `mcpServers` stands; of doubles the first counts. */
  readonly paths: readonly (readonly string[])[];
  readonly timeoutUnit?: NonNullable<EntryOptions['timeoutUnit']>;
  /** Of a file that holds much else. */
  readonly mostBytes?: number;
}

const top: readonly (readonly string[])[] = [[]];
const clineFile = 'cline_mcp_settings.json';

/** Folders that editors of the VS Code family keep the person's files in, below the folder for applications. */
const editors = [
  { program: 'VS Code', folder: 'Code' },
  { program: 'VS Code Insiders', folder: 'Code - Insiders' },
] as const;

/** In the order of the list that people see. Of two with the same file the first counts. */
export const importPlaces = (ports: ImportPlacePorts): readonly ImportPlace[] => {
  const { home, environment, platform, storageFolder, folders } = ports;
  const { join, dirname } = pathsOf(platform);
  const fromEnvironment = (name: string, otherwise: string): string => {
    const value = environment[name];
    return value === undefined || value === '' ? otherwise : value;
  };
  const applications =
    platform === 'win32'
      ? fromEnvironment('APPDATA', join(home, 'AppData', 'Roaming'))
      : platform === 'darwin'
        ? join(home, 'Library', 'Application Support')
        : fromEnvironment('XDG_CONFIG_HOME', join(home, '.config'));
  const globalStorage = dirname(storageFolder);
  const ownUser = dirname(globalStorage);
  const editorUsers = [
    { program: 'VS Code', user: ownUser },
    ...editors.map(({ program, folder }) => ({ program, user: join(applications, folder, 'User') })),
  ];
  const clineFolder = fromEnvironment('CLINE_DIR', join(home, '.cline'));
  const places: readonly ImportPlace[] = [
    {
      program: 'Claude Desktop',
      file: join(applications, 'Claude', 'claude_desktop_config.json'),
      paths: top,
    },
    ...(platform === 'win32'
      ? [
          {
            // Of the store's package, which sees its own copy of the folder.
            program: 'Claude Desktop',
            file: join(
              fromEnvironment('LOCALAPPDATA', join(home, 'AppData', 'Local')),
              'Packages',
              'Claude_pzs8sxrjxfjjc',
              'LocalCache',
              'Roaming',
              'Claude',
              'claude_desktop_config.json',
            ),
            paths: top,
          },
        ]
      : []),
    {
      program: 'Claude Code',
      file: join(fromEnvironment('CLAUDE_CONFIG_DIR', home), '.claude.json'),
      paths: [[], ...folders.map((folder) => ['projects', folder.path])],
      timeoutUnit: 'milliseconds',
      mostBytes: 10_000_000,
    },
    { program: 'Cursor', file: join(home, '.cursor', 'mcp.json'), paths: top },
    ...folders.map((folder) => ({
      program: `Cursor (${folderFileLabel('this folder', folder, folders)})`,
      file: join(folder.path, '.cursor', 'mcp.json'),
      paths: top,
    })),
    ...[
      join(globalStorage, 'saoudrizwan.claude-dev', 'settings', clineFile),
      ...editors.map(({ folder }) =>
        join(applications, folder, 'User', 'globalStorage', 'saoudrizwan.claude-dev', 'settings', clineFile),
      ),
      join(clineFolder, 'data', 'settings', clineFile),
    ].map((file) => ({ program: 'Cline', file, paths: top, timeoutUnit: 'seconds' as const })),
    { program: 'Windsurf', file: join(home, '.codeium', 'windsurf', 'mcp_config.json'), paths: top },
    ...editorUsers.flatMap(({ program, user }) => [
      { program, file: join(user, 'mcp.json'), paths: top },
      { program: `${program} (settings)`, file: join(user, 'settings.json'), paths: [['mcp']] },
    ]),
  ];
  const seen = new Set<string>();
  return places.filter(({ file }) => {
    const isNew = !seen.has(file);
    seen.add(file);
    return isNew;
  });
};
