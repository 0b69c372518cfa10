/** Resources and prompts of MCP servers that go with a message: found, read, shown and handed over. */
import { randomUUID } from 'node:crypto';
import { InputError } from '../core/agents.ts';
import type { McpAttachment, McpServers } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { Agent } from '../shared/agent.ts';
import type { AttachedContext } from '../shared/mcp.ts';
import type { ImageBlock } from '../shared/message.ts';
import { askArgument } from './askArgument.ts';
import type { Handlers, Post } from './handlerTypes.ts';
import { called } from './mcpWords.ts';
import { cancellable } from './progressTask.ts';

/** How long a server may take to answer what a person waits for, in milliseconds. */
const findDeadline = 8_000;
/** What was attached and never sent is forgotten from here on, the oldest first: how many, and of how many characters. */
const mostHeld = 100;
const mostHeldSize = 50_000_000;

const sizeOf = ({ context, images }: McpAttachment): number =>
  context.text.length + images.reduce((sum, { data }) => sum + data.length, 0);

export interface Attachments {
  readonly handlers: Pick<Handlers, 'findResources' | 'attachResource' | 'attachPrompt' | 'openAttached'>;
  /**
   * What a message takes along. @param ids as the view names them; those not known here may be of the message that is
   * replaced (`keep`). @throws InputError where one is gone and nothing is replaced
   */
  take(
    ids: readonly string[],
    isReplacing: boolean,
  ): {
    readonly attached: readonly AttachedContext[];
    readonly images: readonly ImageBlock[];
    readonly keep: readonly string[];
  };
  /** They have been sent. */
  sent(ids: readonly string[]): void;
}

export const createAttachments = (ports: {
  servers(): Promise<
    Pick<McpServers, 'resources' | 'readResource' | 'complete' | 'promptArguments' | 'getPrompt'>
  >;
  agent(): Promise<Agent>;
  template(): Promise<{
    /** @throws McpError for one that cannot be read */
    variables(template: string): readonly string[];
    expand(template: string, values: Readonly<Record<string, string>>): string;
  }>;
  /** What a message of the shown chat came with. */
  attachedOf(itemId: string): Promise<readonly AttachedContext[]>;
  /** A read-only document. */
  showText(title: string, text: string): Promise<void>;
}): Attachments => {
  const held = new Map<string, McpAttachment>();
  let finding: AbortController | undefined;

  const hold = (attachment: McpAttachment): McpAttachment => {
    const id = randomUUID();
    const own = { ...attachment, context: { ...attachment.context, id } };
    held.set(id, own);
    let size = [...held.values()].reduce((sum, each) => sum + sizeOf(each), 0);
    for (const [old, each] of held) {
      if (old === id || (held.size <= mostHeld && size <= mostHeldSize)) break;
      held.delete(old);
      size -= sizeOf(each);
    }
    return own;
  };

  /** Values for all of these, or undefined where the person gave up at one. */
  const askAll = async (
    title: string,
    names: readonly { readonly name: string; readonly description?: string; readonly isRequired: boolean }[],
    complete: (
      name: string,
      value: string,
      known: Readonly<Record<string, string>>,
    ) => Promise<readonly string[]>,
  ): Promise<Record<string, string> | undefined> => {
    const values: Record<string, string> = Object.create(null);
    for (const [index, { name, description, isRequired }] of names.entries()) {
      const value = await askArgument({
        title,
        step: index + 1,
        totalSteps: names.length,
        prompt: [
          called(name),
          ...(description === undefined || description.trim() === ''
            ? []
            : [`: ${called(description, 300)}`]),
          ...(isRequired ? [] : [' (may be left out)']),
        ].join(''),
        isRequired,
        complete: (typed) => complete(name, typed, values),
      });
      if (value === undefined) return undefined;
      if (value !== '') values[name] = value;
    }
    return values;
  };

  /** Answers the view in the end, whatever happens. @param read undefined: the person gave up */
  const attach = async (
    requestId: string,
    post: Post,
    read: () => Promise<McpAttachment | undefined>,
  ): Promise<void> => {
    try {
      const attachment = await read();
      if (attachment === undefined) {
        post({ type: 'notAttached', requestId, message: '' });
        return;
      }
      const { context, images } = hold(attachment);
      const { id, kind, server, label, uri } = context;
      post({
        type: 'attached',
        requestId,
        chip: { id, kind, server, label, uri, images: images.length },
      });
    } catch (error) {
      post({ type: 'notAttached', requestId, message: reasonOf(error) });
    }
  };

  return {
    handlers: {
      findResources: async ({ requestId, text }, post) => {
        finding?.abort();
        const own = new AbortController();
        finding = own;
        const signal = AbortSignal.any([own.signal, AbortSignal.timeout(findDeadline)]);
        try {
          const servers = await ports.servers();
          const choices = await servers.resources(await ports.agent(), text, signal);
          if (!own.signal.aborted) post({ type: 'resources', requestId, choices });
        } catch {
          // The menu stays empty; the servers' own state says what is wrong with them.
          if (!own.signal.aborted) post({ type: 'resources', requestId, choices: [] });
        }
      },
      attachResource: ({ requestId, server, uri, isTemplate }, post) =>
        attach(requestId, post, async () => {
          const servers = await ports.servers();
          let actual = uri;
          if (isTemplate) {
            const { variables, expand } = await ports.template();
            const names = variables(uri).map((name) => ({ name, isRequired: true }));
            const values = await askAll(`${called(server)}: ${called(uri)}`, names, (name, value, known) =>
              servers.complete({ server, uri }, { name, value }, known, AbortSignal.timeout(findDeadline)),
            );
            if (values === undefined) return undefined;
            actual = expand(uri, values);
          }
          return cancellable(`Reading ${called(actual)} of the MCP server ${called(server)}`, (_, signal) =>
            servers.readResource(server, actual, signal),
          );
        }),
      attachPrompt: ({ requestId, server, name }, post) =>
        attach(requestId, post, async () => {
          const servers = await ports.servers();
          const names = await cancellable(`Asking the MCP server ${called(server)}`, (_, signal) =>
            servers.promptArguments(server, name, signal),
          );
          if (names === undefined) return undefined;
          const values = await askAll(
            `${called(name)} of the MCP server ${called(server)}`,
            names,
            (argument, value, known) =>
              servers.complete(
                { server, prompt: name },
                { name: argument, value },
                known,
                AbortSignal.timeout(findDeadline),
              ),
          );
          if (values === undefined) return undefined;
          return cancellable(`Getting ${called(name)} of the MCP server ${called(server)}`, (_, signal) =>
            servers.getPrompt(server, name, values, signal),
          );
        }),
      openAttached: async ({ id, itemId }) => {
        const found =
          held.get(id)?.context ??
          (itemId === undefined ? [] : await ports.attachedOf(itemId)).find((each) => each.id === id);
        if (found === undefined)
          throw new InputError(
            'What was attached is not kept here any more. Remove it from the message, and attach it again.',
          );
        await ports.showText(`${found.label} (${found.server})`, found.text);
      },
    },
    take: (ids, isReplacing) => {
      const known = ids.flatMap((id) => held.get(id) ?? []);
      const keep = ids.filter((id) => !held.has(id));
      if (keep.length > 0 && !isReplacing)
        throw new InputError(
          'Something that is attached is not kept here any more: it came with another message, or the window was reloaded since. Nothing was sent. Remove it from the message, and attach it again.',
        );
      return {
        attached: known.map(({ context }) => context),
        images: known.flatMap(({ images }) => images),
        keep,
      };
    },
    sent: (ids) => {
      for (const id of ids) held.delete(id);
    },
  };
};
