/** Skills and MCP servers of an agent, and where its commands and programs run, as a person chooses them. */
import * as vscode from 'vscode';
import * as z from 'zod';
import type { McpServers } from '../core/mcp.ts';
import type { SkillCatalog } from '../core/skills.ts';
import type { Agent } from '../shared/agent.ts';
import { type ExecutionMode, executionModes } from '../shared/skill.ts';
import { mcpPart } from './mcpAgentPart.ts';
import {
  defaultText,
  executionWords,
  memoryText,
  processorsText,
  stateWords,
  visible,
} from './skillWords.ts';
import { count, firstLine, withoutIcons } from './words.ts';

/** A change of an agent, as `Agents.update` takes it. */
export type AgentPatch =
  | { readonly skills: Agent['skills'] }
  | { readonly mcpServers: Agent['mcpServers'] }
  | { readonly execution: Partial<Agent['execution']> };

/** Of direct only: what runs there has nothing around it. */
export const confirmPlace = async (place: ExecutionMode): Promise<boolean> => {
  if (place !== 'direct') return true;
  const button = 'Run Directly';
  const detail =
    'Commands and programs of skills will never run in a container, also where there is one. Each is asked about, and what you approve can do what you can do on this computer. Skills that need the sandbox do not run.';
  const answer = await vscode.window.showWarningMessage(
    'Let this agent run things without the sandbox?',
    { modal: true, detail },
    button,
  );
  return answer === button;
};

export const skillsText = (skills: Agent['skills']): string => {
  if (skills === 'all') return 'all';
  return skills.length === 0 ? 'none' : count(skills.length, 'skill');
};

const chooseSkills = async (
  agent: Agent,
  catalog: Pick<SkillCatalog, 'list'>,
): Promise<AgentPatch | undefined> => {
  const title = `Skills of ${agent.name}`;
  const ways = [
    { label: 'All', detail: 'Also those that come later', way: 'all' as const },
    { label: 'Only some…', detail: 'Those that you choose', way: 'some' as const },
    { label: 'None', detail: 'It works without skills', way: 'none' as const },
  ];
  const placeHolder = `Now: ${skillsText(agent.skills)}`;
  const way = (await vscode.window.showQuickPick(ways, { title, placeHolder }))?.way;
  if (way === undefined) return undefined;
  if (way !== 'some') return { skills: way === 'all' ? 'all' : [] };
  const { skills } = agent;
  const all = await catalog.list();
  const items = all.map((skill) => ({
    label: withoutIcons(visible(skill.id)),
    description: stateWords[skill.state].name,
    detail: withoutIcons(firstLine(visible(skill.description))),
    picked: skills === 'all' || skills.includes(skill.id),
    id: skill.id,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: 'Which skills it may use',
    canPickMany: true,
    matchOnDetail: true,
  });
  if (chosen === undefined) return undefined;
  // Those of other workspaces are not here, and are not to be lost.
  const elsewhere = skills === 'all' ? [] : skills.filter((id) => !all.some((skill) => skill.id === id));
  return { skills: [...chosen.map(({ id }) => id), ...elsewhere] };
};

const choosePlace = async ({ name, execution }: Agent): Promise<AgentPatch | undefined> => {
  const items = executionModes.map((place) => ({
    label: executionWords[place].name,
    ...(place === execution.sandbox ? { description: 'now' } : {}),
    detail: executionWords[place].meaning,
    place,
  }));
  const options = {
    title: `Where commands and skills of ${name} run`,
    placeHolder: 'AnyCowork: Check Sandbox says what there is',
  };
  const place = (await vscode.window.showQuickPick(items, options))?.place;
  if (place === undefined || place === execution.sandbox || !(await confirmPlace(place))) return undefined;
  return { execution: { sandbox: place } };
};

const askNumber = async (
  title: string,
  prompt: string,
  value: number,
  schema: z.ZodType<number>,
): Promise<number | undefined> => {
  const read = (text: string) => schema.safeParse(text.trim() === '' ? Number.NaN : Number(text));
  const typed = await vscode.window.showInputBox({
    title,
    prompt,
    value: String(value),
    validateInput: (text) =>
      read(text).success ? undefined : 'Type a number that is not too small or too large.',
  });
  return typed === undefined ? undefined : read(typed).data;
};

const chooseMemory = async ({ name, execution }: Agent): Promise<AgentPatch | undefined> => {
  const memoryMb = await askNumber(
    `Memory of a container of ${name}`,
    `Megabytes at most, whatever a skill was granted. Without a grant: ${defaultText}`,
    execution.memoryMb,
    z.number().int().min(16).max(1_000_000),
  );
  return memoryMb === undefined ? undefined : { execution: { memoryMb } };
};

const chooseProcessors = async ({ name, execution }: Agent): Promise<AgentPatch | undefined> => {
  const cpus = await askNumber(
    `Processors of a container of ${name}`,
    'At most, whatever a skill was granted; 0.5 is half of one',
    execution.cpus,
    z.number().min(0.1).max(1_000),
  );
  return cpus === undefined ? undefined : { execution: { cpus } };
};

/** Parts of an agent that can be edited, each with what it is now. */
export const executionParts = (
  agent: Agent,
  catalog: Pick<SkillCatalog, 'list'>,
  servers?: Pick<McpServers, 'list'>,
) =>
  [
    {
      label: 'Skills',
      description: skillsText(agent.skills),
      choose: () => chooseSkills(agent, catalog),
    },
    ...(servers === undefined ? [] : [mcpPart(agent, servers)]),
    {
      label: 'Where its commands and skills run',
      description: executionWords[agent.execution.sandbox].name,
      choose: () => choosePlace(agent),
    },
    {
      label: 'Memory of its containers',
      description: memoryText(agent.execution.memoryMb),
      choose: () => chooseMemory(agent),
    },
    {
      label: 'Processors of its containers',
      description: processorsText(agent.execution.cpus),
      choose: () => chooseProcessors(agent),
    },
  ] satisfies readonly { label: string; description: string; choose(): Promise<AgentPatch | undefined> }[];
