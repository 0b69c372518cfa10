/** Which skills go with what the person writes: named, chosen, or found by their triggers. Pure. */
import type { SkillChoice } from '../extension/shared/skill.ts';
import { matchTriggers } from '../extension/shared/triggers.ts';
import type { Draft } from './draft.ts';
import type { ViewState } from './state.ts';

export interface SkillChip {
  readonly id: string;
  /** Why it is here: `matched “extract table”`. */
  readonly reason: string;
  /** It goes with the message; else it is only suggested. */
  readonly isAttached: boolean;
}

/** The start of a message that names a skill, up to and with what parts it from the rest. */
const naming = /^\s*\/([a-z0-9][a-z0-9-]*)(?:\s+|$)/;

const namedIn = (text: string, choices: readonly SkillChoice[]): string | undefined => {
  const id = naming.exec(text)?.[1];
  return choices.some((choice) => choice.id === id) ? id : undefined;
};

/** What stands above the message, in the order of how sure it is. */
export const skillChips = (draft: Draft, choices: readonly SkillChoice[]): readonly SkillChip[] => {
  const { text, images, skills = [], declined = [] } = draft;
  if (choices.length === 0) return [];
  const named = namedIn(text, choices);
  const chips: SkillChip[] =
    named === undefined ? [] : [{ id: named, reason: `named by /${named}`, isAttached: true }];
  const add = (chip: SkillChip): void => {
    if (chips.every(({ id }) => id !== chip.id)) chips.push(chip);
  };
  for (const id of skills) {
    if (choices.some((choice) => choice.id === id)) add({ id, reason: 'chosen', isAttached: true });
  }
  const files = images.map(({ name }) => name);
  for (const { id, phrase, isReviewed } of matchTriggers(text, files, choices)) {
    if (!declined.includes(id)) add({ id, reason: `matched “${phrase}”`, isAttached: isReviewed });
  }
  return chips;
};

/** Ids, as they are sent. */
export const attachedSkills = (draft: Draft, choices: readonly SkillChoice[]): readonly string[] =>
  skillChips(draft, choices).flatMap(({ id, isAttached }) => (isAttached ? [id] : []));

const withDraft = (state: ViewState, draft: Draft): ViewState => ({
  ...state,
  draft,
  focusCount: state.focusCount + 1,
});

export const chooseSkill = (state: ViewState, id: string): ViewState => {
  const { draft } = state;
  const declined = (draft.declined ?? []).filter((each) => each !== id);
  return withDraft(state, { ...draft, declined, skills: [...new Set([...(draft.skills ?? []), id])] });
};

/** Takes a skill away, however it came, and its name out of the start of the text. */
export const declineSkill = (state: ViewState, id: string): ViewState => {
  const { draft } = state;
  const isNamed = naming.exec(draft.text)?.[1] === id;
  return withDraft(state, {
    ...draft,
    text: isNamed ? draft.text.replace(naming, '') : draft.text,
    skills: (draft.skills ?? []).filter((each) => each !== id),
    declined: [...new Set([...(draft.declined ?? []), id])],
  });
};

/** The skills that a name which is being typed could become; undefined where none is being typed. */
export const slashMatches = (
  text: string,
  choices: readonly SkillChoice[],
): readonly SkillChoice[] | undefined => {
  const typed = /^\/([a-z0-9-]*)$/i.exec(text)?.[1]?.toLowerCase();
  if (typed === undefined) return undefined;
  const starting = choices.filter(({ id }) => id.startsWith(typed));
  const holding = choices.filter(({ id }) => !id.startsWith(typed) && id.includes(typed));
  const found = [...starting, ...holding];
  return found.length === 0 ? undefined : found;
};
