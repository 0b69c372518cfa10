/** The servers that files configure: read, watched, shown, resolved and written. */
import { type McpConfigs, McpError, type McpTarget } from '../core/mcp.ts';
import { createOneAtATime } from '../core/oneAtATime.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { McpConfigProblem, McpServerConfig, McpSource } from '../shared/mcp.ts';
import { type ConfigFile, type ConfigPlace, entryProblem, parseConfigFile } from './configFile.ts';
import { configPlaces, folderFiles, ownFileName } from './configPlaces.ts';
import { readSmallFile } from './configRead.ts';
import { type ResolvePorts, resolveConfig } from './configResolve.ts';
import { changeConfigFile, holdsEntry, holdsName, withEntry, withoutEntry } from './configWrite.ts';
import { consentOf } from './consent.ts';

export interface McpConfigsPorts extends ResolvePorts {
  /** Absolute path of the folder of the person's own `mcp.json`; made when needed. */
  readonly ownFolder: string;
  /**
   * Tells when a file is made, changed or deleted. The folders above it may be missing.
   * @param folder absolute path of an open folder, or `ownFolder`
   * @param file below it, with `/`: `.vscode/mcp.json`
   */
  readonly watch?: (folder: string, file: string, onChange: () => void) => { dispose(): void };
  /** In milliseconds. */
  readonly settleTime?: number;
}

const nothing: ConfigFile = { servers: [], problems: [] };

export const createMcpConfigs = (ports: McpConfigsPorts): McpConfigs & { refresh(): void } => {
  const { folders, ownFolder, watch, settleTime = 100 } = ports;
  const listeners = new Set<() => void>();
  const inTurn = createOneAtATime();
  let timer: NodeJS.Timeout | undefined;
  let watching: { dispose(): void }[] = [];
  let isClosed = false;

  const tell = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      for (const listener of [...listeners]) listener();
    }, settleTime);
  };
  const watchAgain = (): void => {
    for (const each of watching) each.dispose();
    watching =
      watch === undefined || isClosed
        ? []
        : [
            ...folders().flatMap((folder) => folderFiles.map(({ file }) => watch(folder.path, file, tell))),
            watch(ownFolder, ownFileName, tell),
          ];
  };
  watchAgain();

  const readPlace = async (place: ConfigPlace): Promise<ConfigFile> => {
    try {
      const bytes = await readSmallFile(place.file);
      if (bytes === undefined) return nothing;
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      // Claude Code, whose file this is, counts in milliseconds. The others have no such field.
      return parseConfigFile(text, place, place.place === 'project' ? { timeoutUnit: 'milliseconds' } : {});
    } catch (error) {
      const problem = `${place.label} cannot be read: ${reasonOf(error)}`;
      return { servers: [], problems: [{ source: { ...place, line: 1 }, problem }] };
    }
  };

  const placeOf = (target: McpTarget): ConfigPlace => {
    const place = configPlaces(folders(), ownFolder).find(
      (each) =>
        each.place === target.place && each.folder === (target.place === 'user' ? undefined : target.folder),
    );
    if (place !== undefined) return place;
    throw new McpError(
      'The server was not kept: its folder is not open any more. Open the folder, then try again.',
    );
  };

  return {
    async read() {
      const places = configPlaces(folders(), ownFolder);
      const files = await Promise.all(places.map(readPlace));
      const byName = new Map<string, McpServerConfig[]>();
      for (const server of files.flatMap((file) => file.servers)) {
        byName.set(server.name, [...(byName.get(server.name) ?? []), server]);
      }
      const groups = [...byName.values()];
      const problems: readonly McpConfigProblem[] = files.flatMap((file) => file.problems);
      return {
        servers: [
          ...groups.flatMap((group) => group.slice(0, 1)),
          ...groups.flatMap((group) => group.slice(1)),
        ],
        problems,
      };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    consent: (config) => consentOf(config, ports),
    resolve: (config, ask) => resolveConfig(config, ports, ask),
    async save(target, name, entry, inputs = []) {
      const place = placeOf(target);
      const problem = entryProblem(name, entry, inputs);
      if (problem !== undefined) throw new McpError(`The server "${name}" was not kept: ${problem}.`);
      await inTurn(() =>
        changeConfigFile({
          file: place.file,
          mode: place.place === 'user' ? 0o600 : 0o644,
          ...(place.folder === undefined ? {} : { folder: place.folder }),
          change: (text) => withEntry(text, name, entry, inputs),
          holds: (root) => holdsEntry(root, name, entry),
        }),
      );
      tell();
      const { servers, problems } = await readPlace(place);
      const kept = [...servers, ...problems].find((each) => each.name === name);
      return kept?.source ?? { ...place, line: 1 };
    },
    async remove(source: McpSource, name) {
      await inTurn(() =>
        changeConfigFile({
          file: source.file,
          mode: source.place === 'user' ? 0o600 : 0o644,
          ...(source.folder === undefined ? {} : { folder: source.folder }),
          change: (text) => {
            const rest = withoutEntry(text, name);
            if (rest !== undefined && withoutEntry(rest, name) !== undefined) {
              throw new McpError(
                `${source.file} has more than one server ${name}. Nothing was changed: remove them there.`,
              );
            }
            if (rest !== undefined) return rest;
            throw new McpError(`The server ${name} is not in ${source.file} any more. Nothing was changed.`);
          },
          holds: (root) => !holdsName(root, name),
        }),
      );
      tell();
    },
    refresh() {
      watchAgain();
      tell();
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      watchAgain();
      listeners.clear();
    },
  };
};
