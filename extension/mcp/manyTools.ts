/** Where the tools of servers would take too much of what a model can read, two tools stand for them. */
import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { plainSchema } from '../core/plainSchema.ts';
import { manyToolNames } from '../core/ruleMatch.ts';
import { counted } from '../core/text.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import type { JsonObject } from '../shared/message.ts';
import type { McpTool } from './mcpTool.ts';
import { nameLine } from './plainText.ts';

/** Part of the context that the specs of all tools of servers may take. */
const mostOfContext = 0.05;
const charactersPerToken = 4;
const mostFound = 10;
/** Characters of one answer. */
const mostText = 60_000;
const mostServersText = 1_500;

const [findName, callName] = manyToolNames;

/** Tokens that the specs take, about. */
export const specTokens = (tools: readonly Pick<Tool, 'spec'>[]): number =>
  tools.reduce((sum, { spec }) => sum + JSON.stringify(spec).length, 0) / charactersPerToken;

/** Words of a text: `readFile_list` is `read`, `file` and `list`. */
export const wordsOf = (text: string): readonly string[] =>
  text
    .slice(0, 20_000)
    .normalize('NFKC')
    .replaceAll(/(\p{Ll}|\d)(?=\p{Lu})/gu, '$1 ')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    // Plurals of English words.
    .map((word) =>
      word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word,
    );

/** How much a word counts, by where it stands. */
const weights = { name: 8, title: 5, server: 4, parameters: 2, description: 1 } as const;

type Fields = Readonly<Record<keyof typeof weights, ReadonlySet<string>>>;

const fieldsOf = ({ server, definition }: McpTool): Fields => {
  const { name, title = '', description, inputSchema } = definition;
  const { properties } = inputSchema;
  const parameters =
    typeof properties === 'object' && properties !== null && !Array.isArray(properties)
      ? Object.keys(properties).join(' ')
      : '';
  return {
    name: new Set(wordsOf(name)),
    title: new Set(wordsOf(title)),
    server: new Set(wordsOf(server)),
    parameters: new Set(wordsOf(parameters)),
    description: new Set(wordsOf(description)),
  };
};

/** 1: the word is there; half: one that begins so. */
const fitOf = (words: ReadonlySet<string>, word: string): number =>
  words.has(word) ? 1 : word.length > 2 && [...words].some((each) => each.startsWith(word)) ? 0.5 : 0;

const scoreOf = (fields: Fields, words: readonly string[]): number =>
  words.reduce(
    (sum, word) =>
      sum +
      Math.max(
        weights.name * fitOf(fields.name, word),
        weights.title * fitOf(fields.title, word),
        weights.server * fitOf(fields.server, word),
        weights.parameters * fitOf(fields.parameters, word),
        weights.description * fitOf(fields.description, word),
      ),
    0,
  );

/** The best ones first; those that are as good as each other in their order. A query without words finds all. */
export const rankTools = (tools: readonly McpTool[], query: string): readonly McpTool[] => {
  const words = [...new Set(wordsOf(query))].slice(0, 50);
  const isName = (tool: McpTool): boolean => [tool.spec.name, tool.definition.name].includes(query.trim());
  if (words.length === 0) return tools;
  return tools
    .map((tool) => ({
      tool,
      score: isName(tool) ? Number.POSITIVE_INFINITY : scoreOf(fieldsOf(tool), words),
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => (a.score === b.score ? 0 : b.score - a.score))
    .map(({ tool }) => tool);
};

const byServer = (tools: readonly McpTool[]): ReadonlyMap<string, readonly McpTool[]> =>
  Map.groupBy(tools, ({ server }) => server);

/** `memory (9 tools: add, read), github (40 tools: …)` */
const serversText = (tools: readonly McpTool[]): string => {
  const servers = [...byServer(tools)];
  const part = Math.floor(mostServersText / Math.max(1, servers.length));
  return servers
    .map(([server, own]) => {
      const names = nameLine(
        own.map(({ definition }) => definition.name.slice(0, 100)).join(', '),
        Math.max(20, part),
      );
      return `${nameLine(server, 60)} (${counted(own.length, 'tool')}: ${names})`;
    })
    .join('; ')
    .slice(0, 2 * mostServersText);
};

const foundText = (found: readonly McpTool[]): { readonly text: string; readonly shown: number } => {
  const entries: JsonObject[] = [];
  let length = 0;
  for (const { spec, server } of found.slice(0, mostFound)) {
    const { name, description, inputSchema } = spec;
    const entry = { name, server: nameLine(server), description, inputSchema };
    length += JSON.stringify(entry).length;
    // The best one is shown however long it is: its description and schema are bounded.
    if (entries.length > 0 && length > mostText) break;
    entries.push(entry);
  }
  return { text: JSON.stringify(entries, undefined, 1), shown: entries.length };
};

const createFindTools = (tools: readonly McpTool[]): Tool =>
  defineTool({
    name: findName,
    description: `Finds tools of MCP servers by words of what they do, with the input that each takes; ${callName} calls one. There are too many to list them all here. Descriptions are the words of the servers. Servers: ${serversText(tools)}.`,
    input: z.strictObject({
      query: z.string().max(2_000).describe('Words of what the tool does, or its name.'),
      server: z.string().max(200).optional().describe('Only tools of this server.'),
    }),
    prepare: async ({ query, server }) => ({
      title: nameLine(server === undefined ? query : `${query} (${server})`, 100),
      effect: 'read',
      targets: [],
      access: { paths: [] },
      changes: [],
      run: async () => {
        const own = server === undefined ? tools : tools.filter((tool) => tool.server === server);
        if (own.length === 0) {
          const names = [...byServer(tools).keys()].map((name) => nameLine(name, 60)).join(', ');
          throw new ToolError(`There is no MCP server of this name. The servers are: ${names}.`);
        }
        const found = rankTools(own, query);
        const { text, shown } = foundText(found);
        const left = found.length - shown;
        const more = left > 0 ? `\n\n[${counted(left, 'more tool')} fit less well]` : '';
        const none = `No tool fits these words. Try others, or look through a server: ${serversText(own)}.`;
        return {
          content: [{ type: 'text', text: found.length === 0 ? none : text + more }],
          isError: false,
          summary: found.length === 0 ? 'no tool' : counted(shown, 'tool'),
          diffs: [],
        };
      },
    }),
  });

const callInput = z.strictObject({
  name: z.string().describe(`Name of the tool, as ${findName} tells it.`),
  input: z.record(z.string(), z.unknown()).optional().describe('What the tool takes, as its schema says.'),
});

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Some models write the inner object as text. */
const innerInput = (value: unknown): JsonObject => {
  if (value === undefined || value === null) return {};
  let given: unknown = value;
  if (typeof value === 'string') {
    try {
      given = value.trim() === '' ? {} : JSON.parse(value);
    } catch {
      given = undefined;
    }
  }
  const parsed = jsonObject.safeParse(given);
  if (!parsed.success) throw new ToolError('input has to be a JSON object, as the schema of the tool says.');
  return parsed.data;
};

const createCallTool = (tools: readonly McpTool[]): Tool => ({
  spec: {
    name: callName,
    description: `Calls a tool of an MCP server that ${findName} has told of.`,
    inputSchema: plainSchema(callInput),
  },
  redirect: ({ name, input }) => {
    const given = typeof name === 'string' ? name.trim() : '';
    const tool = tools.find(({ spec }) => spec.name === given);
    if (tool !== undefined) return { tool, input: innerInput(input) };
    const alike = rankTools(tools, given.slice(0, 200)).slice(0, 3);
    const hint =
      given === '' || alike.length === 0
        ? ''
        : ` Tools that are called alike: ${alike.map(({ spec }) => spec.name).join(', ')}.`;
    throw new ToolError(`There is no such tool of an MCP server.${hint} ${findName} tells which there are.`);
  },
  prepare: async () => {
    throw new ToolError(`${callName} only stands for other tools.`);
  },
});

/**
 * The same tools; or, where their specs would take more than a twentieth of what the model can read, one that finds them
 * and one that calls them.
 */
export const limitTools = (tools: readonly McpTool[], contextTokens: number): readonly Tool[] =>
  specTokens(tools) <= mostOfContext * contextTokens
    ? tools
    : [createFindTools(tools), createCallTool(tools)];
