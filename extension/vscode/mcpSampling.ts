/** A server asks for an answer of the model: a person sees what it wants, each time, and may see the answer first. */

import * as vscode from 'vscode';
import type { McpPeople, McpSampling } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { Sampling, SamplingTarget } from '../core/sampling.ts';
import { markedLines } from '../core/shownText.ts';
import type { ModelRef } from '../shared/message.ts';
import type { McpDocuments } from './mcpDocuments.ts';
import { askModal, choose, waitForReader } from './mcpPeopleAsk.ts';
import { called } from './mcpWords.ts';
import { visible } from './skillWords.ts';
import { count, withoutLinks } from './words.ts';

export interface SamplingAskPorts {
  readonly documents: Pick<McpDocuments, 'show'>;
  readonly sampling: Sampling;
  /** Who would answer, and whose spending it is; undefined: nobody can. */
  samplingTarget(request: McpSampling): Promise<SamplingTarget | undefined>;
  logError(error: unknown): void;
}

type Answer = Awaited<ReturnType<McpPeople['sample']>>;

/** Characters and lines that a dialog holds. */
const mostShown = 800;
const mostLines = 12;

const modelName = ({ provider, model }: ModelRef): string => visible(`${provider}/${model}`);

const wordsOf = ({ systemPrompt, messages }: McpSampling): string =>
  [
    ...(systemPrompt === undefined ? [] : [`What the model is told first:\n${markedLines(systemPrompt)}`]),
    ...messages.map(({ role, text, image }) => {
      const who = role === 'user' ? 'The server asks' : 'The server says that the model answered';
      const picture = image === undefined ? [] : ['[a picture]'];
      return `${who}:\n${[...(text === '' ? [] : [markedLines(text)]), ...picture].join('\n')}`;
    }),
  ].join('\n\n');

/** The whole request. Pure. */
export const samplingText = (request: McpSampling, model: ModelRef): string =>
  [
    `The MCP server ${called(request.server)} wants an answer of the model ${modelName(model)}, of up to ${count(request.maxTokens, 'token')}.`,
    'It costs what your own messages cost. The model has no tools for it, and sees nothing of your chats or files but what stands here. Your keys stay here; the answer goes to the server.',
    wordsOf(request),
    '',
  ].join('\n\n');

const detailOf = (
  request: McpSampling,
  model: ModelRef,
): { readonly text: string; readonly isWhole: boolean } => {
  const words = wordsOf(request);
  const isWhole = words.length <= mostShown && words.split('\n').length <= mostLines;
  const pictures = request.messages.filter(({ image }) => image !== undefined).length;
  return {
    isWhole: isWhole && pictures === 0,
    text: [
      `Model: ${modelName(model)}. It costs what your own messages cost: up to ${count(request.maxTokens, 'token')} of answer. The answer goes to the server.`,
      isWhole
        ? words
        : `It sends ${count(request.messages.length, 'message')} with ${count(words.length, 'character')}: more than a dialog can show. Choose Review to see it.`,
      ...(pictures === 0 ? [] : [`${count(pictures, 'picture')} with it, which cannot be shown here.`]),
    ].join('\n\n'),
  };
};

const allow = 'Allow';
const allowAndLook = 'Allow and Look at the Answer First';
const review = 'Review';

/** @returns whether the answer is looked at first; undefined: no */
const ask = async (
  request: McpSampling,
  { model }: SamplingTarget,
  { documents }: SamplingAskPorts,
  signal: AbortSignal,
): Promise<{ readonly looksFirst: boolean } | undefined> => {
  const name = called(request.server);
  const title = `Let the model answer the MCP server ${name}?`;
  const { text } = detailOf(request, model);
  for (;;) {
    // Enter presses the first one. What is not allowed is refused, Esc too.
    const answer = await askModal(title, text, [review, allow, allowAndLook, 'Deny']);
    if (signal.aborted) return undefined;
    if (answer === allow || answer === allowAndLook) return { looksFirst: answer === allowAndLook };
    if (answer !== review) return undefined;
    const wantsToDecide = await waitForReader(title, signal, () =>
      documents.show(`MCP server ${name} asks the model`, samplingText(request, model)),
    );
    if (!wantsToDecide) return undefined;
  }
};

const maySend = async (
  server: string,
  text: string,
  { documents }: SamplingAskPorts,
  signal: AbortSignal,
): Promise<boolean> => {
  const name = called(server);
  const show = () => documents.show(`Answer for MCP server ${name}`, text);
  await show();
  for (;;) {
    const picked = await choose(
      `Send this answer to the MCP server ${name}?`,
      'This stays open while you read',
      [
        { label: 'Show It Again', pick: 'show' as const },
        { label: `Send It to ${name}`, pick: 'send' as const },
        { label: 'Do Not Send It', detail: 'The server is told that you refused', pick: 'keep' as const },
      ],
      signal,
    );
    if (picked !== 'show') return picked === 'send' && !signal.aborted;
    await show();
  }
};

export const askSampling = async (
  request: McpSampling,
  ports: SamplingAskPorts,
  signal: AbortSignal,
): Promise<Answer> => {
  const target = await ports.samplingTarget(request);
  if (target === undefined || signal.aborted) return undefined;
  const allowed = await ask(request, target, ports, signal);
  if (allowed === undefined) return undefined;
  try {
    const text = await ports.sampling.answer(request, target, signal);
    const goes = !allowed.looksFirst || (await maySend(request.server, text, ports, signal));
    return goes ? { text, model: target.model.model } : undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    ports.logError(error);
    // Not waited for: the server hears at once that there is none.
    vscode.window.showErrorMessage(
      withoutLinks(
        visible(`The MCP server ${called(request.server)} got no answer of the model. ${reasonOf(error)}`),
      ),
    );
    return undefined;
  }
};
