import {
  type ChatCompletionRequest,
  type ChatMessage,
  type FixtureResponse,
  LLMock,
} from '@copilotkit/aimock';

/** Begins with `scripted-`, by which the product knows a demo and says so wherever the model is named. */
export const demoModel = 'scripted-demo';

const buggy = `  const result = new Date(date);
  result.setUTCMonth(result.getUTCMonth() + months);
  return result;`;

const fixed = `  const day = date.getUTCDate();
  const result = new Date(date);
  result.setUTCDate(1);
  result.setUTCMonth(result.getUTCMonth() + months);
  result.setUTCDate(Math.min(day, daysInMonth(result.getUTCFullYear(), result.getUTCMonth())));
  return result;`;

/** The calls of the scripted job, in order, for the sample folder. */
export const scriptedCalls = {
  read: { name: 'read_file', input: { path: 'src/dates.js' } },
  edit: { name: 'edit_file', input: { path: 'src/dates.js', edits: [{ old_text: buggy, new_text: fixed }] } },
  run: { name: 'run_command', input: { command: 'npm test' } },
} as const;

/** A text that only the last reply of the job has. */
export const scriptedEnding = 'The 31st now becomes the last day of a shorter month';

const textOf = (message: ChatMessage | undefined): string => {
  const content = message?.content ?? '';
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
};

const call = (text: string, { name, input }: { name: string; input: object }): FixtureResponse => ({
  content: text,
  toolCalls: [{ name, arguments: JSON.stringify(input) }],
});

const say = (content: string): FixtureResponse => ({ content });

const afterRun = (output: string): FixtureResponse => {
  if (/\bfail [1-9]/.test(output)) {
    return say(
      'The command ended with failing tests; its output is in the step above. This script has no further step: set a key to go on with a real model.',
    );
  }
  return say(
    `${scriptedEnding}, and all tests pass.

**What was wrong.** \`setUTCMonth\` keeps the day, and 31 February rolls over into March:

\`\`\`js
addMonths(new Date('2026-01-31'), 1) // was 2026-03-03, is 2026-02-28
\`\`\`

**What changed.** In \`src/dates.js\`, \`addMonths\` goes to the first of the month before it adds, then takes the smaller of the day and \`daysInMonth\`.

| | before | after |
|---|---|---|
| 31 January + 1 month | 3 March | 28 February |
| 31 January + 3 months | 1 May | 30 April |

This was a scripted demo. Set a key to work with a real model.`,
  );
};

/** What the scripted model says next; a pure function of the conversation so far, whatever the person wrote. */
export const scriptedReply = (request: ChatCompletionRequest): FixtureResponse => {
  const { messages } = request;
  const lastQuestion = messages.findLastIndex((message) => message.role === 'user');
  const results = messages.slice(lastQuestion).filter((message) => message.role === 'tool');
  const last = textOf(results.at(-1));

  if (messages.slice(0, Math.max(lastQuestion, 0)).some((message) => message.role === 'user')) {
    return say(
      'This is the end of the script: it knows one job, and you have seen it. Start a new chat to see it again, or set a key to work with a real model.',
    );
  }
  if (/rejected this step/.test(last)) {
    return say(
      'You rejected that step, so it was not run and nothing was changed by it. A real model would read your reason and go on from there; this script ends here.',
    );
  }
  switch (results.length) {
    case 0:
      return call(
        'I am a script that plays one job, so that you can see how this works. The tests complain about dates at the end of the month; I look at the helper first.',
        scriptedCalls.read,
      );
    case 1:
      return call(
        'Here it is: `setUTCMonth` keeps the day, so 31 January plus a month is 31 February, which becomes 3 March. I limit the day to the length of the new month.',
        scriptedCalls.edit,
      );
    case 2:
      return /nothing was changed|not found|does not exist/i.test(last)
        ? say(`The edit could not be made: ${last}\n\nThis script ends here.`)
        : call('Now the tests.', scriptedCalls.run);
    default:
      return afterRun(last);
  }
};

/**
 * Serves the script in every wire format: `<url>/v1` speaks OpenAI's, `<url>` Gemini's and Anthropic's.
 * @param tokensPerSecond how fast it streams.
 */
export const startDemoModel = async (tokensPerSecond = 60): Promise<LLMock> => {
  const model = new LLMock({ port: 0, host: '127.0.0.1' });
  const streamingProfile = { ttft: 300, tps: tokensPerSecond };
  // The first because the models endpoint lists the models that fixtures name; the second for every other name.
  model.on({ model: demoModel, endpoint: 'chat' }, scriptedReply, { chunkSize: 5, streamingProfile });
  model.on({ predicate: () => true, endpoint: 'chat' }, scriptedReply, { chunkSize: 5, streamingProfile });
  await model.start();
  return model;
};
