/** The sentences of a conversation that are not about a job itself. Pure. */

import type { TelegramEntry } from '../core/telegramStore.ts';
import { counted } from '../core/text.ts';
import { note, oneLine, outgoing, stopButton } from './replyWords.ts';
import { plainSpan } from './richText.ts';
import type { Button, Outgoing } from './types.ts';

export const sentence = (text: string, buttons?: Outgoing['buttons']): Outgoing =>
  outgoing([plainSpan(text)], buttons);

/** What a message says, with what came right behind it. */
export const textOfEntry = ({ text, joined = [] }: TelegramEntry): string =>
  [text, ...joined.map((each) => each.text)].filter((each) => each !== '').join('\n');

/** Without text and files it asks the chat to go on. */
export const isGoOn = (entry: TelegramEntry): boolean =>
  entry.files.length === 0 && textOfEntry(entry).trim() === '';

/** As the chat shows who sent it. */
export const whoSent = ({ userId, userName }: TelegramEntry): string =>
  userId === 0 ? userName : `${userName}, on Telegram`;

const preview = (entry: TelegramEntry): string =>
  oneLine(textOfEntry(entry), 80) || counted(entry.files.length, 'file');

const button = (text: string, data: string, style?: Button['style']): Button => ({
  text,
  data,
  ...(style === undefined ? {} : { style }),
});

export const queuedText = (ahead: number, updateId: number): Outgoing =>
  sentence(`Queued, ${ahead} ahead.`, [[stopButton, button('Send now', `q1:now:${updateId}`, 'primary')]]);

const listed = 10;

/** @param entries oldest first */
export const askLateText = (entries: readonly TelegramEntry[]): Outgoing => {
  const more = entries.length - listed;
  const lines = entries.slice(0, listed).map((entry) => `• ${preview(entry)}`);
  const rest = more > 0 ? `\n… and ${more} more` : '';
  const isOne = entries.length === 1;
  return note(
    `${counted(entries.length, 'message')} waited while I could not be reached.`,
    `${lines.join('\n')}${rest}\n${isOne ? 'Does it still count?' : 'Do they still count?'}`,
    [[button(isOne ? 'Answer it' : 'Answer them', 'q1:yes', 'primary'), button('Drop', 'q1:no', 'danger')]],
  );
};

export const announceText = (count: number): Outgoing =>
  sentence(`${counted(count, 'message')} waited while I could not be reached. I answer now.`);

export const interruptedText = (entry: TelegramEntry): Outgoing =>
  note(
    'The window was closed while I was working on this.',
    `${preview(entry)}\nWhat was done so far was kept. Should I go on?`,
    [
      [
        button('Continue', `q1:on:${entry.updateId}`, 'primary'),
        button('Drop', `q1:drop:${entry.updateId}`, 'danger'),
      ],
    ],
  );

export const unsureText = ({ updateId }: TelegramEntry): Outgoing =>
  note(
    'The answer was being sent when the connection or the window ended.',
    'If it is not below, I show it.',
    [[button('Show it', `q1:show:${updateId}`, 'primary'), button('It is there', `q1:ok:${updateId}`)]],
  );

export const refusedText = (): Outgoing =>
  sentence('Telegram refused a part of the answer. All of it is in the chat in VS Code.');

export const editedText = (updateId: number): Outgoing =>
  sentence('I have read the message as it was.', [
    [button('Answer the new text', `q1:edit:${updateId}`, 'primary')],
  ]);

export const goingOnText = (): Outgoing =>
  sentence('The window was closed while I was working; going on.', [[stopButton]]);

export const elsewhereText = (): Outgoing =>
  sentence('This is being worked on in another window of VS Code. I answer when it is done.', [[stopButton]]);

export const deskText = (): Outgoing =>
  sentence('Somebody works in this chat in VS Code at the moment. Your message comes next.', [[stopButton]]);

export const tryingText = (reason: string): Outgoing =>
  sentence(`It did not work yet: ${oneLine(reason, 300)} I try again soon.`, [[stopButton]]);

export const givenUpText = (reason: string): Outgoing =>
  sentence(
    `It did not work: ${oneLine(reason, 300)} Your message was kept, and I take it up when the bot starts next.`,
  );

export const silentText = (): Outgoing =>
  sentence('Nothing new for five minutes; the agent is still at it. /status says at what, /stop ends it.');

export const rateText = (limit: number): Outgoing =>
  sentence(
    `You have sent ${counted(limit, 'message')} within an hour, which is the most that this bot works on. This one was not taken. Send it again later, or have the limit raised in VS Code.`,
  );

export const nothingInItText = (): Outgoing =>
  sentence('There is nothing in this message that I can read. Text, pictures, files and voice work.');
