/** Takes secrets out of what leaves. */
import type { Outgoing, Upload } from './types.ts';

export type Redact = (text: string) => string;

/** A message as it may be sent. Without `html` it is plain. */
export interface CleanMessage {
  readonly html?: string;
  readonly plain: string;
  readonly buttons?: Outgoing['buttons'];
}

const unescaped = (html: string): string =>
  html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** Tags and escapes can stand within a secret and hide it: where one is found, the message goes out without them. */
export const redactOutgoing = (message: Outgoing, redact: Redact): CleanMessage => {
  const plain = redact(message.plain);
  const source = unescaped(message.html);
  const isClean =
    plain === message.plain && redact(source) === source && redact(message.html) === message.html;
  const buttons = message.buttons?.map((row) =>
    row.map((button) => ({ ...button, text: redact(button.text) })),
  );
  return {
    plain,
    ...(isClean ? { html: message.html } : {}),
    ...(buttons === undefined ? {} : { buttons }),
  };
};

const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** Also within a document that is text. */
export const redactUpload = (file: Upload, redact: Redact): Upload => {
  const text = file.kind === 'document' ? textOf(file.bytes) : undefined;
  const clean = text === undefined ? undefined : redact(text);
  return {
    ...file,
    name: redact(file.name)
      .replaceAll(/[\p{Cc}"\\/:;]+/gu, '_')
      .toWellFormed(),
    ...(clean === undefined || clean === text ? {} : { bytes: new TextEncoder().encode(clean) }),
    ...(file.caption === undefined ? {} : { caption: redact(file.caption) }),
  };
};
