/** Resources and prompts, as the composer offers and attaches them. */
import type { McpServers } from '../core/mcp.ts';
import { McpError } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { Agent } from '../shared/agent.ts';
import type { McpPromptChoice, McpResourceChoice } from '../shared/mcp.ts';
import { promptAttachment, resourceAttachment } from './attachments.ts';
import type { ManagerBase } from './managerBase.ts';
import { atDesk } from './runningCalls.ts';
import { type Approved, isApproved } from './serverBook.ts';
import type { Session } from './serverRun.ts';
import type { McpPrompt } from './types.ts';
import { withLimit } from './waits.ts';

/** Milliseconds. */
export const offerTimes = {
  /** Of a menu that is being typed into. */
  menu: 5_000,
  /** Of what somebody chose, with a start of its server. */
  chosen: 120_000,
} as const;
const mostChoices = 100;

export type Offers = Pick<
  McpServers,
  'resources' | 'complete' | 'readResource' | 'prompts' | 'promptArguments' | 'getPrompt'
>;

export const mayUseServer = ({ mcpServers }: Pick<Agent, 'mcpServers'>, name: string): boolean =>
  mcpServers === 'all' || mcpServers.includes(name);

const hintOf = ({ arguments: all }: McpPrompt): string =>
  all.map(({ name, isRequired }) => (isRequired ? `<${name}>` : `[${name}]`)).join(' ');

/** What can be typed behind a slash. */
const idPart = (name: string): string => name.replaceAll(/[^\p{L}\p{N}_-]+/gu, '-');

/** Ids that are no other's: `mcp.server.prompt`. */
const withIds = (prompts: readonly Omit<McpPromptChoice, 'id'>[]): readonly McpPromptChoice[] => {
  const taken = new Set<string>();
  return prompts.map((prompt) => {
    const plain = `mcp.${idPart(prompt.server)}.${idPart(prompt.name)}`;
    let id = plain;
    for (let number = 2; taken.has(id); number += 1) id = `${plain}-${number}`;
    taken.add(id);
    return { ...prompt, id };
  });
};

export const createOffers = (base: ManagerBase): Offers => {
  const { book, content, log, runOf, ports } = base;
  const { setTimer } = ports;

  const usable = async (agent: Agent): Promise<readonly Approved[]> =>
    base.closing.aborted
      ? []
      : (await book.read()).filter(isApproved).filter(({ name }) => mayUseServer(agent, name));

  const limited = <T>(
    server: string,
    milliseconds: number,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    withLimit(
      setTimer,
      milliseconds,
      `The MCP server ${server} did not answer within ${milliseconds / 1_000} s. Look at it in the view “MCP Servers”, or try again.`,
      signal,
      work,
    );

  /** What is of use where it is there, and not missed where not: a menu has no place for errors. */
  const orNothing = async <T>(server: string, work: Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await work;
    } catch (error) {
      log.write(server, 'debug', reasonOf(error));
      return [];
    }
  };

  /** Somebody waits for what they chose: the server may ask them meanwhile. */
  const chosen = <T>(
    server: string,
    signal: AbortSignal,
    work: (session: Session, signal: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    limited(server, offerTimes.chosen, signal, async (inner) => {
      const session = await base.ready(server, inner);
      return session.calls.run(atDesk, () => work(session, inner));
    });

  const resourcesOf = async (entry: Approved, signal: AbortSignal): Promise<readonly McpResourceChoice[]> => {
    const { name, hash } = entry;
    const run = runOf(entry);
    // Typing does not start again and again what fails, nor what the person has stopped.
    if (run.hash() === undefined && !run.mayBegin()) return [];
    const { connection } = await run.ensure(hash, signal);
    const listed = await content.resources(name, connection);
    return listed.map(({ uri, name: title, description, isTemplate }) => ({
      server: name,
      uri,
      name: title,
      ...(description === undefined ? {} : { description }),
      isTemplate,
    }));
  };

  const promptOf = async (server: string, prompt: string, session: Session): Promise<McpPrompt> => {
    const found = (await content.prompts(server, session.connection)).find(({ name }) => name === prompt);
    if (found !== undefined) return found;
    throw new McpError(
      `The MCP server ${server} has no prompt ${prompt} any more. Choose another one behind the slash.`,
    );
  };

  const isOwnWords = async (server: string): Promise<boolean> =>
    (await base.approved(server)).record.isOwnWords;

  return {
    resources: async (agent, text, signal) => {
      const lists = await Promise.all(
        (await usable(agent)).map((entry) =>
          orNothing(
            entry.name,
            limited(entry.name, offerTimes.menu, signal, (inner) => resourcesOf(entry, inner)),
          ),
        ),
      );
      signal.throwIfAborted();
      const typed = text.toLowerCase();
      const named = (choice: McpResourceChoice): string => choice.name.toLowerCase();
      const fits = lists
        .flat()
        .filter(
          (choice) =>
            `${choice.server}:${choice.name}`.toLowerCase().includes(typed) ||
            `${choice.server}:${choice.uri}`.toLowerCase().includes(typed),
        );
      return [
        ...fits.filter((choice) => named(choice).startsWith(typed)),
        ...fits.filter((choice) => !named(choice).startsWith(typed)),
      ].slice(0, mostChoices);
    },
    complete: async ({ server, ...of }, argument, known, signal) => {
      const values = limited(server, offerTimes.menu, signal, async (inner) => {
        const { connection } = await base.ready(server, inner);
        return connection.facts.has.completions ? connection.complete(of, argument, known, inner) : [];
      });
      const found = await orNothing(server, values);
      signal.throwIfAborted();
      return found.slice(0, mostChoices);
    },
    readResource: async (server, uri, signal) => {
      const { parts, name } = await chosen(server, signal, async ({ connection }, inner) => {
        const parts = await connection.readResource(uri, inner);
        const listed = await orNothing(server, content.resources(server, connection));
        return { parts, name: listed.find((each) => each.uri === uri)?.name };
      });
      return resourceAttachment(server, uri, parts, await isOwnWords(server), name);
    },
    prompts: async (agent) => {
      // Asked for each time the chat is drawn: that waits for no server, and is no use of one.
      const all = (await usable(agent)).flatMap((entry) => {
        const { name, hash } = entry;
        const session = runOf(entry).session();
        if (session?.hash !== hash) return [];
        return content.knownPrompts(name, session.connection).map((prompt) => {
          const argumentHint = hintOf(prompt);
          return {
            server: name,
            name: prompt.name,
            description: prompt.description,
            ...(argumentHint === '' ? {} : { argumentHint }),
          };
        });
      });
      return withIds(all);
    },
    promptArguments: (server, prompt, signal) =>
      limited(server, offerTimes.chosen, signal, async (inner) => {
        const session = await base.ready(server, inner);
        return (await promptOf(server, prompt, session)).arguments;
      }),
    getPrompt: async (server, prompt, values, signal) => {
      const messages = await chosen(server, signal, ({ connection }, inner) =>
        connection.getPrompt(prompt, values, inner),
      );
      return promptAttachment(server, prompt, messages, await isOwnWords(server));
    },
  };
};
