/** /model: which model answers in this chat. */
import { InputError } from '../core/agents.ts';
import { type ModelInfo, ProviderError } from '../core/provider.ts';
import { type ModelRef, type ProviderId, sameModel } from '../shared/message.ts';
import type { SessionSummary } from '../shared/session.ts';
import {
  buttonKey,
  type CommandCall,
  type CommandSet,
  checkIdle,
  checkMayChooseModel,
  findByName,
} from './commandCall.ts';
import type { BotContext } from './context.ts';
import { note, oneLine } from './replyWords.ts';
import type { Button, Outgoing } from './types.ts';

const pageSize = 8;
/** What a provider listed counts so long, so that turning pages asks nobody. Milliseconds. */
const freshMs = 120_000;

export const createModelCommands = (
  context: Pick<BotContext, 'store' | 'chats' | 'jobs' | 'listModels' | 'now'>,
): CommandSet => {
  const { store, chats, jobs } = context;
  const known = new Map<ProviderId, { readonly at: number; readonly models: readonly ModelInfo[] }>();

  /** @throws InputError where no chat goes on here, which alone has a model */
  const current = async ({ thread }: CommandCall): Promise<SessionSummary> => {
    const { sessionId } = await store.getBinding(thread);
    const session = sessionId === undefined ? undefined : await chats.get(sessionId);
    if (session !== undefined) return session;
    throw new InputError(
      'No chat goes on here yet, and each chat has its own model. Send a message first, or choose another agent with /agent.',
    );
  };

  const modelsOf = async (model: ModelRef): Promise<readonly ModelInfo[]> => {
    const before = known.get(model.provider);
    if (before !== undefined && context.now() - before.at < freshMs) return before.models;
    try {
      const models = await context.listModels(model);
      known.set(model.provider, { at: context.now(), models });
      return models;
    } catch (error) {
      if (error instanceof ProviderError) throw new InputError(error.message);
      throw error;
    }
  };

  const page = (session: SessionSummary, models: readonly ModelInfo[], wanted: number): Outgoing => {
    const pages = Math.max(1, Math.ceil(models.length / pageSize));
    const index = Math.min(Math.max(0, wanted), pages - 1);
    const { provider, model } = session.model;
    const rows: (readonly Button[])[] = models
      .slice(index * pageSize, (index + 1) * pageSize)
      .map(({ id, name }) => {
        const mark = sameModel(session.model, { provider, model: id }) ? '✓ ' : '';
        return [{ text: `${mark}${oneLine(name, 60)}`, data: `c1:model:${buttonKey(id)}` }];
      });
    if (pages > 1) {
      const turn = (text: string, to: number): Button => ({ text, data: `c1:models:${to}` });
      rows.push([
        turn('‹ Before', (index + pages - 1) % pages),
        turn(`${index + 1} of ${pages}`, index),
        turn('More ›', (index + 1) % pages),
      ]);
    }
    const hint = `Choose the model of this chat; ${models.length === 0 ? 'its provider lists none.' : '“/model name” does too.'}`;
    return note(`Model: ${oneLine(model, 200)}`, hint, rows);
  };

  const choose = async (call: CommandCall, session: SessionSummary, info: ModelInfo): Promise<string> => {
    checkMayChooseModel(call);
    checkIdle(jobs, session.id);
    await chats.setModel(session.id, { provider: session.model.provider, model: info.id });
    return `From your next message on ${oneLine(info.name, 100)} answers in this chat.`;
  };

  return {
    written: {
      model: async (call) => {
        const session = await current(call);
        const models = await modelsOf(session.model);
        if (call.argument === '') {
          const at = models.findIndex(({ id }) => id === session.model.model);
          await call.reply(page(session, models, Math.floor(Math.max(0, at) / pageSize)));
          return;
        }
        const info =
          models.find(({ id }) => id.toLowerCase() === call.argument.toLowerCase()) ??
          findByName(models, call.argument);
        if (info === undefined) {
          throw new InputError(
            `The provider lists no model called “${oneLine(call.argument, 100)}”, or several that begin so. /model shows them all.`,
          );
        }
        await call.reply(note(await choose(call, session, info)));
      },
    },
    pressed: {
      models: async (call) => {
        const session = await current(call);
        const models = await modelsOf(session.model);
        await call.done();
        await call.replace(page(session, models, Number.parseInt(call.argument, 10) || 0));
      },
      model: async (call) => {
        const session = await current(call);
        const models = await modelsOf(session.model);
        const info = models.find(({ id }) => buttonKey(id) === call.argument);
        if (info === undefined) {
          throw new InputError('This model is not listed any more. /model lists those there are.');
        }
        const said = await choose(call, session, info);
        await call.done(said);
        await call.replace(note(said));
      },
    },
  };
};
