/** Names of files as strangers give them, made harmless. Pure. */

/** UTF-16 units. */
const lengthLimit = 100;
/** File systems count bytes, most to 255; some are left for what tells two files of one name apart. */
const byteLimit = 200;
const endingLimit = 20;

const hidden = /\p{Cc}|\p{Cs}|[\u2028\u2029]|\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}/gu;
/** What Windows has no names with, and what a shell acts upon even between double quotes. */
const taken = /[<>:"|?*$`]/g;
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])(?=\.|$)/i;

/** From the left, as far as both limits allow; no letter is torn. */
const cut = (text: string, length: number, bytes: number): string => {
  let kept = '';
  let size = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    size += new TextEncoder().encode(segment).length;
    if (kept.length + segment.length > length || size > bytes) break;
    kept += segment;
  }
  return kept;
};

const trimEnd = (text: string): string => text.replace(/[. ]+$/, '');

/**
 * One part of a path that every system takes and that shows all it holds: no folders, no hidden file, no option of a
 * command, at most 100 characters. The ending is kept.
 * @returns `file` where nothing is left
 */
export const safeFileName = (given: string): string => {
  const last = given.split(/[/\\]/).at(-1) ?? '';
  const clean = trimEnd(
    last
      .toWellFormed()
      .normalize('NFC')
      .replaceAll(/\s+/g, ' ')
      .replaceAll(hidden, '')
      .replaceAll(taken, '_')
      .replace(/^[. -]+/, ''),
  );
  const dot = clean.lastIndexOf('.');
  const ending = dot > 0 && clean.length - dot <= endingLimit ? clean.slice(dot) : '';
  const stem = ending === '' ? clean : clean.slice(0, dot);
  const room = byteLimit - new TextEncoder().encode(ending).length;
  // A reserved name gets one more character.
  const short = trimEnd(cut(stem, lengthLimit - 1 - ending.length, room));
  const name = `${short}${ending}`;
  if (short === '') return ending === '' ? 'file' : `file${ending}`;
  return reserved.test(name) ? `_${name}` : name;
};
