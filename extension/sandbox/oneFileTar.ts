const blockBytes = 512;

/** Fields of a USTAR header: where each begins, and its text. */
const fieldsOf = (name: string, bytes: number): readonly (readonly [offset: number, text: string])[] => [
  [0, name],
  [100, '0000644\0'],
  [108, '0000000\0'],
  [116, '0000000\0'],
  [124, `${bytes.toString(8).padStart(11, '0')}\0`],
  [136, '00000000000\0'],
  // The checksum counts itself as spaces.
  [148, '        '],
  [156, '0'],
  [257, 'ustar\u000000'],
];

/**
 * A tar archive of one text file, of the start of 1970.
 * @param name at most 100 ASCII characters
 */
export const oneFileTar = (name: string, text: string): Buffer => {
  const content = Buffer.from(text, 'utf8');
  const header = Buffer.alloc(blockBytes);
  for (const [offset, field] of fieldsOf(name, content.length)) header.write(field, offset, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * blockBytes)]);
};
