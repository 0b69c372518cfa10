import { useEffect, useRef } from 'preact/hooks';
import type { SlashMenuState } from '../useSlashMenu.ts';

export const slashMenuId = 'slash-menu';
export const slashItemId = (index: number): string => `${slashMenuId}-${index}`;

/** Skills by name, above the field in which the name is being typed; that keeps the focus. */
export const SlashMenu = ({ menu }: { menu: SlashMenuState }) => {
  const list = useRef<HTMLDivElement>(null);
  const { matches, index, pick } = menu;
  useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }, [index]);
  if (matches.length === 0) return null;
  return (
    <div
      ref={list}
      id={slashMenuId}
      class="slash-menu"
      role="listbox"
      aria-label="Skills"
      data-test="slash-menu"
    >
      {matches.map((choice, place) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the chosen one
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys
        <div
          key={choice.id}
          id={slashItemId(place)}
          class="slash-item"
          role="option"
          aria-selected={place === index}
          data-test="slash-item"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => pick(choice)}
        >
          <span class="slash-name">/{choice.id}</span>
          {choice.argumentHint !== undefined && <span class="slash-hint">{choice.argumentHint}</span>}
          <span class="slash-description">{choice.description}</span>
        </div>
      ))}
    </div>
  );
};
