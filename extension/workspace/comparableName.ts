/**
 * A file name as the most forgiving file system would compare it. APFS and NTFS ignore case, HFS+ also ignores some
 * invisible characters (`.g\u200cit` opens `.git`, CVE-2014-9390), and Windows drops dots and spaces at the end.
 */
export const comparableName = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .replace(/[. ]+$/, '');

/** The parts of a `/`-separated path, comparable. */
export const comparableParts = (label: string): readonly string[] =>
  label
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map(comparableName);
