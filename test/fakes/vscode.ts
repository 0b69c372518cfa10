/** As much of VS Code as the modules of extension/vscode need in the unit tests; `loadWithVscode.ts` puts it in place. */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  applyEdit,
  FakeDocument,
  type Uri as FakeUri,
  onDidChangeTextDocument,
  onDidCloseTextDocument,
  openDocument,
  opened,
  openTab,
  registerFileSystemProvider,
  resetDocuments,
  runBuiltIn,
  TabInputText,
  tabGroups,
} from './vscodeDocuments.ts';
import {
  createFileSystemWatcher,
  onDidOpenTextDocument,
  onDidSaveTextDocument,
  registerTextDocumentContentProvider,
} from './vscodeLanguages.ts';

export {
  EventEmitter,
  FilePermission,
  FileSystemError,
  FileType,
  Position,
  Range,
  Selection,
  TabInputText,
  TabInputTextDiff,
  TextEditorRevealType,
  Uri,
  WorkspaceEdit,
} from './vscodeDocuments.ts';
export {
  Diagnostic,
  DiagnosticSeverity,
  Disposable,
  DocumentLink,
  languages,
  RelativePattern,
} from './vscodeLanguages.ts';
export { ConfigurationTarget, lm } from './vscodeLm.ts';

/** What was shown to the person, oldest first. */
export const told: string[] = [];

/** What the person presses or types next, in the order they are asked; nobody answers where there is nothing. */
export const answers: unknown[] = [];

/** A message as it was shown: what stands behind its text are options and buttons. */
export interface FakeMessage {
  readonly text: string;
  readonly detail: string | undefined;
  readonly isModal: boolean;
  readonly buttons: readonly string[];
}

/** As `told`, whole. */
export const messages: FakeMessage[] = [];

const titleOf = (item: unknown): unknown =>
  typeof item === 'object' && item !== null ? Reflect.get(item, 'title') : item;

/** An answer that is the title of a button presses it. */
const tell = async (text: string, ...rest: readonly unknown[]): Promise<unknown> => {
  const [first] = rest;
  const options =
    typeof first === 'object' && first !== null && !('title' in first)
      ? (first as { modal?: boolean; detail?: string })
      : undefined;
  const items = options === undefined ? rest : rest.slice(1);
  told.push(text);
  messages.push({
    text,
    detail: options?.detail,
    isModal: options?.modal === true,
    buttons: items.map((item) => String(titleOf(item))),
  });
  const answer = await answers.shift();
  return items.find((item) => titleOf(item) === answer) ?? answer;
};

/** What stands in the status bar, by id. */
export class FakeStatusBarItem {
  text = '';
  tooltip = '';
  command: unknown;
  backgroundColor: unknown;
  name = '';
  isShown = false;
  show(): void {
    this.isShown = true;
  }
  hide(): void {
    this.isShown = false;
  }
  dispose(): void {
    this.hide();
  }
}
export const statusBarItems = new Map<string, FakeStatusBarItem>();

/** Whether the window has the focus; `setFocused` tells who listens. */
const windowListeners = new Set<() => void>();
export const setFocused = (focused: boolean): void => {
  window.state.focused = focused;
  for (const listener of windowListeners) listener();
};

/** A quick pick that a test looks at and presses keys in. */
export class FakeQuickPick {
  title = '';
  placeholder = '';
  value = '';
  busy = false;
  matchOnDescription = false;
  matchOnDetail = false;
  keepScrollPosition = false;
  items: readonly object[] = [];
  activeItems: readonly object[] = [];
  selectedItems: readonly object[] = [];
  isOpen = false;
  readonly #valueListeners: ((value: string) => void)[] = [];
  readonly #acceptListeners: (() => void)[] = [];
  readonly #hideListeners: (() => void)[] = [];

  onDidChangeValue(listener: (value: string) => void): void {
    this.#valueListeners.push(listener);
  }
  onDidAccept(listener: () => void): void {
    this.#acceptListeners.push(listener);
  }
  onDidHide(listener: () => void): void {
    this.#hideListeners.push(listener);
  }
  show(): void {
    this.isOpen = true;
  }
  hide(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const listener of this.#hideListeners) listener();
  }
  dispose(): void {
    this.hide();
  }

  type(value: string): void {
    this.value = value;
    for (const listener of this.#valueListeners) listener(value);
  }
  accept(item: object): void {
    this.selectedItems = [item];
    for (const listener of this.#acceptListeners) listener();
  }
  /** What a row says: label, then description and detail where it has them. */
  rows(): string[] {
    return this.items.map((item) =>
      ['label', 'description', 'detail']
        .flatMap((key) => {
          const text: unknown = Reflect.get(item, key);
          return typeof text === 'string' && text !== '' ? [text] : [];
        })
        .join(' | '),
    );
  }
}

/** Every quick pick that was made, oldest first. */
export const quickPicks: FakeQuickPick[] = [];

/** A choice, by label, or several of them, among what `showQuickPick` shows; or the answer itself. */
const choose = async (items: readonly object[]): Promise<unknown> => {
  const find = (label: string): object => {
    const found = items.find((item) => Reflect.get(item, 'label') === label);
    if (found === undefined) throw new Error(`There is no ${label} among the choices.`);
    return found;
  };
  const answer = answers.shift();
  if (Array.isArray(answer)) return answer.map((each) => (typeof each === 'string' ? find(each) : each));
  return typeof answer === 'string' ? find(answer) : answer;
};

export const window = {
  state: { focused: true },
  onDidChangeWindowState: (listener: () => void): object => {
    windowListeners.add(listener);
    return { dispose: () => windowListeners.delete(listener) };
  },
  createStatusBarItem: (id: string): FakeStatusBarItem => {
    const made = new FakeStatusBarItem();
    statusBarItems.set(id, made);
    return made;
  },
  showErrorMessage: tell,
  showInformationMessage: tell,
  showWarningMessage: tell,
  setStatusBarMessage: (text: string): void => void told.push(text),
  showInputBox: async (options?: object): Promise<unknown> => {
    inputBoxes.push(options ?? {});
    return answers.shift();
  },
  showSaveDialog: async (): Promise<unknown> => answers.shift(),
  showOpenDialog: async (): Promise<unknown> => answers.shift(),
  showQuickPick: choose,
  createQuickPick: (): FakeQuickPick => {
    const made = new FakeQuickPick();
    quickPicks.push(made);
    return made;
  },
  withProgress: (
    { location }: { readonly location: number },
    task: (progress: object, token: object) => Promise<unknown>,
  ): Promise<unknown> => {
    progress.locations.push(location);
    return task(
      { report: () => progress.onReport() },
      {
        get isCancellationRequested() {
          return progress.isCancelled;
        },
        onCancellationRequested: (listener: () => void) => progress.listeners.push(listener),
      },
    );
  },
  showTextDocument: async (document: unknown): Promise<void> => {
    shownDocuments.push(document);
    if (!(document instanceof FakeDocument)) return;
    openTab(path.posix.basename(document.uri.path), new TabInputText(document.uri), [document.uri]);
  },
  tabGroups,
  get activeTextEditor() {
    return opened.editor;
  },
  get visibleTextEditors() {
    return opened.editor === undefined ? [] : [opened.editor];
  },
};

/** What was asked for in a field, with its options. */
export const inputBoxes: object[] = [];

/** Whether the person has pressed Cancel in a progress message; a test sets it. */
export const progress = {
  isCancelled: false,
  onReport: (): void => undefined,
  listeners: [] as (() => void)[],
  /** Where each was shown. */
  locations: [] as number[],
};

/** What was opened in an editor. */
export const shownDocuments: unknown[] = [];

/** Commands of VS Code that were run, with their arguments. */
export const executed: (readonly unknown[])[] = [];

export const commands = {
  executeCommand: async (...call: readonly unknown[]): Promise<void> => {
    executed.push(call);
    const [command, ...args] = call;
    runBuiltIn(command, args);
  },
};

/** The clipboard is a variable; what is on a desktop is not there. */
export const env = {
  /** Addresses that were opened outside. */
  openedOutside: [] as string[],
  openExternal: async (uri: FakeUri): Promise<boolean> => {
    env.openedOutside.push(uri.toString());
    return true;
  },
  remoteName: undefined as string | undefined,
  uiKind: 2,
  clipboard: {
    text: '',
    writeText: async (text: string): Promise<void> => {
      env.clipboard.text = text;
    },
  },
};

export const UIKind = { Desktop: 1, Web: 2 };
export const ProgressLocation = { Window: 10, Notification: 15 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };
export const InputBoxValidationSeverity = { Info: 1, Warning: 2, Error: 3 };

export const StatusBarAlignment = { Left: 1, Right: 2 };
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };

export class TreeItem {
  readonly label: string;
  readonly collapsibleState: number;
  id: string | undefined;
  description: unknown;
  tooltip: unknown;
  contextValue: string | undefined;
  iconPath: unknown;
  command: unknown;
  constructor(label: string, collapsibleState = 0) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}

export class ThemeColor {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

/** What is appended as text cannot be read as Markdown. */
export class MarkdownString {
  value = '';
  isTrusted: unknown;
  appendText(text: string): this {
    this.value += text.replaceAll(/[\\`*_{}[\]()#+!~<>]/g, '\\$&');
    return this;
  }
  appendMarkdown(markdown: string): this {
    this.value += markdown;
    return this;
  }
}

export class ThemeIcon {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

/** Forgets what was told, shown, run and answered. */
export const resetVscode = (): void => {
  window.state.focused = true;
  windowListeners.clear();
  statusBarItems.clear();
  for (const list of [
    told,
    messages,
    answers,
    quickPicks,
    shownDocuments,
    executed,
    inputBoxes,
    env.openedOutside,
  ])
    list.length = 0;
  Object.assign(progress, { isCancelled: false, onReport: () => undefined, listeners: [], locations: [] });
  resetDocuments();
};

interface Folder {
  readonly name: string;
  readonly uri: Pick<FakeUri, 'scheme' | 'fsPath'>;
}

/** What is open; a test sets it. Files are the real ones. */
/** What the person has set, by the settings' whole names. */
export const configured = new Map<string, unknown>();

export const workspace = {
  getConfiguration: (section: string) => ({
    get: (name: string, fallback?: unknown) => configured.get(`${section}.${name}`) ?? fallback,
    inspect: (name: string) => ({ key: name, globalValue: configured.get(`${section}.${name}`) }),
  }),
  name: undefined as string | undefined,
  workspaceFolders: undefined as readonly Folder[] | undefined,
  isTrusted: true,
  fs: {
    stat: ({ fsPath }: FakeUri) => stat(fsPath),
    readFile: ({ fsPath }: FakeUri) => readFile(fsPath),
    writeFile: ({ fsPath }: FakeUri, bytes: Uint8Array) => writeFile(fsPath, bytes),
    rename: (from: FakeUri, to: FakeUri) => rename(from.fsPath, to.fsPath),
    delete: ({ fsPath }: FakeUri) => rm(fsPath),
    createDirectory: ({ fsPath }: FakeUri) => mkdir(fsPath, { recursive: true }),
  },
  registerTextDocumentContentProvider,
  createFileSystemWatcher,
  onDidOpenTextDocument: onDidOpenTextDocument.event,
  onDidSaveTextDocument: onDidSaveTextDocument.event,
  registerFileSystemProvider,
  onDidChangeTextDocument: onDidChangeTextDocument.event,
  onDidCloseTextDocument: onDidCloseTextDocument.event,
  get textDocuments() {
    return opened.documents;
  },
  // Of what an extension only gives as text there is no file.
  openTextDocument: async (given: FakeUri | { readonly content: string }) =>
    'content' in given ? { getText: () => given.content } : openDocument(given),
  applyEdit,
};
