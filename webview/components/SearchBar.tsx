import type { Ref } from 'preact';
import type { Shelf } from '../../extension/shared/session.ts';
import type { SessionActions } from '../useSessionActions.ts';
import { Icon } from './Icon.tsx';
import { IconButton } from './IconButton.tsx';

export interface SearchBarProps {
  readonly field: Ref<HTMLInputElement>;
  readonly shelf: Shelf;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly actions: SessionActions;
}

/** Above the list: what to look for, and the two ways out. */
export const SearchBar = ({ field, shelf, text, onText, actions }: SearchBarProps) => {
  const label = shelf === 'deleted' ? 'Find a deleted chat by its title' : 'Search chats';
  return (
    <div class="sessions-bar">
      <div class="search-field">
        <Icon name="search" />
        {/* Not the toolkit's: it comes later than the list, and keeps its input behind a shadow root. */}
        <input
          ref={field}
          type="search"
          data-test="search"
          aria-label={label}
          placeholder={label}
          maxLength={1_000}
          spellcheck={false}
          value={text}
          onInput={(event) => onText(event.currentTarget.value)}
        />
        {text !== '' && <IconButton icon="close" label="Clear the search (Esc)" onPress={() => onText('')} />}
      </div>
      <IconButton icon="add" label="New chat" onPress={actions.startNew} />
      <IconButton icon="close" label="Close the list of chats (Esc)" onPress={actions.close} />
    </div>
  );
};
