import assert from 'node:assert/strict';
import { house } from '../core/house.ts';
import { answers, messages, resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { server } from './mcpRig.ts';
import { skill } from './skillRig.ts';

const { createAgentCommands } = await loadWithVscode(() => import('../../extension/vscode/agentCommands.ts'));

const rig = () => {
  const { agents } = house([]);
  let refreshed = 0;
  const commands = createAgentCommands({
    agents,
    refresh: async () => {
      refreshed += 1;
    },
    skills: { list: async () => [skill('pdf'), skill('charts')] },
    mcp: {
      list: async () => [
        server('memory'),
        server('memory', { place: 'vscode', state: { kind: 'shadowed', by: 'your servers' } }),
        server('github'),
      ],
    },
    // These tests change neither chats nor models.
  } as never);
  return { agents, commands, refreshed: () => refreshed };
};

const label = 'Approval mode of its new chats';

beforeEach(resetVscode);

describe('the mode of an agent', () => {
  it('is one of the parts that can be edited', async () => {
    const { agents, commands, refreshed } = rig();
    const { execution } = await agents.get();
    answers.push('Coder', label, 'Smart');
    await commands.updateAgent();
    assert.deepEqual((await agents.get()).execution, { ...execution, mode: 'smart' });
    assert.equal(refreshed(), 1);
    assert.deepEqual(messages, []);
  });

  it('is on record before it counts', async () => {
    const { agents, store } = house([]);
    const made = await agents.create({ name: 'Writer', execution: { mode: 'smart' } });
    await agents.update(made.id, { name: 'Author' });
    await agents.update(made.id, { execution: { mode: 'ask' } });
    assert.deepEqual(
      (await store.readAudit(0, 9)).map(({ kind, title, detail, agentId }) => [kind, title, detail, agentId]),
      [
        ['mode', 'Approval mode of the agent Writer: smart', 'from ask to smart', made.id],
        ['mode', 'Approval mode of the agent Author: ask', 'from smart to ask', made.id],
      ],
    );
    store.audit = () => Promise.reject(new Error('The disk is full.'));
    await assert.rejects(agents.update(made.id, { execution: { mode: 'autopilot' } }), /The disk is full/);
    assert.equal((await agents.get(made.id)).execution.mode, 'ask');
  });

  for (const button of ['Turn On Autopilot', undefined] as const) {
    it(`is autopilot by code only after a question: ${button ?? 'Esc'}`, async () => {
      const { agents, commands } = rig();
      const { id } = await agents.get();
      answers.push(button);
      const made = await commands.createAgent({ name: 'Pilot', execution: { mode: 'autopilot' } });
      assert.equal(made?.execution.mode, button === undefined ? undefined : 'autopilot');
      answers.push(button);
      await commands.updateAgent(id, { execution: { mode: 'autopilot', turnLimit: 5 } });
      const { mode, turnLimit } = (await agents.get(id)).execution;
      assert.deepEqual([mode, turnLimit === 5], button === undefined ? ['ask', false] : ['autopilot', true]);
      assert.equal(messages.length, 2);
      // Not asked about again, nor about other changes.
      await commands.updateAgent(id, { execution: { mode: 'smart' } });
      await commands.createAgent({ name: 'Plain' });
      assert.equal(messages.length, 2);
    });
  }

  for (const [button, mode] of [
    ['Turn On Autopilot', 'autopilot'],
    [undefined, 'ask'],
  ] as const) {
    it(`becomes autopilot only after a question: ${button ?? 'Esc'}`, async () => {
      const { agents, commands } = rig();
      await agents.get();
      answers.push('Coder', label, 'Autopilot', button);
      await commands.updateAgent();
      assert.equal((await agents.get()).execution.mode, mode);
      assert.equal(messages[0]?.isModal, true);
    });
  }
});

describe('the skills of an agent', () => {
  for (const [way, more, expected] of [
    ['Only some…', [['charts']], ['charts', 'of another workspace']],
    ['Only some…', [undefined], ['pdf', 'of another workspace']],
    ['All', [], 'all'],
    ['None', [], []],
  ] as const) {
    it(`are ${way} ${JSON.stringify(more)}`, async () => {
      const { agents, commands } = rig();
      const { id } = await agents.get();
      await agents.update(id, { skills: ['pdf', 'of another workspace'] });
      answers.push('Coder', 'Skills', way, ...more);
      await commands.updateAgent();
      assert.deepEqual((await agents.get(id)).skills, expected);
    });
  }
});

describe('the MCP servers of an agent', () => {
  for (const [way, more, expected] of [
    ['Only some…', [['github']], ['github', 'of another folder']],
    ['Only some…', [undefined], ['memory', 'of another folder']],
    ['All', [], 'all'],
    ['None', [], []],
  ] as const) {
    it(`are ${way} ${JSON.stringify(more)}`, async () => {
      const { agents, commands } = rig();
      const { id } = await agents.get();
      await agents.update(id, { mcpServers: ['memory', 'of another folder'] });
      answers.push('Coder', 'MCP servers', way, ...more);
      await commands.updateAgent();
      assert.deepEqual((await agents.get(id)).mcpServers, expected);
    });
  }
});

describe('where things of an agent run', () => {
  const place = 'Where its commands and skills run';

  it('is chosen among the three', async () => {
    const { agents, commands } = rig();
    answers.push('Coder', place, 'Sandbox');
    await commands.updateAgent();
    assert.equal((await agents.get()).execution.sandbox, 'sandbox');
    assert.deepEqual(messages, []);
  });

  for (const [button, expected] of [
    ['Run Directly', 'direct'],
    [undefined, 'flexible'],
  ] as const) {
    it(`is direct only after a question: ${button ?? 'Esc'}`, async () => {
      const { agents, commands } = rig();
      const { id } = await agents.get();
      answers.push('Coder', place, 'Direct', button);
      await commands.updateAgent();
      assert.deepEqual([(await agents.get(id)).execution.sandbox, messages[0]?.isModal], [expected, true]);
      await agents.update(id, { execution: { sandbox: 'flexible' } });
      answers.push(button);
      await commands.updateAgent(id, { execution: { sandbox: 'direct' } });
      assert.deepEqual([(await agents.get(id)).execution.sandbox, messages.length], [expected, 2]);
      answers.push(button);
      const made = await commands.createAgent({ name: 'New', execution: { sandbox: 'direct' } });
      assert.equal(made?.execution.sandbox, button === undefined ? undefined : 'direct');
      // Not asked about again.
      await agents.update(id, { execution: { sandbox: 'direct' } });
      await commands.updateAgent(id, { execution: { sandbox: 'direct', cpus: 2 } });
      assert.deepEqual([(await agents.get(id)).execution.cpus, messages.length], [2, 3]);
    });
  }

  it('has a limit of memory and processors', async () => {
    const { agents, commands } = rig();
    const { id } = await agents.get();
    answers.push('Coder', 'Memory of its containers', '2048');
    await commands.updateAgent();
    answers.push('Coder', 'Processors of its containers', '0.5');
    await commands.updateAgent();
    for (const wrong of ['', 'many', '1', '1e9', '100.5']) {
      answers.push('Coder', 'Memory of its containers', wrong);
      await commands.updateAgent();
    }
    const { memoryMb, cpus } = (await agents.get(id)).execution;
    assert.deepEqual([memoryMb, cpus], [2_048, 0.5]);
  });
});
