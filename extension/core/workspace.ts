/** Ports to the open folder: what tools may see and touch of it. */

export interface WorkspaceRoot {
  /** Unique among the roots; addresses the root in a multi-root workspace. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
}

/** A path that was checked to lie inside a root, symbolic links followed. */
export interface WorkspacePath {
  /** Absolute real path (of the nearest existing parent, plus the rest). */
  readonly file: string;
  /** How people and models call it: relative to its root, prefixed by the root's name when there are several. */
  readonly label: string;
  readonly root: WorkspaceRoot;
  /** Absolute real path of the root. */
  readonly realRoot: string;
  /** `/`-separated real path below it, whatever the root is called; `.` is the root. */
  readonly below: string;
  readonly exists: boolean;
  readonly isFolder: boolean;
  /** The last part of the path as given is a symbolic link; `file` is what it leads to. */
  readonly isLink: boolean;
  /** Absolute, as the editor calls it: below the root's own path, symbolic links not followed. */
  readonly editorFile: string;
}

/** What a folder holds, one level deep. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Bytes of a file, otherwise 0. */
  readonly size: number;
}

export interface FileContent {
  /** The editor's unsaved text where there is one, else the bytes on disk. */
  readonly bytes: Uint8Array;
  readonly isUnsaved: boolean;
}

export interface Problem {
  readonly label: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning' | 'info' | 'hint';
  readonly message: string;
  readonly source: string;
}

/** What editors hold; implemented on VS Code, faked in tests. */
export interface Editor {
  /** The text of an open document, saved or not; undefined when it is not open. */
  openText(file: string): { readonly text: string; readonly isDirty: boolean } | undefined;
  /** The open documents of files whose text is not saved yet, under the paths they were opened with. */
  unsavedDocuments(): readonly { readonly file: string; readonly text: string }[];
  /**
   * Replaces the text of an open document through a workspace edit and saves it.
   * @returns `notSaved` when the editor could not; the document then has its old text again, where that was possible
   */
  replaceText(file: string, text: string): Promise<'notOpen' | 'saved' | 'notSaved'>;
  /** Moves a file through a workspace edit, so that open editors follow. @returns false when not possible here */
  moveFile(from: string, to: string): Promise<boolean>;
  /** Deletes through a workspace edit (to the trash where there is one). @returns false when not possible here */
  deleteFile(file: string): Promise<boolean>;
  /** The editor's problems, of one file or of all. */
  problems(file: string | undefined): readonly (Omit<Problem, 'label'> & { readonly file: string })[];
}

/** Thrown for a path that may not be touched; the message says why, for the model. */
export class BoundaryError extends Error {
  override readonly name = 'BoundaryError';
}

/** Files inside the workspace roots, and nothing else. Every method re-checks the boundary when it touches the disk. */
export interface WorkspaceFiles {
  roots(): readonly WorkspaceRoot[];
  /** @throws BoundaryError outside the roots, or with no folder open */
  resolve(path: string): Promise<WorkspacePath>;
  /** @throws ToolError when it is missing, a folder, or over `limit` bytes */
  read(path: WorkspacePath, limit: number): Promise<FileContent>;
  /** Sorted by name, symbolic links not followed. @throws ToolError when it is not a folder */
  list(path: WorkspacePath): Promise<readonly FolderEntry[]>;
  /** Atomic, keeps mode; through the editor when the file is open there. Creates parent folders. */
  writeText(path: WorkspacePath, text: string): Promise<void>;
  move(from: WorkspacePath, to: WorkspacePath): Promise<void>;
  /** A file, or an empty folder. */
  delete(path: WorkspacePath): Promise<void>;
  /**
   * Tells, without reading it, whether it is still the same file, unchanged, or the same folder.
   * @throws ToolError when it is gone
   */
  identity(path: WorkspacePath): Promise<string>;
  /** Why a path always asks (`.git` is protected), or undefined. */
  protectedBecause(path: WorkspacePath): string | undefined;
  /**
   * Why moving a folder always asks for what it holds (`a holds .git: …`, or too much to look through), or undefined.
   * @throws ToolError where a workspace folder would be moved, or something be put in its place
   */
  movedBecause(from: WorkspacePath, to: WorkspacePath): Promise<string | undefined>;
  /** Looks like it holds secrets (`.env`, private keys): reads ask. */
  looksSecret(path: WorkspacePath): boolean;
}
