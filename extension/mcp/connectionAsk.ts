/** What a server may ask and tell while it is connected. */
import { type Client, type ElicitResult, ProtocolError } from '@modelcontextprotocol/client';
import * as z from 'zod';
import type { McpLogLevel, McpSampling } from '../core/mcp.ts';
import { imageDataLimit, imageMediaTypes } from '../shared/message.ts';
import { checkedAnswer, formFields, secretAsked } from './elicitation.ts';
import { plainWords } from './plainWords.ts';
import type { McpHandlers } from './types.ts';

export interface AskPorts {
  readonly name: string;
  readonly client: Client;
  readonly handlers: McpHandlers;
  readonly log: (level: McpLogLevel, text: string) => void;
  /** A person is being asked; told again when that is over. */
  readonly onAsking: (isAsking: boolean) => void;
  /** Of the connection. */
  readonly signal: AbortSignal;
}

/** Of one question. */
const answerLimit = 10 * 60_000;
const questionLimit = 5;
const messageLimit = 4_000;
const samplingLimit = 200_000;
const samplingMessages = 200;
const rejected = -1;
const invalidParams = -32_602;

const formParams = z.looseObject({ message: z.string(), requestedSchema: z.unknown().optional() });
const urlParams = z.looseObject({ mode: z.literal('url'), message: z.string(), url: z.string() });

const levels: Readonly<Record<string, McpLogLevel>> = {
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warning: 'warning',
};

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const imagePart = z.object({
  type: z.literal('image'),
  data: z.base64().max(imageDataLimit),
  mimeType: z.enum(imageMediaTypes),
});
const samplingSchema = z.looseObject({
  systemPrompt: z.string().optional(),
  maxTokens: z.number().positive(),
  messages: z
    .array(z.looseObject({ role: z.enum(['user', 'assistant']), content: z.unknown().optional() }))
    .min(1),
});

const partsOf = (content: unknown): readonly unknown[] => (Array.isArray(content) ? content : [content]);

/** @throws ProtocolError for what is not offered */
const samplingOf = (server: string, params: unknown): McpSampling => {
  const request = samplingSchema.safeParse(params).data;
  if (request === undefined) throw new ProtocolError(invalidParams, 'Malformed sampling request');
  if (request.tools !== undefined || request.toolChoice !== undefined) {
    throw new ProtocolError(invalidParams, 'Tools in sampling are not supported');
  }
  const count = request.messages.reduce((sum, { content }) => sum + partsOf(content).length, 0);
  if (count > samplingMessages) throw new ProtocolError(invalidParams, 'Too many messages');
  let length = request.systemPrompt?.length ?? 0;
  const messages = request.messages.flatMap((message) =>
    partsOf(message.content).map((part) => {
      const { role } = message;
      const words = textPart.safeParse(part).data;
      length += words?.text.length ?? 0;
      if (words !== undefined) return { role, text: words.text };
      const image = imagePart.safeParse(part).data;
      if (image === undefined) throw new ProtocolError(invalidParams, 'Only text and pictures are supported');
      const { data, mimeType: mediaType } = image;
      return { role, text: '', image: { type: 'image' as const, mediaType, data } };
    }),
  );
  if (length > samplingLimit) throw new ProtocolError(invalidParams, 'The request is too long');
  const { systemPrompt } = request;
  const maxTokens = Math.ceil(request.maxTokens);
  return { server, ...(systemPrompt === undefined ? {} : { systemPrompt }), messages, maxTokens };
};

export interface Asker {
  /** A page that a person has to open before a call can go on. */
  readonly openUrl: (params: unknown, signal: AbortSignal) => Promise<ElicitResult>;
}

/** Puts the handlers on the client. Nothing in them rejects but with an error for the server. */
export const createAsker = (ports: AskPorts): Asker => {
  const { name, client, handlers, log } = ports;
  let questions = 0;

  /** Asks a person, for so long; the time of running calls stands still meanwhile. */
  const asking = async <T>(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
    otherwise: T,
  ): Promise<T> => {
    if (questions >= questionLimit) {
      log('warning', 'It asked too many questions at once; one was declined.');
      return otherwise;
    }
    questions += 1;
    ports.onAsking(true);
    const limited = AbortSignal.any([signal, ports.signal, AbortSignal.timeout(answerLimit)]);
    try {
      return await work(limited);
    } catch (error) {
      if (!limited.aborted) log('error', `A question could not be asked: ${plainWords(String(error))}`);
      return otherwise;
    } finally {
      questions -= 1;
      ports.onAsking(false);
    }
  };

  const askForm = async (params: unknown, signal: AbortSignal): Promise<ElicitResult> => {
    const request = formParams.safeParse(params).data;
    const fields = request === undefined ? 'it is malformed' : formFields(request.requestedSchema);
    if (request === undefined || typeof fields === 'string') {
      log('warning', `A form of the server was declined: ${String(fields)}.`);
      return { action: 'decline' };
    }
    const message = plainWords(request.message, messageLimit);
    // As the person would read it: nothing hidden between the letters of a word.
    const secret = secretAsked(message, fields);
    if (secret !== undefined) {
      log(
        'warning',
        `A form of the server was declined: ${secret} asks for a secret. Those never go through a form.`,
      );
      return { action: 'decline' };
    }
    const form = { kind: 'form' as const, server: name, message, fields };
    const answer = await asking(signal, (limited) => handlers.elicit(form, limited), {
      action: 'cancel' as const,
    });
    if (answer.action !== 'accept') return { action: answer.action };
    const checked = checkedAnswer(fields, answer.content);
    if ('content' in checked)
      return { action: 'accept', content: z.record(z.string(), answerValue).parse(checked.content) };
    log('warning', `An answer was not sent: ${checked.problem}.`);
    return { action: 'cancel' };
  };

  const openUrl = async (params: unknown, signal: AbortSignal): Promise<ElicitResult> => {
    const request = urlParams.safeParse(params).data;
    const url = request !== undefined && URL.canParse(request.url) ? new URL(request.url) : undefined;
    if (request === undefined || url === undefined || !/^https?:$/.test(url.protocol)) {
      log(
        'warning',
        'A page that the server wanted to be opened was declined: its address is no http or https address.',
      );
      return { action: 'decline' };
    }
    const message = plainWords(request.message, messageLimit);
    const page = { kind: 'url' as const, server: name, message, url: url.href };
    const { action } = await asking(signal, (limited) => handlers.elicit(page, limited), {
      action: 'cancel' as const,
    });
    return { action };
  };

  client.setRequestHandler('elicitation/create', (request, context) =>
    request.params.mode === 'url'
      ? openUrl(request.params, context.mcpReq.signal)
      : askForm(request.params, context.mcpReq.signal),
  );
  client.setRequestHandler('roots/list', () => ({ roots: handlers.roots().map((root) => ({ ...root })) }));
  const { sample } = handlers;
  if (sample !== undefined) {
    client.setRequestHandler('sampling/createMessage', async (request, context) => {
      const wanted = samplingOf(name, request.params);
      const answer = await asking(
        context.mcpReq.signal,
        (limited) => sample.call(handlers, wanted, limited),
        undefined,
      );
      if (answer === undefined) throw new ProtocolError(rejected, 'The user rejected the request');
      const content = { type: 'text' as const, text: answer.text };
      return { role: 'assistant', content, model: answer.model, stopReason: 'endTurn' };
    });
  }
  client.setNotificationHandler('notifications/message', ({ params }) => {
    const { data } = params;
    const text = typeof data === 'string' ? data : (JSON.stringify(data) ?? '');
    const from = params.logger === undefined ? '' : `${plainWords(params.logger, 100)}: `;
    log(levels[params.level] ?? 'error', `${from}${plainWords(text, 2_000)}`);
  });
  client.setNotificationHandler('notifications/elicitation/complete', () => undefined);
  return { openUrl };
};

const answerValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
