import { StringDecoder } from 'node:string_decoder';
import { cleanOutput } from './cleanOutput.ts';

const everyMs = 100;
/** More than a card shows would only be thrown away there. */
const mostCharacters = 8_000;

/** Passes output on as it comes, but in few and bounded pieces. */
export interface LiveOutput {
  add(chunk: Buffer): void;
  finish(): void;
}

const escapeCode = String.fromCharCode(27);

/** How much of the end has to wait for what follows: a colour code or a line ending that has only half arrived. */
const unfinishedLength = (text: string): number => {
  if (text.endsWith('\r')) return 1;
  const start = text.lastIndexOf(escapeCode);
  const sequence = start === -1 ? '' : text.slice(start + 1);
  const isOpen = start !== -1 && sequence.length < 32 && /^(\[[\d;?]*)?$/.test(sequence);
  return isOpen ? text.length - start : 0;
};

export const createLiveOutput = (emit: (text: string) => void): LiveOutput => {
  const decoder = new StringDecoder('utf8');
  let waiting = '';
  let timer: NodeJS.Timeout | undefined;

  const flush = (isLast: boolean): void => {
    timer = undefined;
    const end = waiting.length - (isLast ? 0 : unfinishedLength(waiting));
    const text = cleanOutput(waiting.slice(0, end));
    waiting = waiting.slice(end);
    if (text !== '') emit(text.slice(-mostCharacters));
  };

  return {
    add: (chunk) => {
      waiting = (waiting + decoder.write(chunk)).slice(-2 * mostCharacters);
      timer ??= setTimeout(flush, everyMs, false);
    },
    finish: () => {
      clearTimeout(timer);
      waiting += decoder.end();
      flush(true);
    },
  };
};
