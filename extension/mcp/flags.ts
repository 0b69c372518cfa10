/** Reasons to look twice at what a server says of itself. Noisy on purpose, and never a verdict. Pure. */
import { toolPolicies } from '../core/ruleMatch.ts';
import type { McpToolDefinition } from '../shared/mcp.ts';
import type { JsonValue } from '../shared/message.ts';
import { hasHidden, nameLine } from './plainText.ts';

/** Characters that are looked at. */
const mostText = 200_000;
const longDescription = 4_000;
const mostNames = 5;

interface Pattern {
  readonly flag: string;
  readonly pattern: RegExp;
}

/** A tool that a description may speak of although it is not the server's own. */
export interface OtherTool {
  readonly server: string;
  readonly name: string;
}

const hidden: readonly Pattern[] = [
  { flag: 'has tag characters, in which text can be hidden', pattern: /[\u{e0000}-\u{e007f}]/u },
  { flag: 'has characters that turn text around', pattern: /\p{Bidi_Control}/u },
  { flag: 'has control characters', pattern: /[^\P{Cc}\n\r\t]/u },
];

/** Bounded or disjoint repeats only: hostile text must not cost more than long text. */
const orders: readonly Pattern[] = [
  {
    flag: 'tells the model to ignore what it was told',
    pattern:
      /\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:previous|prior|above|earlier|other|all|any|system|your)\b.{0,30}\b(?:instruction|prompt|rule|message|guideline|direction)s?\b/is,
  },
  {
    flag: 'tells the model to keep something from the person',
    pattern:
      /\b(?:do not|don['’]t|never|must not|without|avoid)\b.{0,20}\b(?:tell|telling|inform|informing|mention|mentioning|reveal|revealing|notify|notifying|show|showing|alert|alerting)\b.{0,30}\b(?:users?|person|people|human|them|him|her|anyone)\b/is,
  },
  {
    flag: 'wants something done before or instead of other tools',
    pattern:
      /\b(?:before|prior to|instead of|whenever|each time|every time|when)\b.{0,20}\b(?:using|calling|running|invoking|use|call|run|invoke)\b.{0,15}\b(?:any|all|other|another|every|each)\b.{0,15}\btools?\b/is,
  },
  {
    flag: 'has marks of orders to the model',
    pattern:
      /<\/?\s*(?:important|system|instructions?|secret|assistant|admin|critical|hidden|s|user_query)\s*>|\[(?:INST|SYSTEM)\]|<\|(?:im_start|system|user|assistant)/i,
  },
  {
    flag: 'speaks to the model as if it were its owner',
    pattern:
      /\b(?:you must (?:always|first|never)|you are now|new instructions?:|system prompt|from now on,? you)\b/i,
  },
  {
    flag: 'asks for secrets',
    pattern:
      /\.ssh\b|\bid_(?:rsa|ed25519)\b|\.aws\/credentials|\.env\b(?!\w)|\bprivate key\b|\bseed phrase\b|\bmcp\.json\b|\b(?:read|send|pass|include|provide|contents? of|your|user'?s)\b.{0,40}\b(?:passwords?|credentials?|api[ _-]?keys?|access tokens?|secret keys?)\b/is,
  },
  {
    flag: 'wants the conversation passed on',
    pattern:
      /\b(?:entire|full|whole|complete|all)\b.{0,20}\b(?:conversation|chat history|message history|context window|chat)\b/is,
  },
];

const matching = (patterns: readonly Pattern[], text: string): readonly string[] =>
  patterns.filter(({ pattern }) => pattern.test(text)).map(({ flag }) => flag);

/** What can be seen, as it is read: without what is hidden, letters in one form. */
const readable = (text: string): string =>
  text.normalize('NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');

/** Every text in it, names of properties too. */
const textsOf = (value: JsonValue): string => {
  const texts: string[] = [];
  let length = 0;
  const open: JsonValue[] = [value];
  const add = (text: string): void => {
    texts.push(text);
    length += text.length;
  };
  for (let next = open.pop(); next !== undefined && length < mostText; next = open.pop()) {
    if (typeof next === 'string') add(next);
    else if (Array.isArray(next)) for (const each of next) open.push(each);
    else if (typeof next === 'object' && next !== null) {
      for (const [name, each] of Object.entries(next)) {
        add(name);
        open.push(each);
      }
    }
  }
  return texts.join('\n');
};

/** A name that is a word of everyday language says nothing where it stands in a sentence. */
const isTelling = (name: string): boolean => name.length >= 5 && /[_\-.\d]|\p{Ll}\p{Lu}/u.test(name);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

const names = (text: string, name: string): boolean =>
  isTelling(name) &&
  text.includes(name) &&
  new RegExp(`(?<![\\p{L}\\p{N}_-])${escaped(name)}(?![\\p{L}\\p{N}_-])`, 'u').test(text);

const shadowing = (text: string, others: readonly OtherTool[]): readonly string[] => {
  const builtIn = Object.keys(toolPolicies).filter((name) => names(text, name));
  const foreign = others.filter(({ name }) => names(text, name));
  const list = (found: readonly string[]): string =>
    [...found.slice(0, mostNames), ...(found.length > mostNames ? ['…'] : [])].join(', ');
  return [
    ...(builtIn.length === 0 ? [] : [`speaks of tools that are not its own: ${list(builtIn)}`]),
    ...(foreign.length === 0
      ? []
      : [
          `speaks of tools of other servers: ${list(
            foreign.map(({ name, server }) => `${nameLine(name, 80)} (${nameLine(server, 60)})`),
          )}`,
        ]),
  ];
};

const flagsOfText = (given: string, others: readonly OtherTool[]): readonly string[] => {
  const text = given.slice(0, mostText);
  const read = readable(text);
  return [
    ...matching(hidden, text),
    ...(hasHidden(text) ? ['has characters that cannot be seen'] : []),
    ...matching(orders, read),
    ...shadowing(read, others),
    ...(given.length > mostText ? ['is too long to be looked through to its end'] : []),
  ];
};

/**
 * @param others tools of the other servers
 * @returns short phrases for people, each after the name of the tool: `asks for secrets`
 */
export const flagsOf = (
  { name, title, description, inputSchema, outputSchema }: Omit<McpToolDefinition, 'hash' | 'hints'>,
  others: readonly OtherTool[],
): readonly string[] => {
  const schemas = textsOf([inputSchema, ...(outputSchema === undefined ? [] : [outputSchema])]);
  const all = [name, title ?? '', description, schemas].join('\n');
  const same = others.filter((other) => other.name === name).map(({ server }) => nameLine(server, 60));
  const isBuiltIn = Object.hasOwn(toolPolicies, name);
  return [
    ...flagsOfText(
      all,
      others.filter((other) => other.name !== name),
    ).filter(
      // Its own name stands in its text.
      (flag) => flag !== `speaks of tools that are not its own: ${name}`,
    ),
    ...(isBuiltIn ? ['is called as a built-in tool'] : []),
    ...(same.length === 0 ? [] : [`is called as a tool of ${same.slice(0, mostNames).join(', ')}`]),
    ...(description.length > longDescription ? ['has a very long description'] : []),
  ];
};

/** As `flagsOf`, of the instructions of a server. */
export const instructionFlags = (text: string, others: readonly OtherTool[]): readonly string[] => [
  ...flagsOfText(text, others),
  ...(text.length > longDescription ? ['are very long'] : []),
];
