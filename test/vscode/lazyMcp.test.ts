import assert from 'node:assert/strict';
import { lazyMcp } from '../../extension/lazyMcp.ts';
import type { Agent } from '../../extension/shared/agent.ts';
import type { McpPromptChoice } from '../../extension/shared/mcp.ts';

const plan: McpPromptChoice = { server: 's', name: 'plan', id: 'mcp.s.plan', description: 'Plans' };
const agent = { mcpServers: 'all' } as Agent;

/** @param prompts of its servers */
const part = (prompts: () => Promise<readonly McpPromptChoice[]>) => {
  const errors: unknown[] = [];
  const loads: string[] = [];
  const mcp = lazyMcp({
    load: async () => {
      loads.push('load');
      // Nothing else of it is asked for here.
      return { onPromptsChanged: () => undefined, servers: { prompts } } as never;
    },
    changed: () => undefined,
    logError: (error) => errors.push(error),
    promptsWait: 20,
  });
  return { mcp, errors, loads };
};

describe('MCP prompts for the view', () => {
  it('load nothing by themselves', async () => {
    const { mcp, loads } = part(async () => [plan]);
    assert.deepEqual([await mcp.prompts(agent), loads], [[], []]);
    await mcp.get();
    assert.deepEqual(await mcp.prompts(agent), [plan]);
  });

  it('do not hold the view up where a server does not list them', async () => {
    const { mcp } = part(() => new Promise(() => undefined));
    await mcp.get();
    assert.deepEqual(await mcp.prompts(agent), []);
  });

  it('do not keep the view from being drawn where they cannot be read', async () => {
    const { mcp, errors } = part(async () => assert.fail('broken'));
    await mcp.get();
    assert.deepEqual(await mcp.prompts(agent), []);
    assert.equal(errors.length, 1);
  });
});
