/** Skills that go with a message of the person's, as the model reads them. */
import type { Message, UserMessage } from '../shared/message.ts';

const withTexts = (message: UserMessage): UserMessage => {
  const { skills, ...rest } = message;
  if (skills === undefined || skills.length === 0) return message;
  return {
    ...rest,
    content: [...rest.content, ...skills.map(({ text }) => ({ type: 'text' as const, text }))],
  };
};

/** The texts of attached skills stand behind what the person wrote. Same rows, same bytes: prompt caches hit. */
export const withAttachedSkills = (messages: readonly Message[]): readonly Message[] =>
  messages.map((message) => (message.role === 'user' ? withTexts(message) : message));

/** The skill that a message begins with, as in `/pdf read the report`; undefined where it begins otherwise. */
export const namedSkill = (text: string): string | undefined =>
  /^\s*\/([a-z0-9][a-z0-9-]{0,99})(?=\s|$)/.exec(text)?.[1];
