/** Names of servers, as they stand in configuration files. */
import { hasHidden } from './visibleText.ts';

const mostCharacters = 100;

/** @returns what is wrong with it, for the person who wrote it; undefined: it can be used */
export const serverNameProblem = (name: string): string | undefined => {
  if (name === '') return 'a server needs a name';
  if ([...name].length > mostCharacters) {
    return `the name of a server has at most ${mostCharacters} characters`;
  }
  if (name !== name.trim()) return 'the name of a server must not begin or end with a space';
  if (hasHidden(name)) return 'the name of a server must not have characters that cannot be seen';
  // Objects of every program that reads the file would lose it.
  return name === '__proto__' ? '`__proto__` cannot be the name of a server' : undefined;
};
