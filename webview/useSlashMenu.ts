import { useState } from 'preact/hooks';
import type { SkillChoice } from '../extension/shared/skill.ts';
import { typeText } from './compose.ts';
import { slashMatches } from './skills.ts';
import { useView } from './view.ts';

export interface SlashMenuState {
  /** Empty while the menu is closed. */
  readonly matches: readonly SkillChoice[];
  readonly index: number;
  /** @returns whether the key was used */
  readonly onKey: (event: KeyboardEvent) => boolean;
  readonly pick: (choice: SkillChoice) => void;
}

/** The list of skills while a message begins with `/` and part of a name. */
export const useSlashMenu = (text: string, choices: readonly SkillChoice[]): SlashMenuState => {
  const { update } = useView();
  const [position, setPosition] = useState({ text: '', index: 0 });
  /** The text at which the person closed the menu: it opens again once they type on. */
  const [closedAt, setClosedAt] = useState<string>();
  const matches = closedAt === text ? [] : (slashMatches(text, choices) ?? []);
  const index = position.text === text ? Math.min(position.index, matches.length - 1) : 0;

  const pick = ({ id }: SkillChoice): void => {
    update((state) => ({ ...typeText(state, `/${id} `), focusCount: state.focusCount + 1 }));
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const chosen = matches[index];
    if (chosen === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
      return false;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) setPosition({ text, index: (index + move + matches.length) % matches.length });
    else if (event.key === 'Escape') setClosedAt(text);
    // A name that is there as a whole is sent, not chosen once more.
    else if (event.key === 'Tab' || (event.key === 'Enter' && text !== `/${chosen.id}`)) pick(chosen);
    else return false;
    return true;
  };
  return { matches, index, onKey, pick };
};
