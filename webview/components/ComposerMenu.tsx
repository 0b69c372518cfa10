import { useEffect, useRef } from 'preact/hooks';
import type { ComposerMenu as Menu } from '../useComposerMenu.ts';

export const composerMenuId = 'composer-menu';
export const menuItemId = (index: number): string => `${composerMenuId}-${index}`;

/** What could be meant, above the field in which it is being typed; that keeps the focus. */
export const ComposerMenu = ({ menu }: { menu: Menu }) => {
  const list = useRef<HTMLDivElement>(null);
  const { entries, index, label } = menu;
  useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }, [index]);
  if (entries.length === 0) return null;
  return (
    <div
      ref={list}
      id={composerMenuId}
      class="slash-menu"
      role="listbox"
      aria-label={label}
      data-test="slash-menu"
    >
      {entries.map((entry, place) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the chosen one
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys
        <div
          key={entry.key}
          id={menuItemId(place)}
          class="slash-item"
          role="option"
          aria-selected={place === index}
          data-test="slash-item"
          onMouseDown={(event) => event.preventDefault()}
          onClick={entry.pick}
        >
          <span class="slash-name">{entry.name}</span>
          {entry.hint !== undefined && <span class="slash-hint">{entry.hint}</span>}
          <span class="slash-description">{entry.description}</span>
        </div>
      ))}
    </div>
  );
};
