/** The lists of a server, page by page and within bounds. */
import type { Client, RequestOptions } from '@modelcontextprotocol/client';
import * as z from 'zod';
import type { McpLogLevel } from '../core/mcp.ts';
import { createOneAtATime } from '../core/oneAtATime.ts';
import { cutText } from '../core/text.ts';
import type { McpToolDefinition } from '../shared/mcp.ts';
import type { Payloads } from './connectionMend.ts';
import type { Ask } from './connectionRequests.ts';
import { listLimit, pageLimit } from './listing.ts';
import type { McpConnection, McpPrompt, McpResource, McpServerFacts } from './types.ts';

export interface ListPorts {
  readonly client: Client;
  readonly facts: McpServerFacts;
  /** Milliseconds, of one list. */
  readonly limit: number;
  readonly ask: Ask;
  readonly log: (level: McpLogLevel, text: string) => void;
}

type ListMethod = 'resources/list' | 'resources/templates/list' | 'prompts/list';
type Lists = Pick<McpConnection, 'listTools' | 'listResources' | 'listTemplates' | 'listPrompts'> & {
  /** As it was listed the last time. */
  tool(name: string): McpToolDefinition | undefined;
};

const shownProblems = 20;
const namesIn = (raw: unknown): ReadonlySet<string> =>
  new Set(namedTools.safeParse(raw).data?.tools.map(({ name }) => name));
const namedTools = z.object({ tools: z.array(z.object({ name: z.string() })) });

export const createLists = (ports: ListPorts): Lists => {
  const { client, facts, ask } = ports;
  const inTurn = createOneAtATime();
  let tools: ReadonlyMap<string, McpToolDefinition> = new Map();
  const told = new Map<string, string>();

  const tell = (what: string, problems: readonly string[]): void => {
    const shown = problems.slice(0, shownProblems).map((problem) => cutText(problem, 300));
    const rest = problems.length > shownProblems ? `; and ${problems.length - shownProblems} more` : '';
    const text = `${shown.join('; ')}${rest}`;
    // Lists are asked for often: the same again says nothing new.
    if (text !== '' && told.get(what) !== text) ports.log('warning', `Left out of ${what}: ${text}.`);
    told.set(what, text);
  };

  /** @param keep takes what one page gives; the answer beside it is the SDK's */
  const pages = async <K extends 'tools' | 'resources' | 'prompts'>(
    kind: K,
    what: string,
    signal: AbortSignal,
    fetchPage: (cursor: string | undefined, options: RequestOptions) => Promise<unknown>,
    keep: (page: Payloads[K], raw: unknown) => void,
  ): Promise<void> => {
    const seen = new Set<string>();
    const problems: string[] = [];
    const until = performance.now() + ports.limit;
    let cursor: string | undefined;
    let count = 0;
    for (let page = 0; page < pageLimit && count < listLimit; page += 1) {
      const limit = page === 0 ? ports.limit : Math.max(1, Math.round(until - performance.now()));
      let raw: unknown;
      const payload = await ask(kind, { what, limit }, signal, async (options) => {
        raw = await fetchPage(cursor, options);
        return raw;
      });
      problems.push(...payload.problems);
      keep(payload, raw);
      count += payload.items.length;
      cursor = payload.next;
      if (cursor === undefined || seen.has(cursor)) break;
      seen.add(cursor);
    }
    if (count > listLimit || (cursor !== undefined && !seen.has(cursor)))
      problems.push(`all behind the first ${listLimit}`);
    else if (cursor !== undefined && seen.size >= pageLimit)
      problems.push(`all behind the first ${pageLimit} pages`);
    tell(what, problems);
  };

  const listTools = async (signal: AbortSignal): Promise<readonly McpToolDefinition[]> => {
    if (!facts.has.tools) return [];
    const found = new Map<string, McpToolDefinition>();
    const odd: string[] = [];
    await pages(
      'tools',
      'the list of its tools',
      signal,
      (cursor, options) =>
        client.listTools(cursor === undefined ? undefined : { cursor }, { ...options, cacheMode: 'bypass' }),
      (page, raw) => {
        // The SDK leaves out those whose `x-mcp-header` the protocol does not allow.
        const names = namesIn(raw);
        for (const tool of page.items) {
          if (found.size >= listLimit) continue;
          if (!names.has(tool.name)) odd.push(`the tool ${tool.name}: its x-mcp-header is not allowed`);
          else if (found.has(tool.name)) odd.push(`a second tool ${tool.name}`);
          else found.set(tool.name, tool);
        }
      },
    );
    tell('the tools', odd);
    tools = found;
    return [...found.values()];
  };

  const fetcher =
    (method: ListMethod) =>
    (cursor: string | undefined, options: RequestOptions): Promise<unknown> =>
      client.request({ method, ...(cursor === undefined ? {} : { params: { cursor } }) }, options);

  const resources = async (
    method: ListMethod,
    what: string,
    signal: AbortSignal,
  ): Promise<readonly McpResource[]> => {
    if (!facts.has.resources) return [];
    const items: McpResource[] = [];
    await pages('resources', what, signal, fetcher(method), (page) => items.push(...page.items));
    return items.slice(0, listLimit);
  };

  return {
    tool: (name) => tools.get(name),
    listTools: (signal) => inTurn(() => listTools(signal)),
    listResources: (signal) => resources('resources/list', 'the list of its resources', signal),
    listTemplates: (signal) => resources('resources/templates/list', 'the list of its templates', signal),
    listPrompts: async (signal) => {
      if (!facts.has.prompts) return [];
      const items: McpPrompt[] = [];
      const what = 'the list of its prompts';
      await pages('prompts', what, signal, fetcher('prompts/list'), (page) => items.push(...page.items));
      return items.slice(0, listLimit);
    },
  };
};
