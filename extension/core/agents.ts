/** The people of the house: agents, kept in the store, checked at the border. */
import * as z from 'zod';
import { type Agent, defaultExecution, longestCommandTimeoutMs } from '../shared/agent.ts';
import { type ModelRef, providerIds } from '../shared/message.ts';
import { type ApprovalMode, approvalModes } from '../shared/rule.ts';
import { executionModes } from '../shared/skill.ts';
import { modeEntry } from './modes.ts';
import type { Store } from './store.ts';

const modelSchema = z.object({ provider: z.enum(providerIds), model: z.string().trim().min(1).max(200) });

const executionSchema = z.object({
  mode: z.enum(approvalModes).default(defaultExecution.mode),
  turnLimit: z.number().int().min(1).max(1_000).default(defaultExecution.turnLimit),
  commandTimeoutMs: z
    .number()
    .int()
    .min(1_000)
    .max(longestCommandTimeoutMs)
    .default(defaultExecution.commandTimeoutMs),
  sandbox: z.enum(executionModes).default(defaultExecution.sandbox),
  memoryMb: z.number().int().min(16).max(1_000_000).default(defaultExecution.memoryMb),
  cpus: z.number().min(0.1).max(1_000).default(defaultExecution.cpus),
});

const namesSchema = z.union([z.literal('all'), z.array(z.string().min(1).max(100)).max(500)]);

const agentSchema = z.object({
  name: z.string().trim().min(1).max(100),
  instructions: z.string().max(100_000).default(''),
  model: modelSchema.optional(),
  tools: namesSchema.default('all'),
  skills: namesSchema.default('all'),
  mcpServers: namesSchema.default('all'),
  execution: executionSchema.default(defaultExecution),
});

const patchSchema = z
  .object({
    name: agentSchema.shape.name,
    instructions: z.string().max(100_000),
    model: modelSchema,
    tools: namesSchema,
    skills: namesSchema,
    mcpServers: namesSchema,
    execution: z
      .object({
        mode: z.enum(approvalModes),
        turnLimit: z.number().int().min(1).max(1_000),
        commandTimeoutMs: z.number().int().min(1_000).max(longestCommandTimeoutMs),
        sandbox: z.enum(executionModes),
        memoryMb: z.number().int().min(16).max(1_000_000),
        cpus: z.number().min(0.1).max(1_000),
      })
      .partial(),
  })
  .partial();

/** Bad input to a command, in words for whoever called it. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

const parse = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`${what}: ${z.prettifyError(parsed.error)}`);
};

export interface Agents {
  /** Never empty: the first call on an empty store makes the default agent. */
  list(): Promise<readonly Agent[]>;
  /** The agent with this id, or the first one where no id is given. @throws InputError for an unknown id */
  get(id?: string): Promise<Agent>;
  /** @throws InputError */
  create(value: unknown): Promise<Agent>;
  /** @throws InputError */
  update(id: string, patch: unknown): Promise<Agent>;
  /** @throws InputError for an unknown id, or the last agent */
  delete(id: string): Promise<void>;
}

export const createAgents = (options: {
  readonly store: Store;
  /** Model of an agent that names none. */
  defaultModel(): Promise<ModelRef>;
  newId(): string;
  now(): number;
}): Agents => {
  const { store } = options;

  /** Before it counts: what is not on record does not happen. */
  const recordMode = async ({ id, name, execution }: Agent, before: ApprovalMode): Promise<void> => {
    if (execution.mode === before) return;
    const rest = { at: options.now(), agentId: id, reason: 'chosen for the agent' };
    await store.audit(modeEntry(`the agent ${name}`, [before, execution.mode], rest));
  };

  const add = async (value: unknown): Promise<Agent> => {
    const { model, ...rest } = parse(agentSchema, value, 'This is not an agent');
    const now = options.now();
    const agent: Agent = {
      id: options.newId(),
      model: model ?? (await options.defaultModel()),
      ...rest,
      createdAt: now,
      updatedAt: now,
    };
    await recordMode(agent, defaultExecution.mode);
    await store.saveAgent(agent);
    return agent;
  };

  let makingDefault: Promise<Agent> | undefined;
  const list = async (): Promise<readonly Agent[]> => {
    const agents = await store.listAgents();
    if (agents.length > 0) return agents;
    makingDefault ??= add({ name: 'Coder' }).finally(() => {
      makingDefault = undefined;
    });
    return [await makingDefault];
  };

  const get = async (id?: string): Promise<Agent> => {
    const agents = await list();
    const found = id === undefined ? agents[0] : agents.find((agent) => agent.id === id);
    if (found === undefined)
      throw new InputError('There is no agent with this id. It may have been deleted.');
    return found;
  };

  return {
    list,
    get,
    create: add,
    update: async (id, patch) => {
      const agent = await get(id);
      const { execution, ...rest } = parse(patchSchema, patch, 'This is not a change of an agent');
      // zod's optional properties may hold undefined, which must not overwrite what is there.
      const changes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
      const limits = Object.fromEntries(
        Object.entries(execution ?? {}).filter(([, value]) => value !== undefined),
      );
      const updated: Agent = {
        ...agent,
        ...changes,
        execution: { ...agent.execution, ...limits },
        updatedAt: options.now(),
      };
      await recordMode(updated, agent.execution.mode);
      await store.saveAgent(updated);
      return updated;
    },
    delete: async (id) => {
      await get(id);
      if ((await list()).length === 1) {
        throw new InputError('This is the only agent. Create another one before you delete it.');
      }
      await store.deleteAgent(id);
    },
  };
};
