/** Pure: reasons to look at a line of a skill. They are noisy on purpose and never a verdict. */

export interface LineFinding {
  /** Where it begins in the line, in UTF-16 units. */
  readonly at: number;
  readonly reason: string;
}

interface LineRule {
  readonly reason: string;
  readonly pattern: RegExp;
}

const shells = '(?:sudo\\s+(?:-\\S+\\s+)*)?(?:env\\s+)?(?:/\\S*/)?(?:ba|z|k|da|fi)?sh\\b';
const programs = '(?:sudo\\s+)?(?:python[\\d.]*|node|perl|ruby|php|osascript|pwsh|powershell)\\b';
const downloads = '(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod)\\b';

/** Every pattern is made of bounded or disjoint repeats: hostile lines must not cost more than long ones. */
const lineRules: readonly LineRule[] = [
  {
    reason: 'pipes a download into a program',
    pattern: new RegExp(
      `\\b${downloads}[^|\\n]{0,500}\\|\\s*(?:${shells}|${programs}|iex\\b|invoke-expression\\b)`,
      'i',
    ),
  },
  {
    reason: 'pipes a download into a program',
    pattern: new RegExp(
      `(?:(?:\\b(?:ba|z|k)?sh|\\bsource|(?:^|\\s)\\.)\\s+<\\(|\\b(?:eval|sh\\s+-c)\\s+["']?(?:\\$\\(|\`)\\s*${downloads}|\\b(?:iex|invoke-expression)\\b)`,
      'i',
    ),
  },
  {
    reason: 'runs text as a program',
    pattern:
      /\beval\s*\(|(?<![.\w])exec\s*\(|\bnew\s+Function\s*\(|\bmarshal\.loads\b|\bpickle\.loads?\b|base64\s+(?:-d|-D|--decode)\b[^|\n]{0,200}\|\s*(?:ba|z)?sh\b/,
  },
  {
    reason: 'starts other programs through a shell',
    pattern: /\bos\.(?:system|popen)\s*\(|\bshell\s*=\s*True\b|\bchild_process\b|\bexecSync\s*\(/,
  },
  {
    reason: 'installs or runs packages from the internet',
    pattern:
      /\bnpx\s+(?:-y|--yes)\b|\b(?:pnpm|yarn)\s+dlx\b|\b(?:bunx|uvx|pipx)\s+\S|\bpip[\d.]*\s+install\b|\b(?:npm|pnpm)\s+(?:install|i|add)\b|\bbrew\s+install\b|\bapt(?:-get)?\s+(?:-y\s+)?install\b|\b(?:gem|cargo|go)\s+install\b/i,
  },
  {
    reason: 'has a long block of encoded data',
    pattern: /[A-Za-z0-9+/_-]{240,}={0,2}|(?:\\x[0-9a-f]{2}){40,}|(?:\\u[0-9a-f]{4}){40,}/i,
  },
  {
    reason: 'names places where secrets are kept',
    pattern:
      /\.ssh\b|\bid_(?:rsa|dsa|ecdsa|ed25519)\b|\.aws\b|\.gnupg\b|\.netrc\b|\.npmrc\b|\.pypirc\b|\.kube\/config|\.docker\/config|\.git-credentials\b|(?<![\w.$)\]])\.env(?![\w-])(?!\.example|\.sample)|\/etc\/(?:shadow|passwd)\b|\bkeychain\b|find-(?:generic|internet)-password|\bwallet(?:\.dat|s?\/)|\bLogin Data\b|\bcookies\.sqlite\b|\b169\.254\.169\.254\b|\bmetadata\.google\.internal\b|docker\.sock\b/i,
  },
  {
    reason: 'names settings of agents, editors or shells',
    pattern:
      /\.claude\/|\bCLAUDE\.md\b|\bAGENTS\.md\b|\bGEMINI\.md\b|\.cursor(?:\/|rules\b)|\.vscode\/|\.mcp\.json\b|\bmcp\.json\b|copilot-instructions\.md|\.anycowork\/|\.git\/hooks|\bcore\.hooksPath\b|\.(?:bashrc|zshrc|bash_profile|profile|zprofile)\b|\bcrontab\b|\blaunchctl\b|\bauthorized_keys\b|\bLaunchAgents\b|\bsystemctl\s+(?:--user\s+)?enable\b|\bschtasks\b/i,
  },
  {
    reason: 'opens an archive with a password',
    pattern:
      /\bunzip\s+(?:-\w+\s+){0,5}-P\s*\S|\b7za?\s+[ex]\s[^\n]{0,200}-p\S|\bpassword[- ]?protected\s+(?:archive|zip|rar|7z)\b|\b(?:zip|archive|rar|7z)\b[^\n]{0,60}\bpassword\s*(?:is|:|=|-?protected)/i,
  },
  {
    reason: 'tells the model to hide something or to drop its rules',
    pattern:
      /\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+)?(?:your\s+|the\s+)?(?:previous|prior|earlier|above|system)\s+(?:instructions?|rules?|prompts?|messages?)|\b(?:do\s+not|don['’]t|never)\s+(?:tell|inform|mention|show|reveal|ask)\b[^\n.]{0,40}\b(?:user|person|human)\b|\bwithout\s+(?:telling|asking|informing)\s+the\s+(?:user|person)\b/i,
  },
];

const bidi = /[\u{202a}-\u{202e}\u{2066}-\u{2069}\u{200e}\u{200f}\u{061c}]/u;
// Flags of regions are written with tags behind a black flag; joiners and selectors belong to pictures in text.
const tags = /(?<!\u{1f3f4}[\u{e0000}-\u{e007f}]{0,8})[\u{e0000}-\u{e007f}]|[\u{e0100}-\u{e01ef}]/u;
const invisible =
  /\u{034f}|\u{17b4}|\u{17b5}|[\u{180b}-\u{180d}]|[\u{00ad}\u{115f}\u{1160}\u{180e}\u{200b}\u{200c}\u{2060}-\u{2064}\u{206a}-\u{206f}\u{3164}\u{feff}\u{ffa0}]|(?<!\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u{fe0f})\u{200d}/u;

const characterRules: readonly LineRule[] = [
  { reason: 'has characters that turn the direction of text', pattern: bidi },
  { reason: 'has invisible characters that can carry hidden text', pattern: tags },
  { reason: 'has invisible characters', pattern: invisible },
];

/** Findings of one line, each reason once. @param line of bounded length */
export const findInLine = (line: string): readonly LineFinding[] => {
  const found = new Map<string, LineFinding>();
  for (const { reason, pattern } of [...characterRules, ...lineRules]) {
    const at = found.has(reason) ? -1 : line.search(pattern);
    if (at >= 0) found.set(reason, { at, reason });
  }
  return [...found.values()];
};

/** Examples and names of formats, which nobody connects to. */
const knownHosts =
  /^(?:localhost|127\.[\d.]+|0\.0\.0\.0|(?:www\.)?w3\.org|schemas\.[\w.-]+|json-schema\.org|(?:[\w-]+\.)*example(?:\.(?:com|org|net))?)$/;

/** Hosts of addresses in a line. */
export const hostsIn = (line: string): readonly { readonly at: number; readonly host: string }[] =>
  [
    ...line.matchAll(
      /\b(?:https?|ftp|wss?):\/\/(?:[^\s/@"'<>]{1,200}@)?([A-Za-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])/gi,
    ),
  ].flatMap((match) => {
    const host = (match[1] ?? '').toLowerCase().replace(/\.+$/, '');
    return host === '' || knownHosts.test(host) ? [] : [{ at: match.index, host }];
  });

/** Comments of tools, which everybody may leave out of sight. */
const harmlessComment =
  /^\s*(?:prettier|eslint|markdownlint|toc\b|\/?toc\s*$|doctoc|vale|omit|more|spdx|copyright|license)/i;

/** Whether what stands in an HTML comment could be an instruction: people who see the page do not see it. */
export const isTellingComment = (comment: string): boolean =>
  !harmlessComment.test(comment) && (comment.match(/\p{L}{2,}/gu)?.length ?? 0) >= 4;

/** A piece of a line around a place, at most `length` long, with what cannot be seen written as `\u{…}`. */
export const excerptOf = (line: string, at: number, length = 160): string => {
  const from = Math.max(0, Math.min(at - length / 4, line.length - length));
  const piece = line.slice(from, from + length);
  const shown = piece
    .toWellFormed()
    .replaceAll(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\u{115f}\u{1160}\u{3164}\u{ffa0}]|\u{034f}|\u{17b4}|\u{17b5}|[\u{180b}-\u{180d}]|[\u{e0100}-\u{e01ef}]/gu,
      (character) => (character === '\t' ? ' ' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`),
    )
    .trim();
  return `${from > 0 ? '…' : ''}${shown}${from + length < line.length ? '…' : ''}`;
};
