/** What comes with a message from Telegram, as the model gets it. */
import { InputError } from '../core/agents.ts';
import { safeFileName } from '../core/fileName.ts';
import { imageKindOf } from '../core/imageFile.ts';
import { ProviderError } from '../core/provider.ts';
import type { TelegramEntry, TelegramFile } from '../core/telegramStore.ts';
import { formatBytes } from '../core/text.ts';
import { type ImageBlock, imageDataLimit, type ModelRef } from '../shared/message.ts';
import { plainTextOf } from './attachedText.ts';
import type { Attachments, BotContext, TakenFiles } from './context.ts';
import { oneLine } from './replyWords.ts';
import { SendError } from './types.ts';

/** What Telegram lets bots fetch, in bytes. */
const fetchLimit = 20 * 1024 * 1024;
/** Base64 makes four characters of three bytes. */
const imageLimit = Math.floor(imageDataLimit / 4) * 3;
/** Gemini takes 20 MB in a request, as base64. */
const voiceLimit = 14_000_000;
const textLimit = 200_000;
/** Of all text files of one message together, in characters: what is more would crowd out the chat. */
const allTextLimit = 500_000;

/** What one file becomes. */
type Taken =
  | { readonly kind: 'image'; readonly image: ImageBlock }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'note'; readonly note: string };

const note = (text: string): Taken => ({ kind: 'note', note: text });
const text = (value: string): Taken => ({ kind: 'text', text: value });

const names: Readonly<Record<TelegramFile['kind'], string>> = {
  photo: 'photo.jpg',
  voice: 'voice message',
  document: 'file',
};

/** Longer than any row of backticks in it. */
const fenced = (content: string): string => {
  let longest = 2;
  for (const [row] of content.matchAll(/`+/g)) longest = Math.max(longest, row.length);
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${content}${content.endsWith('\n') ? '' : '\n'}${fence}`;
};

export const createAttachments = (
  context: Pick<BotContext, 'courier' | 'config' | 'origin' | 'transcribe' | 'saveReceived' | 'logError'>,
): Attachments => {
  const isApprover = (userId: number): boolean =>
    context.config().allowedUsers.some((user) => user.userId === userId && user.isApprover);

  const hear = async (
    file: TelegramFile,
    entry: TelegramEntry,
    model: ModelRef,
    signal: AbortSignal,
  ): Promise<Taken> => {
    if ((file.size ?? 0) > voiceLimit) {
      return note('The voice message is too long to be transcribed. Send it in parts, or write it.');
    }
    // Hearing is paid for, too.
    const spent = await context.origin(entry.userName).checkBudget();
    if (spent !== undefined) return note(`The voice message was not transcribed. ${spent.message}`);
    const bytes = await context.courier.download(file, voiceLimit, signal);
    const words = await context.transcribe(
      { bytes, mediaType: file.mediaType ?? 'audio/ogg' },
      model,
      signal,
    );
    if (words === undefined) {
      return note(
        'The provider of this chat’s model cannot hear voice messages. Write it, or have an approver choose an agent whose model is of Google Gemini or OpenAI (/agent).',
      );
    }
    if (words.trim() === '')
      return note('Nothing could be heard in the voice message. Say it again, or write it.');
    return text(`(voice message, transcribed by machine) ${words.trim()}`);
  };

  const keep = async (name: string, file: TelegramFile, bytes: Uint8Array): Promise<Taken> => {
    const label = await context.saveReceived(name, bytes);
    const type = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.exec(file.mediaType ?? '')?.[0];
    const facts = [formatBytes(bytes.length), ...(type === undefined ? [] : [type])].join(', ');
    return text(`[A file came from Telegram and was saved in the open folder: ${label} (${facts})]`);
  };

  const takeDocument = async (
    file: TelegramFile,
    name: string,
    userId: number,
    textLeft: number,
    signal: AbortSignal,
  ): Promise<Taken> => {
    const mayKeep = isApprover(userId);
    const refused = note(
      `${name} was not taken: of others than approvers only pictures (up to ${formatBytes(imageLimit)}) and text files (up to ${formatBytes(textLimit)}) are. An approver can send it.`,
    );
    // What nobody may keep need not be fetched.
    if (!mayKeep && (file.size ?? 0) > imageLimit) return refused;
    const bytes = await context.courier.download(file, mayKeep ? fetchLimit : imageLimit, signal);
    if (bytes.length === 0) return note(`${name} is empty, so it was left out.`);
    const image = imageKindOf(bytes);
    if (image !== undefined && bytes.length <= imageLimit) {
      const data = Buffer.from(bytes).toString('base64');
      const named = file.kind === 'photo' ? {} : { name };
      return { kind: 'image', image: { type: 'image', mediaType: image.mediaType, data, ...named } };
    }
    const content = bytes.length > textLimit ? undefined : plainTextOf(bytes);
    if (content !== undefined && content.length <= textLeft) {
      return text(`[A file came from Telegram with this message: ${name}]\n${fenced(content)}`);
    }
    return mayKeep ? keep(name, file, bytes) : refused;
  };

  const reasonFor = (error: unknown): string => {
    if (error instanceof SendError || error instanceof ProviderError || error instanceof InputError) {
      return error.message;
    }
    context.logError(error);
    return 'Something went wrong inside; the log in VS Code says what. Send it again.';
  };

  const takeOne = async (
    file: TelegramFile,
    entry: TelegramEntry,
    textLeft: number,
    model: ModelRef,
    signal: AbortSignal,
  ): Promise<Taken> => {
    const name = file.name === undefined ? names[file.kind] : safeFileName(file.name);
    try {
      if ((file.size ?? 0) > fetchLimit) {
        return note(
          `${name} has ${formatBytes(file.size ?? 0)}; bots can fetch at most ${formatBytes(fetchLimit)}. Put it into the folder by another way.`,
        );
      }
      if (file.kind === 'voice') return await hear(file, entry, model, signal);
      return await takeDocument(file, name, entry.userId, textLeft, signal);
    } catch (error) {
      if (signal.aborted) return note(`${name} was left out: it was stopped before it had come.`);
      const what =
        file.kind === 'voice' ? 'The voice message could not be taken' : `${name} could not be taken`;
      return note(`${what}: ${oneLine(reasonFor(error), 500)}`);
    }
  };

  return {
    take: async (entry, model, signal): Promise<TakenFiles> => {
      const taken: Taken[] = [];
      let textLeft = allTextLimit;
      // One after the other: ten files of 20 MB at once would be much to hold.
      for (const file of entry.files) {
        const one = await takeOne(file, entry, textLeft, model, signal);
        if (one.kind === 'text') textLeft -= one.text.length;
        taken.push(one);
      }
      return {
        images: taken.flatMap((one) => (one.kind === 'image' ? [one.image] : [])),
        text: taken.flatMap((one) => (one.kind === 'text' ? [one.text] : [])).join('\n\n'),
        notes: taken.flatMap((one) => (one.kind === 'note' ? [one.note] : [])),
      };
    },
  };
};
