/** Which links of a model's answer lead anywhere, and where. Everything else is shown as plain text. */
export type LinkTarget =
  | { readonly kind: 'link'; readonly href: string }
  | { readonly kind: 'file'; readonly path: string; readonly line?: number };

const longest = 4_000;

/** Splits `src/date.ts:12:3`, `src/date.ts#L12` and `src/date.ts:12-20` into path and line. */
const withLine = (text: string): LinkTarget => {
  const match = /^(.+?)(?::(\d{1,7})(?:[:-]\d+)*|#L(\d{1,7})(?:C\d+)?(?:-L?\d+(?:C\d+)?)?)$/.exec(text);
  const path = match?.[1] ?? text;
  const line = Number(match?.[2] ?? match?.[3] ?? 0);
  return line > 0 ? { kind: 'file', path, line } : { kind: 'file', path };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign in a file name is not an escape.
    return text;
  }
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to refuse
const controlCharacters = /[\u0000-\u001f\u007f]/;

/** @returns undefined for every scheme that is not http, https, mailto or a file. */
export const classifyLink = (href: string): LinkTarget | undefined => {
  const text = href.trim();
  if (text === '' || text.length > longest || text.startsWith('#') || controlCharacters.test(text)) return;
  if (/^(?:https?:\/\/|mailto:)/i.test(text)) {
    return URL.canParse(text) ? { kind: 'link', href: text } : undefined;
  }
  if (/^file:\/\//i.test(text)) {
    // file://server/share would make the host reach for another machine.
    const path = /^file:\/\/(\/.*)$/i.exec(text)?.[1];
    return path === undefined ? undefined : withLine(decoded(path).replace(/^\/([A-Za-z]:)/, '$1'));
  }
  if (text.startsWith('//') || text.startsWith('\\\\')) return;
  const isDrivePath = /^[A-Za-z]:[\\/]/.test(text);
  // `date.ts:12` is a file with a line; `javascript:alert(1)` and `command:x` are not.
  const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) && !/^[^:]*\.[A-Za-z0-9]+:\d/.test(text);
  if (hasScheme && !isDrivePath) return;
  return withLine(decoded(text));
};

const fileExtensions = new Set(
  (
    'ts tsx mts cts js jsx mjs cjs json jsonc json5 md mdx txt css scss sass less html htm vue svelte astro py pyi ipynb ' +
    'rb go rs java kt kts scala swift c h cc cpp cxx hpp hh m mm cs fs vb php pl lua r jl dart ex exs erl hs ml clj sh ' +
    'bash zsh fish ps1 bat cmd sql graphql gql proto yaml yml toml ini cfg conf env xml svg png jpg jpeg gif webp pdf ' +
    'csv tsv log lock gradle cmake tf diff patch'
  ).split(' '),
);

/** Product names that look like files. */
const notFiles = /^(?:Node|Next|Nuxt|Vue|Express|Three|D3|Chart|Ember|Backbone|Alpine|Deno|Bun)\.js$/i;

/** Whether a piece of inline code names a file, as in `src/date.ts` or `date.ts:12`. */
export const isFileReference = (code: string): boolean => {
  const match =
    /^((?:[\w.@~+-]+[\\/])*[\w.@+-]*\.([A-Za-z][A-Za-z0-9]*))(?::\d+(?:[:-]\d+)*|#L\d+(?:-L?\d+)?)?$/.exec(
      code,
    );
  const extension = match?.[2];
  return extension !== undefined && fileExtensions.has(extension.toLowerCase()) && !notFiles.test(code);
};
