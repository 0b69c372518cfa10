/** A configuration file: its servers, and what is wrong with it. Pure; never throws, whatever the text. */
import { cutText } from '../core/text.ts';
import type { McpConfigProblem, McpInput, McpServerConfig, McpSource } from '../shared/mcp.ts';
import type { JsonObject } from '../shared/message.ts';
import { type EntryOptions, parseEntry } from './configEntry.ts';
import { parseInputs } from './configInputs.ts';
import {
  fieldsOf,
  type JsonNode,
  type JsonProperty,
  lineFinder,
  NodeProblem,
  parseJsonc,
  propertiesOf,
} from './configNodes.ts';
import { serverNameProblem } from './serverNames.ts';
import { inputIdsOf } from './variables.ts';
import { visibleLine } from './visibleText.ts';

/** A file, without the line of an entry. */
export type ConfigPlace = Omit<McpSource, 'line'>;

export interface ConfigFile {
  readonly servers: readonly McpServerConfig[];
  readonly problems: readonly McpConfigProblem[];
}

export interface ConfigFileOptions extends EntryOptions {
  /** Where `servers` and `inputs` stand, for files that hold more: `[['mcp']]`. Default: at the top. */
  readonly paths?: readonly (readonly string[])[];
}

/** Of one file. */
const mostServers = 200;

/** VS Code's key, then that of the others. */
export const serverKeys = ['servers', 'mcpServers'] as const;

const mark = '\ufeff';
export const withoutMark = (text: string): string => (text.startsWith(mark) ? text.slice(1) : text);

/** The object in which `servers` and `inputs` stand. */
const holderOf = (root: JsonNode | undefined, path: readonly string[]): JsonNode | undefined => {
  let node = root;
  for (const name of path) node = node?.type === 'object' ? fieldsOf(node).get(name) : undefined;
  if (node !== undefined && node.type !== 'object' && path.length === 0) {
    throw new NodeProblem(node.offset, 'it has to be an object with `servers`');
  }
  return node?.type === 'object' ? node : undefined;
};

const inputsOf = (
  ids: readonly string[],
  inputs: ReadonlyMap<string, McpInput>,
  at: number,
): readonly McpInput[] =>
  ids.map((id) => {
    const input = inputs.get(id);
    if (input !== undefined) return input;
    throw new NodeProblem(
      at,
      `it names \${input:${id}}, but \`inputs\` of the file has none with that id that can be used: add it`,
    );
  });

export const parseConfigFile = (
  textWithMark: string,
  place: ConfigPlace,
  options: ConfigFileOptions = {},
): ConfigFile => {
  const text = withoutMark(textWithMark);
  const lineOf = lineFinder(text);
  const servers: McpServerConfig[] = [];
  const problems: McpConfigProblem[] = [];
  const report = (offset: number, problem: string, entry?: JsonProperty): void => {
    const source = { ...place, line: lineOf(entry?.offset ?? offset) };
    problems.push({
      source,
      ...(entry !== undefined && { name: entry.name }),
      problem: `${cutText(visibleLine(problem), 500)}: ${place.label} line ${lineOf(offset)}`,
    });
  };
  const guarded = (work: () => void, entry?: JsonProperty): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof NodeProblem)) throw error;
      report(error.offset, error.message, entry);
    }
  };

  const readHolder = (holder: JsonNode): void => {
    const fields = fieldsOf(holder);
    const { inputs, problems: inputProblems } = parseInputs(fields.get('inputs'));
    for (const { offset, message } of inputProblems) report(offset, message);
    const seen = new Set<string>();
    for (const key of serverKeys) {
      const node = fields.get(key);
      if (node === undefined || node.type === 'null') continue;
      if (node.type !== 'object') {
        report(node.offset, `\`${key}\` has to be an object of names and servers`);
        continue;
      }
      // Of doubles the later one counts, as for every reader of JSON.
      const entries = propertiesOf(node);
      const last = new Map(entries.map((entry) => [entry.name, entry]));
      if (entries.length > mostServers) {
        report(
          entries[mostServers]?.offset ?? node.offset,
          `\`${key}\` has more than ${mostServers} servers: those from here on are left out`,
        );
      }
      for (const entry of entries.slice(0, mostServers)) {
        const isDouble = last.get(entry.name) !== entry || seen.has(entry.name);
        guarded(() => {
          if (isDouble) {
            throw new NodeProblem(
              entry.offset,
              'the file has another server of this name, which counts: remove one of them',
            );
          }
          const nameProblem = serverNameProblem(entry.name);
          if (nameProblem !== undefined) throw new NodeProblem(entry.offset, nameProblem);
          const parsed = parseEntry(entry.value, entry.offset, options);
          const ids = inputIdsOf(parsed.transport);
          servers.push({
            name: entry.name,
            source: { ...place, line: lineOf(entry.offset) },
            ...parsed,
            inputs: inputsOf(ids, inputs, entry.offset),
          });
        }, entry);
      }
      for (const name of last.keys()) seen.add(name);
    }
  };
  guarded(() => {
    const root = parseJsonc(text);
    for (const path of options.paths ?? [[]]) {
      const holder = holderOf(root, path);
      if (holder !== undefined) readHolder(holder);
    }
  });
  return { servers, problems };
};

/** @returns what is wrong with an entry that is to be kept; undefined: it can be */
export const entryProblem = (
  name: string,
  entry: JsonObject,
  inputs: readonly JsonObject[],
): string | undefined => {
  try {
    const nameProblem = serverNameProblem(name);
    if (nameProblem !== undefined) return nameProblem;
    const node = parseJsonc(JSON.stringify(entry));
    if (node !== undefined) parseEntry(node, 0, { takesDisabled: true });
    const { problems } = parseInputs(parseJsonc(JSON.stringify(inputs)));
    return problems[0]?.message;
  } catch (error) {
    if (error instanceof NodeProblem) return error.message;
    throw error;
  }
};
