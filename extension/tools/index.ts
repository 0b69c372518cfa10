import type { Tool } from '../core/tool.ts';
import type { Editor, WorkspaceFiles } from '../core/workspace.ts';
import type { CommandPlaces } from './commandPlace.ts';
import { createDeleteFile } from './deleteFile.ts';
import { createDiagnostics } from './diagnostics.ts';
import { createEditFile } from './editFile.ts';
import { createFindFiles } from './findFiles.ts';
import type { LeftProcesses } from './leftProcesses.ts';
import { createListDirectory } from './listDirectory.ts';
import { createMoveFile } from './moveFile.ts';
import { createReadFile } from './readFile.ts';
import { createRunCommand } from './runCommand.ts';
import { createSearchText } from './searchText.ts';
import type { SeenFiles } from './seenFiles.ts';
import { createWriteFile } from './writeFile.ts';

/** Everything the built-in tools reach out to. */
export interface ToolPorts {
  readonly files: WorkspaceFiles;
  readonly editor: Editor;
  /** One per chat. */
  readonly seen: SeenFiles;
  /** Absolute path of ripgrep, or undefined where there is none. */
  ripgrep(): Promise<string | undefined>;
  /** The whole environment of every process that a tool starts; without keys. */
  environment(): Record<string, string>;
  /** Absolute; made when it is needed. Long outputs of commands go there. */
  readonly spillFolder: string;
  readonly commandTimeoutMs: number;
  /** Where this agent's commands run; absent: on this computer. */
  readonly commandPlaces?: CommandPlaces;
  /** One for all chats; whoever made it ends what it holds. */
  readonly leftProcesses: LeftProcesses;
}

/** In the order in which models see them. */
export const builtInToolNames = [
  'read_file',
  'list_directory',
  'find_files',
  'search_text',
  'edit_file',
  'write_file',
  'move_file',
  'delete_file',
  'run_command',
  'diagnostics',
] as const;
export type BuiltInToolName = (typeof builtInToolNames)[number];

/** The built-in tools of one chat. */
export const createTools = (ports: ToolPorts): readonly Tool[] => {
  const tools: Record<BuiltInToolName, Tool> = {
    read_file: createReadFile(ports),
    list_directory: createListDirectory(ports),
    find_files: createFindFiles(ports),
    search_text: createSearchText(ports),
    edit_file: createEditFile(ports),
    write_file: createWriteFile(ports),
    move_file: createMoveFile(ports),
    delete_file: createDeleteFile(ports),
    run_command: createRunCommand(ports),
    diagnostics: createDiagnostics(ports),
  };
  return builtInToolNames.map((name) => tools[name]);
};
