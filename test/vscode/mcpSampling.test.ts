import assert from 'node:assert/strict';
import { McpError, type McpSampling } from '../../extension/core/mcp.ts';
import { answers, messages, resetVscode, shownDocuments } from '../fakes/vscode.ts';
import { documentText, peopleRig, seat } from './mcpPeopleRig.ts';

let desk: ReturnType<typeof seat>;
/** Of a suite: hooks outside of one would run for every file. */
const atDesk = (): void => {
  beforeEach(() => {
    resetVscode();
    desk = seat();
  });
  afterEach(() => desk.restore());
};

const never = new AbortController().signal;
const request: McpSampling = {
  server: 'thinker',
  messages: [{ role: 'user', text: 'What is\u200b 1 + 1?' }],
  maxTokens: 100,
};
const given = { text: 'The answer.', model: 'flash' };

describe('answers of the model for MCP servers', () => {
  atDesk();

  it('are asked for each time, with what is sent, which model and that it costs', async () => {
    const { people } = peopleRig();
    answers.push('Allow');
    assert.deepEqual(await people.sample(request, never), given);
    const [message] = messages;
    assert.equal(message?.text, 'Let the model answer the MCP server thinker?');
    assert.match(message?.detail ?? '', /Model: gemini\/flash\. It costs .* up to 100 tokens/);
    assert.match(message?.detail ?? '', /│ What is\\u\{200B\} 1 \+ 1\?/);
    assert.deepEqual(message?.buttons, ['Review', 'Allow', 'Allow and Look at the Answer First', 'Deny']);
    assert.equal(await people.sample(request, never), undefined, 'nobody answers the next one');
  });

  it('are refused by Deny, Esc, and where nobody can answer', async () => {
    let asked = 0;
    const model = async () => {
      asked += 1;
      return '';
    };
    const { people } = peopleRig(model);
    for (const answer of ['Deny', undefined]) {
      answers.push(answer);
      assert.equal(await people.sample(request, never), undefined);
    }
    assert.equal(asked, 0);
  });

  it('can be reviewed before', async () => {
    const { people } = peopleRig();
    answers.push('Review', 'Allow');
    desk.reply('Decide…');
    const long = {
      ...request,
      systemPrompt: 'Be brief.',
      messages: [{ role: 'user' as const, text: 'y'.repeat(2_000) }],
    };
    assert.deepEqual(await people.sample(long, never), given);
    assert.ok(!messages[0]?.detail?.includes('yyy'));
    const text = await documentText(shownDocuments[0]);
    assert.ok(text.includes('│ Be brief.') && text.includes('y'.repeat(2_000)));
    answers.push('Review');
    desk.reply('Not Now');
    assert.equal(await people.sample(long, never), undefined);
  });

  it('can be looked at before they go', async () => {
    const { people } = peopleRig();
    answers.push('Allow and Look at the Answer First', 'Allow and Look at the Answer First');
    desk.reply('Show It Again', 'Send It to thinker');
    assert.deepEqual(await people.sample(request, never), given);
    assert.match(await documentText(shownDocuments[0]), /The answer\./);
    desk.reply('Do Not Send It');
    assert.equal(await people.sample(request, never), undefined);
  });

  it('that do not come are told', async () => {
    const { people, errors } = peopleRig(async () => {
      throw new McpError('This chat has spent its limit. [x](command:y)');
    });
    answers.push('Allow');
    assert.equal(await people.sample(request, never), undefined);
    assert.match(
      messages[1]?.text ?? '',
      /thinker got no answer of the model\. This chat has spent .*\[x\] \(command/,
    );
    assert.equal(errors.length, 1);
  });

  it('are not asked for once the call is over', async () => {
    let asked = 0;
    const { people } = peopleRig(async () => {
      asked += 1;
      return 'x';
    });
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    answers.push(promise);
    const waiting = people.sample(request, controller.signal);
    await new Promise(setImmediate);
    controller.abort();
    assert.equal(await waiting, undefined);
    resolve('Allow');
    await new Promise(setImmediate);
    assert.equal(asked, 0);
    assert.equal(messages.length, 1);
  });
});
