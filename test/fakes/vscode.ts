/** As much of VS Code as the modules of extension/vscode need in the unit tests; `loadWithVscode.ts` puts it in place. */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What was shown to the person, oldest first. */
export const told: string[] = [];

/** What the person presses or types next, in the order they are asked; nobody answers where there is nothing. */
export const answers: unknown[] = [];

const tell = async (text: string): Promise<unknown> => {
  told.push(text);
  return answers.shift();
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

/** A choice, by label, among what `showQuickPick` shows; or the answer itself. */
const choose = async (items: readonly object[]): Promise<unknown> => {
  const answer = answers.shift();
  if (typeof answer !== 'string') return answer;
  const found = items.find((item) => Reflect.get(item, 'label') === answer);
  if (found === undefined) throw new Error(`There is no ${answer} among the choices.`);
  return found;
};

export const window = {
  showErrorMessage: tell,
  showInformationMessage: tell,
  showWarningMessage: tell,
  setStatusBarMessage: (text: string): void => void told.push(text),
  showInputBox: async (): Promise<unknown> => answers.shift(),
  showSaveDialog: async (): Promise<unknown> => answers.shift(),
  showOpenDialog: async (): Promise<unknown> => answers.shift(),
  showQuickPick: choose,
  createQuickPick: (): FakeQuickPick => {
    const made = new FakeQuickPick();
    quickPicks.push(made);
    return made;
  },
  withProgress: (
    _options: unknown,
    task: (progress: object, token: object) => Promise<unknown>,
  ): Promise<unknown> =>
    task(
      { report: () => progress.onReport() },
      {
        get isCancellationRequested() {
          return progress.isCancelled;
        },
        onCancellationRequested: (listener: () => void) => progress.listeners.push(listener),
      },
    ),
  showTextDocument: async (document: unknown): Promise<void> => void shownDocuments.push(document),
};

/** Whether the person has pressed Cancel in a progress message; a test sets it. */
export const progress = {
  isCancelled: false,
  onReport: (): void => undefined,
  listeners: [] as (() => void)[],
};

/** What was opened in an editor. */
export const shownDocuments: unknown[] = [];

/** Commands of VS Code that were run, with their arguments. */
export const executed: (readonly unknown[])[] = [];

export const commands = {
  executeCommand: async (...call: readonly unknown[]): Promise<void> => void executed.push(call),
};

/** The clipboard is a variable; what is on a desktop is not there. */
export const env = {
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
export const ProgressLocation = { Notification: 15 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };

export class ThemeIcon {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export class EventEmitter {
  readonly event = (): object => ({ dispose: () => undefined });
  fire(): void {}
  dispose(): void {}
}

/** Forgets what was told, shown, run and answered. */
export const resetVscode = (): void => {
  for (const list of [told, answers, quickPicks, shownDocuments, executed]) list.length = 0;
  Object.assign(progress, { isCancelled: false, onReport: () => undefined, listeners: [] });
};

interface FakeUri {
  readonly scheme: string;
  readonly fsPath: string;
  readonly path: string;
}

interface Folder {
  readonly name: string;
  readonly uri: Pick<FakeUri, 'scheme' | 'fsPath'>;
}

const uri = (fsPath: string, scheme = 'file'): FakeUri => ({ scheme, fsPath, path: fsPath });

export const Uri = {
  file: (fsPath: string): FakeUri => uri(fsPath),
  from: (parts: { readonly scheme: string; readonly path: string }): FakeUri => uri(parts.path, parts.scheme),
  joinPath: (folder: Pick<FakeUri, 'scheme' | 'fsPath'>, ...names: readonly string[]): FakeUri =>
    uri(path.join(folder.fsPath, ...names), folder.scheme),
};

/** What is open; a test sets it. Files are the real ones. */
export const workspace = {
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
  registerTextDocumentContentProvider: () => ({ dispose: () => undefined }),
};
