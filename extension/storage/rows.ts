import type { Row } from './sqlite.ts';

/** What an SQLite text can hold whole: sql.js reads no further than a NUL, and UTF-8 has no half surrogate pairs. */
export const plain = (value: string): string => value.toWellFormed().replaceAll('\0', '');

export const text = (row: Row, column: string): string => {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`Column ${column} is not a text`);
  return value;
};

export const integer = (row: Row, column: string): number => {
  const value = row[column];
  if (typeof value !== 'number') throw new Error(`Column ${column} is not a number`);
  return value;
};

export const textOrNone = (row: Row, column: string): string | undefined =>
  row[column] === null ? undefined : text(row, column);

export const integerOrNone = (row: Row, column: string): number | undefined =>
  row[column] === null ? undefined : integer(row, column);
