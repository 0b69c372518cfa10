/** Problems, links, watchers and read-only documents, as far as skills need them. */
import { EventEmitter, type Range, type Uri } from './vscodeDocuments.ts';

interface Disposing {
  dispose(): unknown;
}

export class Disposable {
  readonly #dispose: () => unknown;
  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }
  dispose(): void {
    this.#dispose();
  }
  static from(...all: readonly Disposing[]): Disposable {
    return new Disposable(() => {
      for (const each of all) each.dispose();
    });
  }
}

export const DiagnosticSeverity = { Error: 0, Warning: 1, Information: 2, Hint: 3 };

export class Diagnostic {
  readonly range: Range;
  readonly message: string;
  readonly severity: number;
  source = '';
  constructor(range: Range, message: string, severity: number) {
    this.range = range;
    this.message = message;
    this.severity = severity;
  }
}

export class DocumentLink {
  readonly range: Range;
  readonly target: Uri;
  constructor(range: Range, target: Uri) {
    this.range = range;
    this.target = target;
  }
}

export class RelativePattern {
  readonly baseUri: Uri;
  readonly pattern: string;
  constructor(baseUri: Uri, pattern: string) {
    this.baseUri = baseUri;
    this.pattern = pattern;
  }
}

/** What stands in the Problems panel, by file. */
export const diagnostics = new Map<string, readonly Diagnostic[]>();

interface LinkProvider {
  provideDocumentLinks(document: { readonly uri: Uri }): readonly DocumentLink[];
}
export const linkProviders: LinkProvider[] = [];

export const languages = {
  createDiagnosticCollection: () => ({
    set: (uri: Uri, all: readonly Diagnostic[]) => void diagnostics.set(uri.fsPath, all),
    delete: (uri: Uri) => void diagnostics.delete(uri.fsPath),
    dispose: () => diagnostics.clear(),
  }),
  registerDocumentLinkProvider: (_selector: unknown, provider: LinkProvider): Disposable => {
    linkProviders.push(provider);
    return new Disposable(() => linkProviders.splice(linkProviders.indexOf(provider), 1));
  },
};

interface ContentProvider {
  provideTextDocumentContent(uri: Uri): string | Promise<string>;
}
export const contentProviders = new Map<string, ContentProvider>();

export const registerTextDocumentContentProvider = (
  scheme: string,
  provider: ContentProvider,
): Disposable => {
  contentProviders.set(scheme, provider);
  return new Disposable(() => contentProviders.delete(scheme));
};

/** A watcher that a test tells what happened. */
export class FakeWatcher {
  readonly pattern: RelativePattern;
  readonly #emitter = new EventEmitter<Uri>();
  readonly onDidCreate = this.#emitter.event;
  readonly onDidChange = this.#emitter.event;
  readonly onDidDelete = this.#emitter.event;
  constructor(pattern: RelativePattern) {
    this.pattern = pattern;
  }
  fire(uri: Uri): void {
    this.#emitter.fire(uri);
  }
  dispose(): void {
    watchers.delete(this);
  }
}
export const watchers = new Set<FakeWatcher>();

export const createFileSystemWatcher = (pattern: RelativePattern): FakeWatcher => {
  const made = new FakeWatcher(pattern);
  watchers.add(made);
  return made;
};

export const onDidOpenTextDocument = new EventEmitter<object>();
export const onDidSaveTextDocument = new EventEmitter<object>();
