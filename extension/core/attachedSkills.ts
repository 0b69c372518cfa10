/** Skills, and what MCP servers gave, that go with a message of the person's, as the model reads them. */
import { type Message, toolCallsOf, type UserMessage } from '../shared/message.ts';

const withTexts = (message: UserMessage): UserMessage => {
  const { skills = [], attached = [], ...rest } = message;
  const texts = [...skills, ...attached];
  if (texts.length === 0) return message;
  return {
    ...rest,
    content: [...rest.content, ...texts.map(({ text }) => ({ type: 'text' as const, text }))],
  };
};

/** The texts of what was attached stand behind what the person wrote. Same rows, same bytes: prompt caches hit. */
export const withAttachedSkills = (messages: readonly Message[]): readonly Message[] =>
  messages.map((message) => (message.role === 'user' ? withTexts(message) : message));

/** The skill that a message begins with, as in `/pdf read the report`; undefined where it begins otherwise. */
export const namedSkill = (text: string): string | undefined =>
  /^\s*\/([a-z0-9][a-z0-9-]{0,99})(?=\s|$)/.exec(text)?.[1];

/**
 * Ids of the skills whose instructions have come in since the person's last message, with it or by `use_skill`. What was
 * imported chose nothing here.
 */
export const skillsInUse = (messages: readonly Message[]): readonly string[] => {
  const start = messages.findLastIndex(({ role, taint }) => role === 'user' && taint === undefined);
  if (start === -1) return [];
  const ids = new Set<string>();
  const asked = new Map<string, string>();
  for (const message of messages.slice(start)) {
    if (message.role === 'user') {
      if (message.taint === undefined) for (const { id } of message.skills ?? []) ids.add(id);
    } else if (message.role === 'assistant') {
      if (message.taint !== undefined) continue;
      for (const { id, name, input } of toolCallsOf(message)) {
        if (name === 'use_skill' && typeof input.name === 'string') asked.set(id, input.name);
      }
    } else {
      const used = asked.get(message.callId);
      if (used !== undefined && message.outcome === 'completed') ids.add(used);
    }
  }
  return [...ids];
};
