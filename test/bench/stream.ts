import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame } from 'playwright-core';
import { startRig } from '../e2e/rig.ts';
import { openaiCompatibleWire as wire } from '../providers/wires/openaiCompatible.ts';
import { ModelBytes } from '../support/modelBytes.ts';
import { until } from '../support/workbench.ts';
import { type Figure, milliseconds, sampled } from './figure.ts';

const wordCount = 2_000;
const wordsPerSecond = 100;
const goal = 100;

/** The n-th word, with the Markdown around it: prose, a list and a block of code in turns. */
const word = (n: number): string => {
  const inPart = n % 200;
  if (inPart === 100) return '\n\n```ts\nw100;'.replace('100', String(n));
  if (inPart > 100 && inPart < 140) return inPart % 8 === 0 ? `\nconst w${n} = 'w${n}';` : ` f(w${n});`;
  if (inPart === 140) return `\n\`\`\`\n\nw${n}`;
  if (inPart > 140 && inPart % 10 === 0) return `\n- **w${n}**`;
  return inPart % 50 === 0 ? `\n\nw${n}` : ` w${n}`;
};

/** The reply as its server-sent events; those of the words in order, and what is before and after them. */
const reply = (): { before: string[]; words: string[]; after: string[] } => {
  const text = Array.from({ length: wordCount }, (_, n) => word(n));
  const events = wire
    .sse({ text, usage: { input: 1_000, cached: 0, output: wordCount, reasoning: 0 } })
    .split(/(?<=\n\n)/);
  const first = events.findIndex((each) => each.includes('w0"'));
  const after = events.slice(first + wordCount);
  return { before: events.slice(0, first), words: events.slice(first, first + wordCount), after };
};

/** Plays the reply at its pace, keeping to the clock, and notes when each word was written. */
async function* play(sentAt: number[]): AsyncGenerator<string, void> {
  const { before, words, after } = reply();
  yield before.join('');
  const began = performance.now();
  for (const [n, each] of words.entries()) {
    const early = began + (n * 1_000) / wordsPerSecond - performance.now();
    if (early > 0) await sleep(early);
    sentAt.push(Date.now());
    yield each;
  }
  yield after.join('');
}

interface Seen {
  /** Time of day in milliseconds. */
  readonly at: number;
  /** Answers in the chat. */
  readonly answers: number;
  /** The last one's last word; -1 before there is one. */
  readonly word: number;
}

/** Runs in the webview: notes, in each animation frame in which it changed, what is shown last. */
const watch = (): void => {
  const seen: Seen[] = [];
  Object.assign(window, { benchSeen: seen });
  const look = (): void => {
    const every = document.querySelectorAll('[data-test=assistant]');
    const end = [...every].at(-1)?.textContent?.slice(-200) ?? '';
    const word = Number(end.match(/w\d+/g)?.at(-1)?.slice(1) ?? -1);
    const last = seen.at(-1);
    if (word !== last?.word || every.length !== last.answers) {
      seen.push({ at: Date.now(), answers: every.length, word });
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
};

/** When each word of an answer was first shown. */
const shownTimes = async (frame: Frame, answer: number): Promise<readonly number[]> => {
  const seen = await frame.evaluate(() => Reflect.get(window, 'benchSeen') as Seen[]); // `watch` put it there.
  const times: number[] = [];
  for (const { at, answers, word } of seen) {
    while (answers === answer && times.length <= word) times.push(at);
  }
  return times;
};

export const measureStream = async (): Promise<readonly Figure[]> => {
  const model = await ModelBytes.start();
  const sentAt: number[] = [];
  const { before, words, after } = reply();
  model.reply({ chunks: play(sentAt) }, { chunks: [[...before, ...words, ...after].join('')] });
  const rig = await startRig({
    model: { url: model.url, stop: () => model[Symbol.asyncDispose]() },
    settings: {
      'anycowork.defaultModel': 'openaiCompatible/bench',
      'anycowork.openaiCompatible.baseUrl': wire.baseUrl(model.url),
    },
  });
  try {
    const frame = await rig.workbench.openView();
    await frame.evaluate(watch);
    const shown = (answer: number, timeout?: number): Promise<readonly number[]> =>
      until(
        'the end of the answer',
        async () => {
          const times = await shownTimes(frame, answer);
          const isWorking = await frame.locator('[data-test=stop]').isVisible();
          return times.length === wordCount && !isWorking && times;
        },
        timeout,
      );
    await rig.send('Write at length.');
    const shownAt = await shown(1, (wordCount / wordsPerSecond) * 3_000);
    const lags = shownAt.map((at, n) => at - (sentAt[n] ?? Number.NaN));
    await rig.send('And again.');
    const fastAt = (await shown(2)).at(-1) ?? Number.NaN;
    const fastEnd = performance.timeOrigin + (model.requests.at(-1)?.repliedAt ?? Number.NaN);
    return [
      sampled('stream lag at 100 words/s, p95', lags, { goal, pick: 'p95' }),
      sampled('stream lag at 100 words/s, max', lags, { pick: 'max' }),
      milliseconds('stream lag of the last word', lags.at(-1) ?? Number.NaN, goal),
      milliseconds('2,000 words at full speed: model end to all shown', fastAt - fastEnd),
    ];
  } finally {
    await rig.stop();
  }
};
