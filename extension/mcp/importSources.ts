/** Servers that the person has configured in other programs. Their files are read, never written. */
import type { McpImportable, McpImportSource } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { McpConfigProblem } from '../shared/mcp.ts';
import { parseConfigFile } from './configFile.ts';
import { mostConfigBytes, readSmallFile } from './configRead.ts';
import { importEntry, type TakenIds } from './importEntry.ts';
import { type ImportPlace, type ImportPlacePorts, importPlaces } from './importPlaces.ts';

export interface ImportPorts extends ImportPlacePorts {
  /** Ids of inputs in the person's files: none of them is given to another value. */
  readonly usedInputIds?: Iterable<string>;
}

const problemText = (problems: readonly McpConfigProblem[]): string => {
  const each = problems.map(({ name, problem }) => (name === undefined ? problem : `"${name}": ${problem}`));
  return each.join('\n');
};

const readSource = async (place: ImportPlace, taken: TakenIds): Promise<McpImportSource | undefined> => {
  const { program, file, paths, timeoutUnit, mostBytes = mostConfigBytes } = place;
  try {
    const bytes = await readSmallFile(file, mostBytes);
    if (bytes === undefined) return undefined;
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    const { servers, problems } = parseConfigFile(
      text,
      { place: 'user', file, label: program },
      { paths, takesDisabled: true, ...(timeoutUnit !== undefined && { timeoutUnit }) },
    );
    const byName = new Map<string, McpImportable>();
    for (const config of servers) {
      if (!byName.has(config.name)) byName.set(config.name, importEntry(config, taken));
    }
    const problem = problemText(problems);
    if (byName.size === 0 && problem === '') return undefined;
    return { program, file, servers: [...byName.values()], ...(problem !== '' && { problem }) };
  } catch (error) {
    return { program, file, servers: [], problem: `${file} cannot be read: ${reasonOf(error)}` };
  }
};

/** Only programs that have servers, or a file that cannot be read. */
export const findImports = async (ports: ImportPorts): Promise<readonly McpImportSource[]> => {
  const taken: TakenIds = new Map([...(ports.usedInputIds ?? [])].map((id) => [id, undefined]));
  const sources: McpImportSource[] = [];
  // One after the other: ids are given in the order of the list.
  for (const place of importPlaces(ports)) {
    const source = await readSource(place, taken);
    if (source !== undefined) sources.push(source);
  }
  return sources;
};
