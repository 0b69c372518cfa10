/** A piece of a reply, told apart. */
export interface Piece {
  readonly type: 'text' | 'thinking';
  readonly text: string;
}

export interface InlineThinking {
  push(text: string): readonly Piece[];
  /** At the end of the stream: what was held back because it might have become a tag. */
  flush(): readonly Piece[];
}

const opening = '<think>';
const closing = '</think>';

const piece = (type: Piece['type'], text: string): readonly Piece[] => (text === '' ? [] : [{ type, text }]);

/** How much of the end of a text may be the beginning of the tag. */
const openEnd = (text: string, tag: string): number => {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(tag.slice(0, length))) return length;
  return 0;
};

/**
 * DeepSeek-R1, Qwen and others write their thinking into the text, between `<think>` and `</think>`, where a server
 * (Ollama, LM Studio, vLLM without a reasoning parser) does not take it out. Only at the beginning of a reply: later on
 * the words may be quoted.
 */
export const inlineThinking = (): InlineThinking => {
  let state: 'start' | 'thinking' | 'gap' | 'answer' = 'start';
  let held = '';

  const push = (text: string): readonly Piece[] => {
    held += text;
    if (state === 'start') {
      const said = held.trimStart();
      if (said.length < opening.length && opening.startsWith(said)) return [];
      state = said.startsWith(opening) ? 'thinking' : 'answer';
      if (state === 'thinking') held = said.slice(opening.length);
    }
    const pieces: Piece[] = [];
    if (state === 'thinking') {
      const end = held.indexOf(closing);
      const until = end === -1 ? held.length - openEnd(held, closing) : end;
      pieces.push(...piece('thinking', held.slice(0, until)));
      held = held.slice(end === -1 ? until : end + closing.length);
      if (end === -1) return pieces;
      state = 'gap';
    }
    if (state === 'gap') {
      held = held.trimStart();
      if (held !== '') state = 'answer';
    }
    pieces.push(...piece('text', held));
    held = '';
    return pieces;
  };

  return { push, flush: () => piece(state === 'thinking' ? 'thinking' : 'text', held) };
};
