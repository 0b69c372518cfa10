/** Links, tables, fences or headings: what would be harder to read as it stands. */
const signs = /\]\((?:https?|file):|^\|.*\|\s*$|^```|^#{1,6} /m;

/** Whether a text is meant to be drawn; plain output keeps its lines as they are. */
export const isMarkdown = (text: string): boolean => signs.test(text);
