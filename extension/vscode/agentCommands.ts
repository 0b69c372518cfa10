/** Commands for agents, their models and keys. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { type Agents, InputError } from '../core/agents.ts';
import type { McpServers } from '../core/mcp.ts';
import type { SkillCatalog } from '../core/skills.ts';
import type { Agent } from '../shared/agent.ts';
import { providerIds } from '../shared/message.ts';
import { confirmPlace, executionParts } from './agentExecution.ts';
import type { CurrentChat } from './currentChat.ts';
import { chooseMode, confirmMode } from './modeCommands.ts';
import type { ModelChoice } from './modelChoice.ts';
import { modeWords } from './ruleWords.ts';

const autopilot = z.object({ execution: z.object({ mode: z.literal('autopilot') }) });
const direct = z.object({ execution: z.object({ sandbox: z.literal('direct') }) });

/** Code may not turn on by itself what a person is asked about. */
const confirmed = async (value: unknown, before?: Agent): Promise<boolean> => {
  const asksMode = before?.execution.mode !== 'autopilot' && autopilot.safeParse(value).success;
  if (asksMode && !(await confirmMode('autopilot'))) return false;
  const asksPlace = before?.execution.sandbox !== 'direct' && direct.safeParse(value).success;
  return !asksPlace || confirmPlace('direct');
};

export const createAgentCommands = (ports: {
  readonly agents: Agents;
  readonly current: CurrentChat;
  readonly models: ModelChoice;
  readonly skills: Pick<SkillCatalog, 'list'>;
  readonly mcp: Pick<McpServers, 'list'>;
  refresh(): Promise<void>;
}) => {
  const { agents, current, models, skills, mcp } = ports;

  const pickAgent = async (title: string, given: unknown): Promise<Agent | undefined> => {
    if (typeof given === 'string') return agents.get(given);
    const items = (await agents.list()).map((agent) => ({
      label: agent.name,
      description: agent.model.model,
      detail: agent.instructions.split('\n', 1)[0] ?? '',
      agent,
    }));
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose an agent' }))?.agent;
  };

  const createAgent = async (value?: unknown): Promise<Agent | undefined> => {
    if (value !== undefined) return (await confirmed(value)) ? agents.create(value) : undefined;
    const name = await vscode.window.showInputBox({ title: 'New agent', prompt: 'Its name' });
    if (name === undefined) return undefined;
    const instructions = await vscode.window.showInputBox({
      title: `New agent ${name}`,
      prompt: 'Instructions: what it is for and how it should work (may be empty)',
    });
    if (instructions === undefined) return undefined;
    const model = await models.pickModel(await models.defaultModel());
    if (model === undefined) return undefined;
    const agent = await agents.create({ name, instructions, model });
    await current.startNew(agent.id);
    return agent;
  };

  const editAgent = async (agent: Agent): Promise<Agent | undefined> => {
    const parts = [
      { label: 'Name', description: agent.name, part: 'name' as const },
      { label: 'Instructions', description: agent.instructions, part: 'instructions' as const },
      { label: 'Model', description: agent.model.model, part: 'model' as const },
      {
        label: 'Approval mode of its new chats',
        description: modeWords[agent.execution.mode].name,
        part: 'mode' as const,
      },
      ...executionParts(agent, skills, mcp),
    ];
    const picked = await vscode.window.showQuickPick(parts, { title: `Edit ${agent.name}` });
    if (picked === undefined) return undefined;
    if ('choose' in picked) {
      const patch = await picked.choose();
      return patch === undefined ? undefined : agents.update(agent.id, patch);
    }
    if (picked.part === 'model') {
      const model = await models.pickModel(agent.model);
      return model === undefined ? undefined : agents.update(agent.id, { model });
    }
    if (picked.part === 'mode') {
      const mode = await chooseMode(`Approval mode of ${agent.name}`, agent.execution.mode);
      if (mode === undefined || mode === agent.execution.mode || !(await confirmMode(mode))) return undefined;
      return agents.update(agent.id, { execution: { mode } });
    }
    if (agent[picked.part].includes('\n')) {
      throw new InputError(
        `The ${picked.part} of ${agent.name} have several lines, which this field cannot hold. Change them with the command anycowork.updateAgent.`,
      );
    }
    const value = await vscode.window.showInputBox({
      title: `${picked.label} of ${agent.name}`,
      value: agent[picked.part],
    });
    return value === undefined ? undefined : agents.update(agent.id, { [picked.part]: value });
  };

  return {
    createAgent,
    getAgents: async () => agents.list(),
    updateAgent: async (agentId?: unknown, patch?: unknown) => {
      const agent = await pickAgent('Edit agent', agentId);
      if (agent === undefined) return undefined;
      const change = async () =>
        (await confirmed(patch, agent)) ? agents.update(agent.id, patch) : undefined;
      const updated = await (patch === undefined ? editAgent(agent) : change());
      await ports.refresh();
      return updated;
    },
    deleteAgent: async (agentId?: unknown) => {
      const agent = await pickAgent('Delete agent', agentId);
      if (agent === undefined) return false;
      if (typeof agentId !== 'string') {
        const question = `Delete the agent “${agent.name}”? Its chats stay.`;
        if ((await vscode.window.showWarningMessage(question, { modal: true }, 'Delete')) !== 'Delete')
          return false;
      }
      await agents.delete(agent.id);
      await ports.refresh();
      return true;
    },
    pickAgent: async () => {
      const agent = await pickAgent('Agent of this chat', undefined);
      if (agent !== undefined) await current.setAgent(agent.id);
    },
    pickModel: async () => {
      const { model } = await current.agentAndModel();
      const picked = await models.pickModel(model);
      if (picked !== undefined) await current.setModel(picked);
    },
    setApiKey: async (provider?: unknown) => {
      const set = await models.setApiKey(providerIds.find((each) => each === provider));
      if (set !== undefined) await current.useProvider(set);
      return set !== undefined;
    },
  };
};
