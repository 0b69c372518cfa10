/** Documents, tabs and the file systems that extensions give to VS Code, as far as reviews need them. */
import path from 'node:path';

type Listener<T> = (value: T) => void;

export class EventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class Uri {
  readonly scheme: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;

  private constructor(scheme: string, pathName: string, query: string, fragment = '') {
    this.scheme = scheme;
    this.path = pathName;
    this.query = query;
    this.fragment = fragment;
  }
  get fsPath(): string {
    return this.path;
  }
  toString(): string {
    return `${this.scheme}:${encodeURI(this.path)}${this.query === '' ? '' : `?${encodeURIComponent(this.query)}`}`;
  }

  static file(fsPath: string): Uri {
    return new Uri('file', fsPath, '');
  }
  static from(parts: {
    readonly scheme: string;
    readonly path: string;
    readonly query?: string;
    readonly fragment?: string;
  }): Uri {
    return new Uri(parts.scheme, parts.path, parts.query ?? '', parts.fragment);
  }
  static parse(text: string): Uri {
    const [, scheme = '', name = '', query = ''] = /^([^:]+):([^?]*)\??(.*)$/.exec(text) ?? [];
    return new Uri(scheme, decodeURI(name), decodeURIComponent(query));
  }
  static joinPath(folder: { readonly scheme: string; readonly fsPath: string }, ...names: string[]): Uri {
    return new Uri(folder.scheme, path.join(folder.fsPath, ...names), '');
  }
}

export class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(...given: readonly [Position, Position] | readonly [number, number, number, number]) {
    const [start, end] =
      given.length === 4
        ? [new Position(given[0], given[1]), new Position(given[2], given[3])]
        : [given[0], given[1]];
    this.start = start;
    this.end = end;
  }
}

export class Selection extends Range {
  readonly active: Position;
  constructor(anchor: Position, active: Position) {
    super(anchor, active);
    this.active = active;
  }
}

export class WorkspaceEdit {
  readonly edits: { readonly uri: Uri; readonly range: Range; readonly text: string }[] = [];
  replace(uri: Uri, range: Range, text: string): void {
    this.edits.push({ uri, range, text });
  }
}

export const FileType = { File: 1 };
export const FilePermission = { Readonly: 1 };
export const TextEditorRevealType = { InCenterIfOutsideViewport: 2 };

export class FileSystemError extends Error {
  static FileNotFound(uri: Uri): FileSystemError {
    return new FileSystemError(`FileNotFound ${uri.toString()}`);
  }
  static NoPermissions(uri: Uri): FileSystemError {
    return new FileSystemError(`NoPermissions ${uri.toString()}`);
  }
}

interface FileSystem {
  stat(uri: Uri): { readonly permissions?: number };
  readFile(uri: Uri): Uint8Array;
  writeFile(uri: Uri, bytes: Uint8Array): void;
}

const fileSystems = new Map<string, FileSystem>();

export const registerFileSystemProvider = (scheme: string, provider: FileSystem): { dispose(): void } => {
  fileSystems.set(scheme, provider);
  return { dispose: () => fileSystems.delete(scheme) };
};

const systemOf = (uri: Uri): FileSystem => {
  const system = fileSystems.get(uri.scheme);
  if (system === undefined) throw new Error(`No file system for ${uri.toString()}`);
  return system;
};

/** Lines end with `\n` in it, whatever the file has, as in a document that VS Code gave one line ending. */
export class FakeDocument {
  readonly uri: Uri;
  isDirty = false;
  isClosed = false;
  #text: string;
  constructor(uri: Uri) {
    this.uri = uri;
    this.#text = new TextDecoder().decode(systemOf(uri).readFile(uri)).replace(/\r\n?/g, '\n');
  }
  get isReadonly(): boolean {
    return systemOf(this.uri).stat(this.uri).permissions === FilePermission.Readonly;
  }
  get lineCount(): number {
    return this.#text.split('\n').length;
  }
  getText(): string {
    return this.#text;
  }
  /** What a person types. */
  type(text: string): void {
    if (this.isReadonly) throw new Error(`${this.uri.toString()} is read-only`);
    this.#text = text;
    this.isDirty = true;
    onDidChangeTextDocument.fire({ document: this });
  }
  replace({ start, end }: Range, text: string): void {
    const lines = this.#text.split('\n');
    const offset = ({ line, character }: Position): number =>
      lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
    this.type(this.#text.slice(0, offset(start)) + text + this.#text.slice(offset(end)));
  }
  async saveIfDirty(): Promise<void> {
    if (this.isDirty) await this.save();
  }
  async save(): Promise<boolean> {
    systemOf(this.uri).writeFile(this.uri, new TextEncoder().encode(`\ufeff${this.#text}`));
    this.isDirty = false;
    return true;
  }
}

export interface FakeTextEditor {
  readonly document: FakeDocument;
  selection: Selection;
  revealRange(range: Range): void;
}

export class TabInputText {
  readonly uri: Uri;
  constructor(uri: Uri) {
    this.uri = uri;
  }
}
export class TabInputTextDiff {
  readonly original: Uri;
  readonly modified: Uri;
  constructor(original: Uri, modified: Uri) {
    this.original = original;
    this.modified = modified;
  }
}

/** `input` is undefined for a multi-diff editor: the stable API does not tell what it shows. */
export interface FakeTab {
  readonly label: string;
  readonly input: TabInputText | TabInputTextDiff | undefined;
  readonly uris: readonly Uri[];
}

export const onDidChangeTextDocument = new EventEmitter<{ readonly document: FakeDocument }>();
export const onDidCloseTextDocument = new EventEmitter<FakeDocument>();
const tabsChanged = new EventEmitter<object>();
const tabGroupsChanged = new EventEmitter<object>();

/** What is open. */
export const opened = {
  documents: [] as FakeDocument[],
  tabs: [] as FakeTab[],
  active: undefined as FakeTab | undefined,
  editor: undefined as FakeTextEditor | undefined,
  /** Tabs at whose closing VS Code asked whether to save. */
  savePrompts: [] as string[],
  /** What `setContext` was called with last. */
  contexts: new Map<unknown, unknown>(),
};

const editorOf = (document: FakeDocument): FakeTextEditor => {
  const top = new Position(0, 0);
  return { document, selection: new Selection(top, top), revealRange: () => undefined };
};

export const openDocument = (uri: Uri): FakeDocument => {
  const known = opened.documents.find((document) => document.uri.toString() === uri.toString());
  if (known !== undefined) return known;
  const document = new FakeDocument(uri);
  opened.documents.push(document);
  return document;
};

export const activate = (tab: FakeTab | undefined): void => {
  opened.active = tab;
  const last = tab?.uris.at(-1);
  opened.editor = last === undefined ? undefined : editorOf(openDocument(last));
  tabsChanged.fire({});
};

export const openTab = (label: string, input: FakeTab['input'], uris: readonly Uri[]): void => {
  const tab = { label, input, uris };
  for (const uri of uris) openDocument(uri);
  opened.tabs.push(tab);
  activate(tab);
};

/** As the person does it; unsaved text is dropped, as they say when asked. */
export const closeTabs = async (tabs: readonly FakeTab[]): Promise<boolean> => {
  opened.tabs = opened.tabs.filter((tab) => !tabs.includes(tab));
  const isShown = (document: FakeDocument): boolean =>
    opened.tabs.some(({ uris }) => uris.some((uri) => uri.toString() === document.uri.toString()));
  const closed = opened.documents.filter((document) => !isShown(document));
  opened.documents = opened.documents.filter(isShown);
  for (const document of closed) {
    if (document.isDirty) opened.savePrompts.push(document.uri.path);
    document.isClosed = true;
    onDidCloseTextDocument.fire(document);
  }
  if (opened.active !== undefined && tabs.includes(opened.active)) activate(opened.tabs.at(-1));
  return true;
};

export const tabGroups = {
  get all() {
    return [{ tabs: opened.tabs }];
  },
  get activeTabGroup() {
    return { activeTab: opened.active };
  },
  onDidChangeTabs: tabsChanged.event,
  onDidChangeTabGroups: tabGroupsChanged.event,
  close: closeTabs,
};

export const applyEdit = async ({ edits }: WorkspaceEdit): Promise<boolean> => {
  for (const { uri, range, text } of edits) openDocument(uri).replace(range, text);
  return true;
};

/** Of what an extension only gives as text there are no documents here. */
const isUri = (value: unknown): value is Uri => value instanceof Uri && fileSystems.has(value.scheme);

/** The commands of VS Code that do something here. */
export const runBuiltIn = (command: unknown, args: readonly unknown[]): void => {
  if (command === 'workbench.action.files.saveWithoutFormatting') {
    for (const uri of opened.active?.uris ?? []) void openDocument(uri).saveIfDirty();
  }
  if (command === 'setContext') opened.contexts.set(args[0], args[1]);
  if (command === 'vscode.diff' && isUri(args[0]) && isUri(args[1])) {
    openTab(String(args[2]), new TabInputTextDiff(args[0], args[1]), [args[0], args[1]]);
  }
  if (command === 'vscode.changes' && Array.isArray(args[1])) {
    const rows: readonly unknown[] = args[1];
    const uris = rows.flatMap((row) => (Array.isArray(row) ? row.slice(1).filter(isUri) : []));
    openTab(`${String(args[0])} (${rows.length} files)`, undefined, uris);
  }
};

export const resetDocuments = (): void => {
  Object.assign(opened, { documents: [], tabs: [], active: undefined, editor: undefined, savePrompts: [] });
  opened.contexts.clear();
};
