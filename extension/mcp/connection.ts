/** A connection to one server, on the SDK's client. */
import {
  LOG_LEVEL_META_KEY,
  type RequestOptions,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/client';
import { McpError, type McpLogLevel } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { cutText } from '../core/text.ts';
import type { McpToolDefinition } from '../shared/mcp.ts';
import type { JsonObject } from '../shared/message.ts';
import type { Asker } from './connectionAsk.ts';
import { createProgressGate } from './connectionCalls.ts';
import { createLists } from './connectionLists.ts';
import type { Payloads } from './connectionMend.ts';
import { createAsk, type RequestPorts } from './connectionRequests.ts';
import { jsonObjectOf, structuredProblem } from './connectionSchema.ts';
import type { McpCallResult, McpConnection, McpServerFacts, McpTimes } from './types.ts';

export interface ConnectionPorts extends RequestPorts {
  readonly name: string;
  readonly facts: McpServerFacts;
  readonly times: McpTimes;
  readonly asker: Asker;
  readonly log: (level: McpLogLevel, text: string) => void;
  readonly close: () => Promise<void>;
}

const headerMismatch = -32_020;
/** So the SDK tells of its own rounds, as if the server had said it. */
const ownProgress = "Fulfilling input required by '";
const pageUrlLimit = 3;
/** Of all the time a call may take: so many times what it may take without progress. */
const totalFactor = 10;

const callResultOf = (payload: Payloads['call'], tool: McpToolDefinition | undefined): McpCallResult => {
  const { content, isError, structured } = payload;
  const problem = isError ? undefined : structuredProblem(tool?.outputSchema, structured);
  return {
    content,
    // 2026-07-28 allows any value.
    ...(structured === undefined ? {} : { structured: jsonObjectOf(structured) }),
    ...(problem === undefined ? {} : { structuredProblem: problem }),
    isError,
  };
};

export const createConnection = (ports: ConnectionPorts): McpConnection => {
  const { name, client, facts, times, log } = ports;
  const ask = createAsk(ports);
  const lists = createLists({ client, facts, limit: times.list, ask, log });

  /** Pages that have to be opened first: the person is asked, the call fails and can be tried again. */
  const openPages = async (
    error: UrlElicitationRequiredError,
    what: string,
    signal: AbortSignal,
  ): Promise<never> => {
    for (const elicitation of error.elicitations.slice(0, pageUrlLimit)) {
      const { action } = await ports.asker.openUrl(elicitation, signal);
      signal.throwIfAborted();
      if (action === 'accept') continue;
      throw new McpError(
        `The MCP server ${name} wants a page to be opened first, and that was declined (${what}).`,
      );
    }
    throw new McpError(
      `The MCP server ${name} wanted a page to be opened first, and it was (${what}). Try again once the person has finished there.`,
    );
  };

  const send = (call: { readonly name: string; readonly input: JsonObject }, options: RequestOptions) => {
    const tool = lists.tool(call.name);
    // Without its output schema: the SDK would withhold a result that does not fit.
    const toolDefinition = tool && {
      name: tool.name,
      inputSchema: { ...tool.inputSchema, type: 'object' as const },
    };
    const meta = facts.era === 'modern' ? { _meta: { [LOG_LEVEL_META_KEY]: 'info' } } : {};
    return client.callTool(
      { name: call.name, arguments: call.input, ...meta },
      { ...options, ...(toolDefinition === undefined ? {} : { toolDefinition }) },
    );
  };

  const callTool: McpConnection['callTool'] = async (call, signal) => {
    const what = `its tool ${call.name}`;
    const gate = createProgressGate(call.onProgress);
    const attempt = async (options: RequestOptions): Promise<unknown> => {
      try {
        return await send(call, options);
      } catch (error) {
        if (error instanceof UrlElicitationRequiredError) return await openPages(error, what, signal);
        const isMismatch = error instanceof Error && 'code' in error && error.code === headerMismatch;
        if (!isMismatch || facts.era !== 'modern') throw error;
        // Headers that it wants have changed: once more with those it wants now.
        await lists.listTools(signal);
        return await send(call, options);
      }
    };
    try {
      const doing = { what, limit: call.timeoutMs };
      const payload = await ask('call', doing, signal, attempt, {
        total: call.timeoutMs * totalFactor,
        onProgress: ({ progress, total, message }) => {
          if (message?.startsWith(ownProgress)) return;
          gate.push({
            progress,
            ...(total === undefined ? {} : { total }),
            ...(message === undefined ? {} : { message: cutText(message, 1_000) }),
          });
        },
      });
      gate.flush();
      return callResultOf(payload, lists.tool(call.name));
    } finally {
      gate.stop();
    }
  };

  const limit = times.list;
  return {
    facts,
    closed: ports.closed,
    close: ports.close,
    listTools: lists.listTools,
    listResources: lists.listResources,
    listTemplates: lists.listTemplates,
    listPrompts: lists.listPrompts,
    callTool,
    readResource: async (uri, signal) => {
      const what = `its resource ${cutText(uri, 200)}`;
      const payload = await ask('contents', { what, limit }, signal, (options) =>
        client.readResource({ uri }, { ...options, cacheMode: 'bypass' }),
      );
      return payload.contents;
    },
    getPrompt: async (prompt, values, signal) => {
      const payload = await ask('messages', { what: `its prompt ${prompt}`, limit }, signal, (options) =>
        client.getPrompt({ name: prompt, arguments: { ...values } }, options),
      );
      return payload.messages;
    },
    complete: async (of, argument, known, signal) => {
      if (!facts.has.completions) return [];
      const ref =
        'uri' in of
          ? { type: 'ref/resource' as const, uri: of.uri }
          : { type: 'ref/prompt' as const, name: of.prompt };
      const context = Object.keys(known).length === 0 ? {} : { context: { arguments: { ...known } } };
      const payload = await ask('values', { what: 'its completions', limit }, signal, (options) =>
        client.complete({ ref, argument: { ...argument }, ...context }, options),
      );
      return payload.values;
    },
    rootsChanged: () => {
      if (facts.era !== 'legacy' || client.transport === undefined) return;
      client.sendRootsListChanged().catch((error: unknown) => {
        log('debug', `It could not be told that the folders have changed: ${reasonOf(error)}`);
      });
    },
  };
};
