import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';

/** Where a system says that it watches and then does not (network drives), this is how late news may be. Milliseconds. */
const pollInterval = 1_000;

/** Starts to watch a folder; throws where that is not possible. */
export type WatchFolder = (folder: string, onChange: (name: string | null) => void) => { close(): void };

const watchByFs: WatchFolder = (folder, onChange) => {
  const watcher: FSWatcher = watch(folder, { persistent: false }, (_, name) => onChange(name));
  // Then there is the poll.
  watcher.on('error', () => watcher.close());
  return watcher;
};

/** Tells of changes of files in one folder, while anybody wants to know of any. Costs nothing otherwise. */
export class FolderWatch {
  readonly #folder: string;
  readonly #watchFolder: WatchFolder;
  readonly #listeners = new Map<string, Set<() => void>>();
  #watcher: { close(): void } | undefined;
  #polling: NodeJS.Timeout | undefined;

  constructor(folder: string, watchFolder: WatchFolder = watchByFs) {
    this.#folder = folder;
    this.#watchFolder = watchFolder;
  }

  /**
   * Calls soon after the file may have changed, appeared or gone, and each second anyway.
   * @returns what ends it
   */
  listen(file: string, listener: () => void): () => void {
    const name = path.basename(file);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    this.#start();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#watcher?.close();
    this.#watcher = undefined;
    clearInterval(this.#polling);
    this.#polling = undefined;
  }

  #start(): void {
    this.#polling ??= setInterval(() => this.#tell(null), pollInterval).unref();
    try {
      this.#watcher ??= this.#watchFolder(this.#folder, (name) => this.#tell(name));
    } catch {
      // Then there is the poll.
    }
  }

  #tell(name: string | null): void {
    const called = name === null ? [...this.#listeners.values()] : [this.#listeners.get(name) ?? new Set()];
    for (const listeners of called) {
      for (const listener of [...listeners]) listener();
    }
  }
}
