/** Changes of a configuration file: what is not touched stays as it is, comments too. */
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { applyEdits, createScanner, type FormattingOptions, modify } from 'jsonc-parser';
import { McpError } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { JsonObject } from '../shared/message.ts';
import { serverKeys, withoutMark } from './configFile.ts';
import { fieldsOf, type JsonNode, jsonOf, NodeProblem, parseJsonc, propertiesOf } from './configNodes.ts';
import { isMissing, readSmallFile } from './configRead.ts';
import { replaceFile } from './replaceFile.ts';

/** Kinds of tokens of the scanner: its enum cannot be imported as a value. */
const comma = 5;
const endOfFile = 17;

const formattingOf = (text: string): FormattingOptions => {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : Math.min(indent.length, 8),
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
};

const childOf = (node: JsonNode | undefined, name: string): JsonNode | undefined =>
  node?.type === 'object' ? fieldsOf(node).get(name) : undefined;

const isSame = (node: JsonNode, value: JsonObject): boolean =>
  isDeepStrictEqual(jsonOf(node), JSON.parse(JSON.stringify(value)));

/** Where an entry of this name stands, or where a new one belongs. */
const keyFor = (root: JsonNode | undefined, name: string): (typeof serverKeys)[number] => {
  const holding = serverKeys.find((key) => childOf(childOf(root, key), name) !== undefined);
  if (holding !== undefined) return holding;
  return serverKeys.find((key) => childOf(root, key)?.type === 'object') ?? 'servers';
};

/**
 * @param text without a byte order mark
 * @throws NodeProblem where it is not JSON
 */
export const withEntry = (
  text: string,
  name: string,
  entry: JsonObject,
  inputs: readonly JsonObject[] = [],
): string => {
  const formattingOptions = formattingOf(text);
  const root = parseJsonc(text);
  if (root !== undefined && root.type !== 'object') {
    throw new NodeProblem(root.offset, 'it has to be an object with `servers`');
  }
  const key = keyFor(root, name);
  let changed = text;
  const set = (at: (string | number)[], value: unknown): void => {
    changed = applyEdits(changed, modify(changed, at, value, { formattingOptions }));
  };
  // What has another form is no place to put something into.
  for (const holder of [key, 'inputs']) {
    const node = childOf(root, holder);
    const type = holder === 'inputs' ? 'array' : 'object';
    if (
      node !== undefined &&
      node.type !== 'null' &&
      node.type !== type &&
      (holder === key || inputs.length > 0)
    ) {
      throw new NodeProblem(
        node.offset,
        `\`${holder}\` has to be ${type === 'array' ? 'a list' : 'an object'}`,
      );
    }
  }
  for (const input of inputs) {
    const list = childOf(parseJsonc(changed), 'inputs');
    const items = list?.type === 'array' ? (list.children ?? []) : undefined;
    const known = items?.findIndex((item) => {
      const id = childOf(item, 'id');
      return id !== undefined && jsonOf(id) === input.id;
    });
    const same = known === undefined ? undefined : items?.[known];
    if (same !== undefined && isSame(same, input)) continue;
    if (items === undefined) set(['inputs'], [input]);
    else set(['inputs', known === undefined || known < 0 ? items.length : known], input);
  }
  const present = childOf(childOf(root, key), name);
  if (present !== undefined && isSame(present, entry)) return changed;
  if (childOf(root, key)?.type === 'object') set([key, name], entry);
  else set([key], Object.fromEntries([[name, entry]]));
  return changed;
};

/** The comma that is the next token, whatever comments stand in front of it. */
const nextComma = (text: string, from: number): number | undefined => {
  const scanner = createScanner(text, true);
  scanner.setPosition(from);
  const kind: number = scanner.scan();
  return kind === comma ? scanner.getTokenOffset() : undefined;
};

/** The comma between two offsets that is not inside of a comment. */
const commaBetween = (text: string, from: number, to: number): number | undefined => {
  const scanner = createScanner(text, true);
  scanner.setPosition(from);
  for (;;) {
    const kind: number = scanner.scan();
    if (kind === endOfFile || scanner.getTokenOffset() >= to) return undefined;
    if (kind === comma) return scanner.getTokenOffset();
  }
};

/**
 * @returns undefined where there is no such entry
 * @throws NodeProblem where it is not JSON
 */
export const withoutEntry = (text: string, name: string): string | undefined => {
  const root = parseJsonc(text);
  const holder = serverKeys
    .map((key) => childOf(root, key))
    .find((node) => childOf(node, name) !== undefined);
  if (holder === undefined) return undefined;
  const properties = propertiesOf(holder);
  const index = properties.findLastIndex((property) => property.name === name);
  const property = properties[index];
  if (property === undefined) return undefined;
  const end = property.offset + property.node.length;
  const behind = nextComma(text, end);
  const previous = properties[index - 1];
  const before =
    behind === undefined && previous !== undefined
      ? commaBetween(text, previous.offset + previous.node.length, property.offset)
      : undefined;
  const without = (from: string, at: number | undefined): string =>
    at === undefined ? from : from.slice(0, at) + from.slice(at + 1);
  // From the end on: offsets in front stay.
  const tail = without(text.slice(end), behind === undefined ? undefined : behind - end);
  const lineStart = text.lastIndexOf('\n', property.offset - 1) + 1;
  // A line that would be left empty goes too.
  const lineEnd = /^[ \t]*\r?\n/.exec(tail);
  const isAlone = /^[ \t]*$/.test(text.slice(lineStart, property.offset)) && lineEnd !== null;
  const head = text.slice(0, isAlone ? lineStart : property.offset);
  return without(head, before) + (isAlone ? tail.slice(lineEnd[0].length) : tail);
};

/** Of a link the file it leads to, there or not: the link stays. */
const targetOf = async (file: string): Promise<string> => {
  try {
    return await realpath(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const isLink = (await lstat(file).catch(() => undefined))?.isSymbolicLink() === true;
  return isLink ? path.resolve(path.dirname(file), await readlink(file)) : file;
};

/** The part of a path that is there, without links. */
const realPart = async (file: string): Promise<string> => {
  try {
    return await realpath(file);
  } catch (error) {
    if (!isMissing(error) || path.dirname(file) === file) throw error;
    return realPart(path.dirname(file));
  }
};

/** A link of a repository must not lead a change out of it. @throws McpError */
const checkInside = async (target: string, folder: string): Promise<void> => {
  const [found, root] = await Promise.all([realPart(target), realpath(folder)]);
  if (found === root || found.startsWith(root + path.sep)) return;
  throw new McpError(
    `${target} is a link that leads out of ${folder}. Nothing was changed: change it there, or take the link away.`,
  );
};

/** @param mode of a new file; that of one that is there stays */
const writeTarget = async (
  file: string,
  text: string,
  { mode, folder }: Pick<FileChange, 'mode' | 'folder'>,
): Promise<void> => {
  const target = await targetOf(file);
  if (folder !== undefined) await checkInside(target, folder);
  const found = await stat(target).catch(() => undefined);
  const isKept = found !== undefined && mode !== 0o600;
  await replaceFile(target, text, { mode, ...(isKept ? { exactMode: found.mode & 0o777 } : {}) });
};

export interface FileChange {
  readonly file: string;
  /** Of a new file. 0o600 is kept to for one that is there, too. */
  readonly mode: number;
  /** What the file has to lie in, links followed. Absolute. */
  readonly folder?: string;
  /** @param text without a byte order mark; empty for a missing file */
  change(text: string): string;
  /** What has to be in the changed file: a change that spoils it is not written. */
  holds(root: JsonNode | undefined): boolean;
}

/** @throws McpError: the file is as it was */
export const changeConfigFile = async ({ file, mode, folder, change, holds }: FileChange): Promise<void> => {
  try {
    const bytes = await readSmallFile(file);
    // A byte that is no UTF-8 would not come back as it was.
    const whole =
      bytes === undefined ? '' : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const text = withoutMark(whole);
    const changed = change(text);
    if (!holds(parseJsonc(changed))) throw new Error('the change would spoil it');
    if (changed !== text)
      await writeTarget(file, whole.slice(0, whole.length - text.length) + changed, {
        mode,
        ...(folder === undefined ? {} : { folder }),
      });
  } catch (error) {
    if (error instanceof McpError) throw error;
    throw new McpError(
      `${file} cannot be changed: ${reasonOf(error)}. The file was left as it is; correct it, then try again.`,
    );
  }
};

/** Whether an entry stands in the file, as it was given. */
export const holdsEntry = (root: JsonNode | undefined, name: string, entry: JsonObject): boolean =>
  serverKeys.some((key) => {
    const node = childOf(childOf(root, key), name);
    return node !== undefined && isSame(node, entry);
  });

export const holdsName = (root: JsonNode | undefined, name: string): boolean =>
  serverKeys.some((key) => childOf(childOf(root, key), name) !== undefined);
