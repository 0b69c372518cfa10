/** The files that MCP servers are configured in: opened where an entry stands, begun, and entries removed from them. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { McpConfigs, McpServers, McpTarget } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { WorkspaceRoot } from '../core/workspace.ts';
import type { McpServerInfo, McpSource } from '../shared/mcp.ts';
import { called, isOurs, sourceText } from './mcpWords.ts';
import { visible } from './skillWords.ts';
import { withoutIcons, withoutLinks } from './words.ts';

export interface McpFilePorts {
  readonly servers: Pick<McpServers, 'signOut' | 'forgetInputs'>;
  readonly configs: Pick<McpConfigs, 'remove'>;
  /** Absolute path of the person's own file. */
  readonly userFile: string;
  /** The open folders, as they are called. */
  folders(): readonly WorkspaceRoot[];
  isTrusted(): boolean;
}

/** What a new file says. Both kinds of servers are there as comments. */
const skeleton = (ofWhom: string): string => `{
  // MCP servers ${ofWhom}. Each is started only after you have approved its command or address.
  // Secrets do not belong here: \${input:id} asks for a value once and keeps it in VS Code's secret storage.
  "inputs": [
    // { "type": "promptString", "id": "token", "description": "Token of the service", "password": true }
  ],
  "servers": {
    // "memory": {
    //   "command": "npx",
    //   "args": ["-y", "@modelcontextprotocol/server-memory"],
    //   "env": { "MEMORY_FILE_PATH": "\${workspaceFolder}/memory.jsonl" }
    // },
    // "service": {
    //   "type": "http",
    //   "url": "https://example.com/mcp",
    //   "headers": { "Authorization": "Bearer \${input:token}" }
    // }
  }
}
`;

const ownFile = (folder: string): string => path.join(folder, '.anycowork', 'mcp.json');

/** @param line from 1 */
const openAt = async (file: string, line?: number): Promise<void> => {
  const at = Math.max(0, (line ?? 1) - 1);
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file), {
    preview: true,
    ...(line === undefined ? {} : { selection: new vscode.Range(at, 0, at, 0) }),
  });
};

export const openEntry = ({ file, line }: McpSource): Promise<void> => openAt(file, line);

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

interface TargetItem extends vscode.QuickPickItem {
  readonly target: McpTarget;
}

/** Where a new server can be kept. In a folder that is not trusted nothing is written. */
export const targetItems = ({
  userFile,
  folders,
  isTrusted,
}: Pick<McpFilePorts, 'userFile' | 'folders' | 'isTrusted'>): readonly TargetItem[] => [
  {
    label: 'My servers',
    description: 'in every folder',
    detail: withoutIcons(visible(userFile)),
    target: { place: 'user' },
  },
  ...(isTrusted() ? folders() : []).map(({ name, path: folder }) => ({
    label: withoutIcons(visible(`This folder: ${name}`)),
    description: 'also for whoever shares it',
    detail: withoutIcons(visible(ownFile(folder))),
    target: { place: 'anycowork' as const, folder },
  })),
];

/** @returns undefined when the person thought better of it */
export const chooseTarget = async (
  title: string,
  ports: Pick<McpFilePorts, 'userFile' | 'folders' | 'isTrusted'>,
): Promise<McpTarget | undefined> => {
  const items = targetItems(ports);
  const options = { title, placeHolder: 'Where it is kept', ignoreFocusOut: true };
  const [only] = items;
  return items.length === 1 ? only?.target : (await vscode.window.showQuickPick(items, options))?.target;
};

/** Makes the file where it is missing. @throws InputError */
const begin = async (file: string, ofWhom: string, mode: number): Promise<void> => {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    // Not over what has come there meanwhile.
    await writeFile(file, skeleton(ofWhom), { flag: 'wx', mode });
  } catch (error) {
    if (await exists(file)) return;
    throw new InputError(`${file} could not be made: ${reasonOf(error)}. Nothing was written.`);
  }
};

export const createMcpFiles = (ports: McpFilePorts) => {
  const { servers, configs } = ports;

  /** @returns whether it was removed */
  const remove = async (info: McpServerInfo, isAsked: boolean): Promise<boolean> => {
    const name = called(info.name);
    if (!isOurs(info)) {
      const open = 'Open File';
      const message = `The MCP server ${name} stands in ${sourceText(info)}, which other programs read too. Remove its entry there; or disable it, and AnyCowork leaves it alone.`;
      if (!isAsked) throw new InputError(message);
      if ((await vscode.window.showInformationMessage(withoutLinks(message), open)) === open)
        await openEntry(info.source);
      return false;
    }
    // Of one that is hidden by another, the other one would be signed out.
    const canForget = info.state.kind !== 'shadowed' && info.state.kind !== 'invalid';
    const keeps = canForget && (info.isSignedIn || (info.config?.inputs.length ?? 0) > 0);
    const [plain, forget] = ['Remove', 'Remove and Forget Secrets'];
    const detail = [
      `It stops, and its entry is taken out of ${visible(info.source.file)}.`,
      ...(keeps
        ? [
            'Values that were typed for it, and its sign-in, stay in VS Code’s secret storage unless you have them forgotten too. Values that other servers of the same file use are asked for again then.',
          ]
        : []),
    ].join('\n\n');
    const answer = isAsked
      ? await vscode.window.showWarningMessage(
          `Remove the MCP server ${name}?`,
          { modal: true, detail },
          plain,
          ...(keeps ? [forget] : []),
        )
      : plain;
    if (answer !== plain && answer !== forget) return false;
    if (answer === forget) {
      if (info.isSignedIn) await servers.signOut(info.name);
      await servers.forgetInputs(info.name);
    }
    await configs.remove(info.source, info.name);
    return true;
  };

  const openConfig = async (): Promise<string | undefined> => {
    const own = {
      label: 'My servers',
      file: ports.userFile,
      begin: () => begin(ports.userFile, 'of yours, in every folder', 0o600),
    };
    const ofFolders = ports.folders().map(async ({ name, path: folder }) => {
      const others = [path.join(folder, '.vscode', 'mcp.json'), path.join(folder, '.mcp.json')];
      const there = await Promise.all(others.map(exists));
      const file = ownFile(folder);
      return [
        ...(ports.isTrusted() || (await exists(file))
          ? [
              {
                label: visible(`${name}: .anycowork/mcp.json`),
                file,
                begin: () => begin(file, 'of this folder, also for whoever shares it', 0o644),
              },
            ]
          : []),
        ...others
          .filter((_, index) => there[index] === true)
          .map((other) => ({
            label: visible(`${name}: ${path.relative(folder, other).split(path.sep).join('/')}`),
            file: other,
            begin: undefined,
          })),
      ];
    });
    const found = [own, ...(await Promise.all(ofFolders)).flat()];
    const items = await Promise.all(
      found.map(async (each) => ({
        ...each,
        label: withoutIcons(each.label),
        description: (await exists(each.file)) ? '' : 'is made',
        detail: withoutIcons(visible(each.file)),
      })),
    );
    const options = { title: 'MCP configuration', placeHolder: 'Which file' };
    const picked = await vscode.window.showQuickPick(items, options);
    if (picked === undefined) return undefined;
    if (!(await exists(picked.file))) await picked.begin?.();
    await openAt(picked.file);
    return picked.file;
  };

  return { remove, openConfig };
};
