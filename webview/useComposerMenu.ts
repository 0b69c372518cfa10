import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { McpResourceChoice } from '../extension/shared/mcp.ts';
import type { Surroundings } from '../extension/shared/protocol.ts';
import { attachPrompt, attachResource, mentionAt, promptMatches, stillFitting } from './attaching.ts';
import { typeText } from './compose.ts';
import { slashMatches } from './skills.ts';
import type { ViewState } from './state.ts';
import { useView } from './view.ts';

export interface MenuEntry {
  readonly key: string;
  /** As it would be typed: `/pdf`, `@memory:graph`. */
  readonly name: string;
  readonly hint?: string;
  readonly description: string;
  /** What Enter sends as it stands, rather than choosing it. */
  readonly isWhole: boolean;
  readonly pick: () => void;
}

export interface ComposerMenu {
  readonly label: string;
  /** Empty while the menu is closed. */
  readonly entries: readonly MenuEntry[];
  readonly index: number;
  /** @returns whether the key was used */
  readonly onKey: (event: KeyboardEvent) => boolean;
}

/** After the last key, in milliseconds. */
const typingPause = 120;

/** The list above the field: skills and prompts behind a `/`, resources of MCP servers behind an `@`. */
export const useComposerMenu = (
  text: string,
  { skills, prompts }: Surroundings,
  resources: ViewState['resources'],
  input: RefObject<HTMLTextAreaElement | null>,
): ComposerMenu => {
  const { post, update, current } = useView();
  const [position, setPosition] = useState({ text: '', index: 0 });
  /** The text at which the person closed the menu: it opens again once they type on. */
  const [closedAt, setClosedAt] = useState<string>();
  const [asked, setAsked] = useState({ requestId: '', query: '' });
  const caretAfter = useRef<number | undefined>(undefined);
  // Not kept: a state of its own would draw the field with the text before the last key.
  const caretOf = (): number => input.current?.selectionStart ?? 0;
  const mention = mentionAt(text, caretOf());
  const query = mention?.query;

  useEffect(() => {
    if (query === undefined) return;
    const timer = setTimeout(() => {
      const requestId = crypto.randomUUID();
      setAsked({ requestId, query });
      post({ type: 'findResources', requestId, text: query });
    }, typingPause);
    return () => clearTimeout(timer);
  }, [query, post]);

  // A text that is put in takes the caret to its end.
  useLayoutEffect(() => {
    const caret = caretAfter.current;
    caretAfter.current = undefined;
    if (caret !== undefined) input.current?.setSelectionRange(caret, caret);
  }, [text, input]);

  const act = ({ state, post: message }: ReturnType<typeof attachPrompt>): void => {
    update(() => state);
    post(message);
  };
  const pickResource = (choice: McpResourceChoice): void => {
    const state = current();
    const caret = caretOf();
    const found = mentionAt(state.draft.text, caret);
    const rest =
      found === undefined
        ? state.draft.text
        : state.draft.text.slice(0, found.start) + state.draft.text.slice(caret);
    caretAfter.current = found?.start;
    act(attachResource(state, choice, crypto.randomUUID(), rest));
  };
  const slashEntries = (): readonly MenuEntry[] => [
    ...(slashMatches(text, skills) ?? []).map(({ id, argumentHint, description }) => ({
      key: `skill ${id}`,
      name: `/${id}`,
      ...(argumentHint === undefined ? {} : { hint: argumentHint }),
      description,
      isWhole: text === `/${id}`,
      pick: () => update((state) => ({ ...typeText(state, `/${id} `), focusCount: state.focusCount + 1 })),
    })),
    ...promptMatches(text, prompts).map((prompt) => ({
      key: `prompt ${prompt.id}`,
      name: `/${prompt.id}`,
      ...(prompt.argumentHint === undefined ? {} : { hint: prompt.argumentHint }),
      description: prompt.description,
      isWhole: false,
      pick: () => act(attachPrompt(current(), prompt, crypto.randomUUID())),
    })),
  ];
  const mentionEntries = (): readonly MenuEntry[] =>
    resources.requestId !== asked.requestId || query === undefined
      ? []
      : stillFitting(resources.choices, asked.query, query).map((choice) => ({
          key: `${choice.server} ${choice.uri}`,
          name: `@${choice.server}:${choice.name}`,
          ...(choice.isTemplate ? { hint: choice.uri } : {}),
          description: choice.description ?? (choice.isTemplate ? '' : choice.uri),
          isWhole: false,
          pick: () => pickResource(choice),
        }));

  const entries = closedAt === text ? [] : mention === undefined ? slashEntries() : mentionEntries();
  const index = position.text === text ? Math.min(position.index, Math.max(0, entries.length - 1)) : 0;
  const onKey = (event: KeyboardEvent): boolean => {
    const chosen = entries[index];
    if (chosen === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
      return false;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) setPosition({ text, index: (index + move + entries.length) % entries.length });
    else if (event.key === 'Escape') setClosedAt(text);
    // A name that is there as a whole is sent, not chosen once more.
    else if (event.key === 'Tab' || (event.key === 'Enter' && !chosen.isWhole)) chosen.pick();
    else return false;
    return true;
  };
  return {
    label: mention === undefined ? 'Skills and prompts' : 'Resources of MCP servers',
    entries,
    index,
    onKey,
  };
};
