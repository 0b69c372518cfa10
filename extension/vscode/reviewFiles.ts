/** The documents of reviews: a file system in memory, in which only what waits for an answer can be changed. */
import * as vscode from 'vscode';

export const reviewScheme = 'anycowork-review';

/** `text`: what is no side of a diff. */
export type ReviewSide = 'before' | 'after' | 'text';

/** @param path the file's label; the language goes by its name */
export const reviewUri = (stepId: string, side: ReviewSide, path: string): vscode.Uri =>
  vscode.Uri.from({
    scheme: reviewScheme,
    path: `/${path}`,
    query: new URLSearchParams({ step: stepId, side }).toString(),
  });

export const stepIdOf = (uri: unknown): string | undefined => {
  if (!(uri instanceof vscode.Uri) || uri.scheme !== reviewScheme) return undefined;
  return new URLSearchParams(uri.query).get('step') ?? undefined;
};

export interface ReviewFiles extends vscode.Disposable {
  /** One that is there already keeps the text that the person gave it. */
  add(uri: vscode.Uri, text: string, isEditable: boolean): void;
  /** What is to be seen there: of the open document, saved or not, else what was saved last. */
  text(uri: vscode.Uri): string | undefined;
  /** Unsaved text of a step's documents is kept, so that closing them asks nothing. */
  save(stepId: string): Promise<void>;
  /** All documents of a step. */
  forget(stepId: string): void;
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly isEditable: boolean;
  /** Stands for the time of the last change. */
  readonly version: number;
}

/** With it the text is read as UTF-8, whatever `files.encoding` says. */
const mark = '\ufeff';

const gone: Entry = {
  bytes: new TextEncoder().encode(`${mark}This was shown in an earlier window. Open it again from the chat.`),
  isEditable: false,
  version: 0,
};

const documentsOf = (isWanted: (uri: vscode.Uri) => boolean): readonly vscode.TextDocument[] =>
  vscode.workspace.textDocuments.filter(({ isClosed, uri }) => !isClosed && isWanted(uri));

/** @param isWaiting whether what was typed into a document of this step is still needed once it is closed */
export const createReviewFiles = (isWaiting: (stepId: string) => boolean): ReviewFiles => {
  const entries = new Map<string, Entry>();
  let version = 0;

  const put = (uri: vscode.Uri, bytes: Uint8Array, isEditable: boolean): void => {
    version += 1;
    entries.set(uri.toString(), { bytes, isEditable, version });
  };
  /** @throws FileNotFound */
  const find = (uri: vscode.Uri): Entry => {
    const entry = entries.get(uri.toString()) ?? (stepIdOf(uri) === undefined ? undefined : gone);
    if (entry === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return entry;
  };
  const refuse = (uri: vscode.Uri): never => {
    throw vscode.FileSystemError.NoPermissions(uri);
  };

  const changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  const provider: vscode.FileSystemProvider = {
    onDidChangeFile: changed.event,
    watch: () => ({ dispose: () => undefined }),
    stat: (uri) => {
      const entry = find(uri);
      return {
        type: vscode.FileType.File,
        ctime: 0,
        mtime: entry.version,
        size: entry.bytes.length,
        ...(entry.isEditable ? {} : { permissions: vscode.FilePermission.Readonly }),
      };
    },
    readFile: (uri) => find(uri).bytes,
    writeFile: (uri, bytes) => {
      if (!find(uri).isEditable) refuse(uri);
      put(uri, bytes, true);
    },
    readDirectory: refuse,
    createDirectory: refuse,
    delete: refuse,
    rename: refuse,
  };

  const subscriptions = [
    changed,
    vscode.workspace.registerFileSystemProvider(reviewScheme, provider, { isCaseSensitive: true }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      const stepId = stepIdOf(uri);
      if (stepId !== undefined && !isWaiting(stepId)) entries.delete(uri.toString());
    }),
  ];
  return {
    add: (uri, text, isEditable) => {
      if (!entries.has(uri.toString())) put(uri, new TextEncoder().encode(mark + text), isEditable);
    },
    text: (uri) => {
      const name = uri.toString();
      const [open] = documentsOf((each) => each.toString() === name);
      if (open !== undefined) return open.getText();
      const entry = entries.get(name);
      // The decoder leaves the mark out.
      return entry === undefined ? undefined : new TextDecoder().decode(entry.bytes);
    },
    save: async (stepId) => {
      const unsaved = documentsOf((uri) => stepIdOf(uri) === stepId).filter(({ isDirty }) => isDirty);
      // One that cannot be saved asks as it is closed; nothing hangs on its text any more.
      await Promise.all(unsaved.map(async (document) => Promise.resolve(document.save()).catch(() => false)));
    },
    forget: (stepId) => {
      for (const name of [...entries.keys()]) {
        if (stepIdOf(vscode.Uri.parse(name)) === stepId) entries.delete(name);
      }
    },
    dispose: () => {
      for (const each of subscriptions) each.dispose();
    },
  };
};
