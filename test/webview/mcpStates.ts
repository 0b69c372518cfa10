/** States of the view with resources and prompts of MCP servers in them. */
import assert from 'node:assert/strict';
import type { McpPromptChoice, McpResourceChoice } from '../../extension/shared/mcp.ts';
import type { Shown } from './harness.ts';
import { assistant, snapshot, user } from './samples.ts';
import type { State } from './sessionStates.ts';

const composer = '[data-test=composer]';

const prompts: readonly McpPromptChoice[] = [
  {
    server: 'everything',
    name: 'args-prompt',
    id: 'mcp.everything.args-prompt',
    description: 'A prompt that wants a city, and takes a state',
    argumentHint: '<city> [state]',
  },
];

const choices: readonly McpResourceChoice[] = [
  {
    server: 'notes',
    uri: 'note://meetings/2026/11/the-one-about-the-release-that-was-moved-twice',
    name: 'Minutes of the meeting about the release',
    description: 'What was said, and who does what until when',
    isTemplate: false,
  },
  { server: 'notes', uri: 'note://days/{year}/{month}/{day}', name: 'Note of a day', isTemplate: true },
];

const minutes = {
  id: 'a1',
  kind: 'resource' as const,
  server: 'notes',
  label: 'Minutes of the meeting about the release',
  uri: 'note://meetings/2026/11/the-one-about-the-release-that-was-moved-twice',
};

const attached = [
  { ...minutes, text: 'Words of the server', taint: 'the MCP server notes' },
  {
    id: 'a2',
    kind: 'prompt' as const,
    server: 'everything',
    label: '/mcp.everything.args-prompt',
    uri: 'args-prompt',
    text: 'Words of the server',
  },
];

const openMentions = async (shown: Shown): Promise<void> => {
  const { page } = shown;
  await page.fill(composer, '');
  await page.locator(composer).pressSequentially('Compare @no');
  const { requestId } = await shown.posted('findResources');
  await shown.push({ type: 'resources', requestId, choices });
  await page.waitForSelector('[data-test=slash-item]');
};

const question = user('u1', 'What is left to do?');
assert.ok(question.kind === 'user');

export const mcpStates: readonly State[] = [
  { name: 'mcp-resource-menu', messages: [snapshot([])], act: openMentions },
  {
    name: 'mcp-prompt-menu',
    messages: [snapshot([], {}, { prompts })],
    act: async ({ page }) => {
      await page.fill(composer, '/mcp');
      await page.waitForSelector('[data-test=slash-item]');
    },
  },
  {
    name: 'mcp-attaching',
    messages: [snapshot([])],
    act: async (shown) => {
      await openMentions(shown);
      await shown.page.press(composer, 'Enter');
      await shown.page.waitForSelector('[data-test=attaching-chip]');
    },
  },
  {
    name: 'mcp-attached',
    messages: [snapshot([])],
    act: async (shown) => {
      await openMentions(shown);
      await shown.page.press(composer, 'Enter');
      const { requestId } = await shown.posted('attachResource');
      await shown.push({ type: 'attached', requestId, chip: { ...minutes, images: 2 } });
      await shown.page.waitForSelector('[data-test=attached-chip]');
    },
  },
  {
    name: 'mcp-message',
    messages: [
      snapshot([{ ...question, message: { ...question.message, attached } }, assistant('a', 'Two things.')]),
    ],
  },
];
