/** Words of others, made harmless to show: nothing in them can pass for what we say about them. */

/** Controls, separators, text direction, and what cannot be seen at all: they could make a text look like another one. */
const hidden = /[^\P{Cc}\n\t]|[\u2028\u2029]|\p{Default_Ignorable_Code_Point}/gu;

const escapeOf = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`;

/** With escapes for what could not be seen. Joiners and selectors inside of pictures and scripts are shown so too. */
export const visibleText = (text: string): string => text.replace(hidden, escapeOf);

/** As `visibleText`, on one line. */
export const oneLine = (text: string): string => visibleText(text.replaceAll(/\s+/g, ' ').trim());

/** Every line marked, so that none can be taken for ours. */
export const markedLines = (text: string): string => visibleText(text).replaceAll(/^/gm, '│ ');

/** A Markdown code block that its text cannot end. */
export const fencedBlock = (text: string, language = ''): string => {
  const runs = text.match(/`+/g) ?? [];
  const fence = '`'.repeat(runs.reduce((longest, run) => Math.max(longest, run.length + 1), 3));
  return `${fence}${language}\n${text.replace(/(?<!\n)\n+$/, '')}\n${fence}`;
};

/** The value of an attribute in quotes. */
export const attributeText = (text: string): string =>
  oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

/** The tags between which words of others stand in what models read. */
export const materialTags = [
  'skill_content',
  'skill_file',
  'mcp_instructions',
  'mcp_resource',
  'mcp_prompt',
] as const;
export type MaterialTag = (typeof materialTags)[number];

/** A word with what cannot be seen between its letters. */
const loosely = (word: string): string => [...word].join('\\p{Default_Ignorable_Code_Point}*');

/** Any tag that is called as ours are, however it is written: models read over what cannot be seen. */
const ourTags = new RegExp(
  `<(?=[\\s/\\p{Default_Ignorable_Code_Point}]*(?:${materialTags.map(loosely).join('|')}))`,
  'giu',
);

/** Material between tags that it cannot close, and of which it cannot open another. */
export const taggedText = (
  tag: MaterialTag,
  attributes: Readonly<Record<string, string>>,
  text: string,
): string => {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${attributeText(value)}"`);
  return `<${tag}${written.join('')}>\n${text.replaceAll(ourTags, '&lt;')}\n</${tag}>`;
};
