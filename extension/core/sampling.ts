/**
 * An answer of the model that an MCP server asks for: one request without tools, in no chat's history. What it takes is
 * spent by the job for which the server works. A person has allowed it by then.
 */
import type { AssistantMessage, Message, ModelRef, TokenUsage, UserMessage } from '../shared/message.ts';
import { textOf } from '../shared/message.ts';
import { abortable } from './abort.ts';
import type { Budgets, SpendingPlace } from './budgets.ts';
import { estimateUsage } from './history.ts';
import { McpError, type McpSampling } from './mcp.ts';
import { type ModelRequest, mayHaveCost, type Provider } from './provider.ts';
import type { Store } from './store.ts';

/** Which model answers, and whose spending it is. */
export interface SamplingTarget {
  readonly model: ModelRef;
  readonly place: SpendingPlace;
}

export interface Sampling {
  /**
   * @returns the text of the answer, no longer than about what was asked for
   * @throws McpError at a limit, and where no answer came of it; ProviderError; the signal's reason
   */
  answer(request: McpSampling, target: SamplingTarget, signal: AbortSignal): Promise<string>;
}

export interface SamplingPorts {
  readonly store: Pick<Store, 'record'>;
  readonly budgets: Pick<Budgets, 'check' | 'costOf'>;
  provider(model: ModelRef): Provider;
  now(): number;
}

/** Milliseconds. */
const timeLimit = 5 * 60_000;
/** Models count tokens and we count characters. */
const charactersPerToken = 4;
/** Characters of an answer, whatever was asked for. */
const longestAnswer = 200_000;

const system =
  'You answer a program, an MCP server, and no person. You have no tools, and know nothing but what it says here.';

type Turn = McpSampling['messages'][number];

const blocksOf = (turns: readonly Turn[]): UserMessage['content'] =>
  turns.flatMap(({ text, image }) => [
    ...(text === '' ? [] : [{ type: 'text' as const, text }]),
    ...(image === undefined ? [] : [image]),
  ]);

/** Who spoke, and then the other one: vendors want them to take turns, beginning and ending with the user. @throws McpError */
const messagesOf = (turns: readonly Turn[], model: ModelRef, createdAt: number): readonly Message[] => {
  const groups: { readonly role: Turn['role']; readonly turns: Turn[] }[] = [];
  for (const turn of turns) {
    const last = groups.at(-1);
    if (last?.role === turn.role) last.turns.push(turn);
    else groups.push({ role: turn.role, turns: [turn] });
  }
  const says = (text: string) => ({ role: 'user' as const, turns: [{ role: 'user' as const, text }] });
  const whole = [
    ...(groups.at(0)?.role === 'user' ? [] : [says('Begin.')]),
    ...groups,
    ...(groups.at(-1)?.role === 'assistant' ? [says('Go on.')] : []),
  ];
  return whole.map((group, index): UserMessage | AssistantMessage => {
    const about = { id: `sampling-${index}`, createdAt };
    if (group.role === 'user') return { ...about, role: 'user', content: blocksOf(group.turns) };
    if (group.turns.some(({ image }) => image !== undefined))
      throw new McpError('The server says that the model has made a picture. That cannot be sent to it.');
    const content = group.turns.map(({ text }) => ({ type: 'text' as const, text }));
    return { ...about, role: 'assistant', model, content, stopReason: 'end' };
  });
};

export const createSampling = (ports: SamplingPorts): Sampling => {
  const { store, budgets, now } = ports;

  const run = async (
    request: ModelRequest,
    mostCharacters: number,
    place: SpendingPlace,
    outer: AbortSignal,
  ): Promise<string> => {
    const own = new AbortController();
    const signal = AbortSignal.any([outer, own.signal, AbortSignal.timeout(timeLimit)]);
    let usage: TokenUsage | undefined;
    let text = '';
    const spend = async (): Promise<void> => {
      const isTold = usage !== undefined && usage.input + usage.output > 0;
      const taken = isTold && usage !== undefined && !own.signal.aborted ? usage : undefined;
      const counted = taken ?? estimateUsage(request, [{ type: 'text', text }], usage);
      usage = undefined;
      const costUsd = budgets.costOf(request.model, counted);
      const cost = costUsd === undefined ? {} : { costUsd };
      const { jobId } = place;
      await store.record({ type: 'Usage', jobId, at: now(), usage: counted, ...cost, isAside: true });
    };
    try {
      for await (const event of abortable(ports.provider(request.model).stream(request, signal), signal)) {
        if (event.type === 'usage') usage = event.usage;
        if (event.type === 'text') text += event.text;
        if (event.type === 'retrying' && event.mayHaveCost === true) await spend();
        if (text.length > mostCharacters) {
          // The server said how much it wants, and the person has agreed to that.
          own.abort(new DOMException('The answer is long enough.', 'AbortError'));
          break;
        }
        if (event.type !== 'done') continue;
        if (event.stopReason === 'refused') throw new McpError('The model refused to answer the server.');
        text = textOf(event.content);
      }
    } catch (failure) {
      if (signal.aborted || usage !== undefined || text !== '' || mayHaveCost(failure)) await spend();
      outer.throwIfAborted();
      if (signal.aborted) throw new McpError('The model did not answer the server in time.');
      throw failure;
    }
    await spend();
    return text.slice(0, mostCharacters).toWellFormed();
  };

  return {
    answer: async (sampling, { model, place }, signal) => {
      const messages = messagesOf(sampling.messages, model, now());
      const reached = await budgets.check(place);
      if (reached !== undefined) throw new McpError(reached.message);
      signal.throwIfAborted();
      const { systemPrompt = '', maxTokens } = sampling;
      const request: ModelRequest = {
        model,
        system: systemPrompt === '' ? system : `${system}\n\n${systemPrompt}`,
        messages,
        tools: [],
        sessionId: `${place.sessionId}-sampling`,
      };
      const most = Math.min(longestAnswer, maxTokens * charactersPerToken);
      const text = await run(request, most, place, signal);
      if (text.trim() === '') throw new McpError('The model answered the server with nothing.');
      return text;
    },
  };
};
