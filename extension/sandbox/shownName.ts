const most = 200;

/** A name or path that a program chose, for people and models: one line, not endless. */
export const shownName = (name: string): string => {
  const line = name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\uFFFD');
  return line.length > most ? `${line.slice(0, most / 2)}…${line.slice(-most / 2)}` : line;
};
