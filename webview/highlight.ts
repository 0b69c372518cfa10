import { useEffect, useState } from 'preact/hooks';
import { sanitiseHighlighted } from './inline.ts';

type Highlight = (code: string, language: string) => string | undefined;

let loaded: Highlight | undefined;
let loading: Promise<void> | undefined;

const load = (): Promise<void> => {
  loading ??= import('./languages.ts').then(
    (module) => {
      loaded = module.highlight;
    },
    () => {
      // Code without colours is still code; the next block asks again.
      loading = undefined;
    },
  );
  return loading;
};

/** Longer code stays plain: colours are not worth a frozen view. */
const highlightLimit = 100_000;

interface Highlighted {
  readonly html: string;
  /** The beginning of the code that `html` stands for. */
  readonly code: string;
}

const plain: Highlighted = { html: '', code: '' };

/** While code streams, it is coloured again only after it grew by a quarter: the whole costs a few times its length. */
const isDue = (done: number, length: number): boolean => length - done >= Math.max(200, done / 4);

/**
 * The highlighted beginning of `code`; the rest is to be shown plain. Works in idle time, so
 * that opening a chat with many blocks never blocks.
 */
export const useHighlighted = (code: string, language: string, isStreaming: boolean): Highlighted => {
  const [done, setDone] = useState<Highlighted>(plain);
  useEffect(() => {
    if (language === '' || code.length > highlightLimit) return;
    const isWanted = isStreaming ? isDue(done.code.length, code.length) : done.code !== code;
    if (!isWanted) return;
    let cancelled = false;
    const run = () => {
      if (cancelled || loaded === undefined) return;
      // Up to a line's end: half a line of a stream is often coloured wrongly.
      const end = isStreaming ? code.lastIndexOf('\n') + 1 : code.length;
      const beginning = code.slice(0, end);
      const html = loaded(beginning, language);
      if (html !== undefined) setDone({ html: sanitiseHighlighted(html), code: beginning });
    };
    let idle = 0;
    void load().then(() => {
      if (!cancelled) idle = requestIdleCallback(run, { timeout: 300 });
    });
    return () => {
      cancelled = true;
      cancelIdleCallback(idle);
    };
  }, [code, language, isStreaming, done.code]);
  return code.startsWith(done.code) ? done : plain;
};
