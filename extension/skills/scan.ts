/** Looks through the files of a skill for reasons to look. Bounded work; what was not looked at is said. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { ScanFinding } from '../core/skills.ts';
import type { SkillFile } from '../shared/skill.ts';
import { excerptOf, findInLine, hostsIn, isTellingComment } from './scanRules.ts';
import { leadsElsewhere } from './stagedTree.ts';

const mostBytesOfFile = 1_000_000;
const mostBytes = 10_000_000;
const mostFindings = 300;
/** Of one reason in one file. */
const mostOfReason = 3;
const mostHosts = 40;
/** Longer lines are looked at in pieces that overlap. */
const pieceLength = 4_000;
const overlap = 600;
/** Work between two turns of others. */
const turnMs = 20;

interface Kind {
  readonly name: string;
  /** At this place of the file. */
  readonly at: number;
  /** Latin-1. */
  readonly magic: string;
}

/** https://en.wikipedia.org/wiki/List_of_file_signatures */
const notable: readonly Kind[] = [
  { name: 'a Windows program', at: 0, magic: 'MZ' },
  { name: 'an ELF program', at: 0, magic: '\x7fELF' },
  { name: 'a macOS program', at: 0, magic: '\xcf\xfa\xed\xfe' },
  { name: 'a macOS program', at: 0, magic: '\xce\xfa\xed\xfe' },
  { name: 'a macOS program', at: 0, magic: '\xfe\xed\xfa\xce' },
  { name: 'a macOS program', at: 0, magic: '\xfe\xed\xfa\xcf' },
  { name: 'a macOS or Java program', at: 0, magic: '\xca\xfe\xba\xbe' },
  { name: 'a WebAssembly program', at: 0, magic: '\0asm' },
  { name: 'a 7z archive', at: 0, magic: '7z\xbc\xaf\x27\x1c' },
  { name: 'a RAR archive', at: 0, magic: 'Rar!\x1a\x07' },
  { name: 'a gzip archive', at: 0, magic: '\x1f\x8b' },
  { name: 'a bzip2 archive', at: 0, magic: 'BZh' },
  { name: 'an xz archive', at: 0, magic: '\xfd7zXZ\0' },
  { name: 'a zstd archive', at: 0, magic: '\x28\xb5\x2f\xfd' },
  { name: 'a tar archive', at: 257, magic: 'ustar' },
  { name: 'a database of SQLite', at: 0, magic: 'SQLite format 3\0' },
  { name: 'a Windows shortcut', at: 0, magic: 'L\0\0\0\x01\x14\x02\0' },
  { name: 'an old Office document, which may have macros', at: 0, magic: '\xd0\xcf\x11\xe0' },
];
const harmless: readonly Kind[] = [
  { name: 'png', at: 0, magic: '\x89PNG' },
  { name: 'jpeg', at: 0, magic: '\xff\xd8\xff' },
  { name: 'gif', at: 0, magic: 'GIF8' },
  { name: 'webp, wav', at: 0, magic: 'RIFF' },
  { name: 'ico', at: 0, magic: '\0\0\x01\0' },
  { name: 'pdf', at: 0, magic: '%PDF-' },
  { name: 'ttf', at: 0, magic: '\0\x01\0\0' },
  { name: 'otf', at: 0, magic: 'OTTO' },
  { name: 'ttc', at: 0, magic: 'ttcf' },
  { name: 'woff', at: 0, magic: 'wOF' },
];
const office = /\.(xlsx|docx|pptx|odt|ods|odp|epub|xltx|dotx|potx)$/i;
const officeMacros = /\.(xlsm|docm|pptm|xlam|dotm)$/i;

const has = (bytes: Buffer, { at, magic }: Kind): boolean =>
  bytes.toString('latin1', at, at + magic.length) === magic;

/**
 * What a file is, from its first bytes.
 * @returns undefined for text, and for pictures, fonts and documents that start nothing
 */
export const binaryKind = (bytes: Buffer, name: string): string | undefined => {
  if (bytes.toString('latin1', 0, 4) === 'PK\x03\x04') {
    if (officeMacros.test(name)) return 'an Office document with macros';
    return office.test(name) ? undefined : 'a zip archive';
  }
  if (bytes[2] === 0x0d && bytes[3] === 0x0a && /\.pyc$/i.test(name)) return 'a compiled Python program';
  const kind = notable.find((each) => has(bytes, each));
  // Two letters alone are also the beginning of a text.
  if (
    kind !== undefined &&
    (kind.magic.length > 2 || bytes.subarray(0, 512).includes(0) || kind.magic === '\x1f\x8b')
  ) {
    return kind.name;
  }
  if (harmless.some((each) => has(bytes, each))) return undefined;
  return bytes.subarray(0, 8_192).includes(0) && !isUtf16(bytes)
    ? 'a binary file of an unknown kind'
    : undefined;
};

const isUtf16 = (bytes: Buffer): boolean => bytes[0] === 0xff && bytes[1] === 0xfe;

const isText = (bytes: Buffer): boolean => isUtf16(bytes) || !bytes.subarray(0, 8_192).includes(0);

const textOf = (bytes: Buffer): string =>
  // Both decoders take a byte order mark away: at the beginning it is no hidden character.
  new TextDecoder(isUtf16(bytes) ? 'utf-16le' : 'utf-8').decode(bytes);

type Report = (line: number, reason: string, excerpt: string) => void;

const scanComments = (text: string, report: Report): void => {
  let line = 1;
  let counted = 0;
  for (let from = 0; ; ) {
    const start = text.indexOf('<!--', from);
    if (start < 0) return;
    const end = text.indexOf('-->', start);
    const comment = text.slice(start + 4, end < 0 ? text.length : end);
    for (; counted < start; counted += 1) if (text.charCodeAt(counted) === 10) line += 1;
    if (isTellingComment(comment.slice(0, 2_000))) {
      const words = comment.slice(0, 400).trim().replaceAll(/\s+/g, ' ');
      report(line, 'has a comment that is not shown to people who read the page', excerptOf(words, 0));
    }
    if (end < 0) return;
    from = end + 3;
  }
};

function* piecesOf(line: string): Generator<string> {
  if (line.length <= pieceLength) yield line;
  else for (let at = 0; at < line.length; at += pieceLength - overlap) yield line.slice(at, at + pieceLength);
}

const pointerLine = 'version https://git-lfs.github.com/spec/';

/** Pure but for its pauses. */
const scanText = async (text: string, name: string, hosts: Set<string>, report: Report): Promise<void> => {
  if (text.startsWith(pointerLine)) {
    report(1, 'stands for a file of Git LFS, which is not here', excerptOf(text.split('\n')[0] ?? '', 0));
    return;
  }
  if (/\.(md|markdown|html?|xml|svg)$/i.test(name)) scanComments(text, report);
  let turn = performance.now();
  let number = 0;
  for (const line of text.split(/\r\n|[\n\r]/)) {
    number += 1;
    for (const piece of piecesOf(line)) {
      for (const { at, reason } of findInLine(piece)) report(number, reason, excerptOf(piece, at));
      for (const { at, host } of hostsIn(piece)) {
        if (hosts.has(host) || hosts.size >= mostHosts) continue;
        hosts.add(host);
        report(number, `names the internet address ${host}`, excerptOf(piece, at));
      }
      if (performance.now() - turn > turnMs) {
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
    }
  }
};

/** @returns the first bytes; undefined where it is no regular file any more */
const readStart = async (file: string, most: number): Promise<Buffer | undefined> => {
  const handle = await open(
    file,
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  ).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile()) return undefined;
    const buffer = Buffer.alloc(Math.min(found.size, most));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
};

const sizeOf = (bytes: number): string => `${bytes.toLocaleString('en-US')} bytes`;

/**
 * @param folder absolute path of the skill
 * @returns by file in the given order, then by line; at most 300
 */
export const scanSkill = async (
  folder: string,
  files: readonly SkillFile[],
): Promise<readonly ScanFinding[]> => {
  const findings: ScanFinding[] = [];
  const hosts = new Set<string>();
  let bytes = 0;
  let lastFile: string | undefined;
  for (const file of files) {
    if (lastFile !== undefined) break;
    const counts = new Map<string, number>();
    const report: Report = (line, reason, excerpt) => {
      const count = (counts.get(reason) ?? 0) + 1;
      counts.set(reason, count);
      if (count > mostOfReason) return;
      if (findings.length < mostFindings - 1) findings.push({ file: file.path, line, reason, excerpt });
      else lastFile ??= file.path;
    };
    const content = leadsElsewhere(file.path)
      ? undefined
      : await readStart(path.join(folder, ...file.path.split('/')), mostBytesOfFile);
    if (content === undefined) {
      report(1, 'could not be read', '');
      continue;
    }
    const kind = binaryKind(content, file.path);
    if (kind !== undefined) report(1, `is ${kind}`, sizeOf(file.bytes));
    if (!isText(content)) continue;
    if (bytes > mostBytes) {
      report(1, 'was not looked at: there is too much text', sizeOf(file.bytes));
      continue;
    }
    bytes += content.length;
    const before = findings.length;
    await scanText(textOf(content), file.path, hosts, report);
    if (file.bytes > content.length)
      report(1, 'was looked at only in part: it is too long', sizeOf(file.bytes));
    const own = findings.splice(before).sort((a, b) => a.line - b.line);
    findings.push(...own);
  }
  // What comes behind must not go unseen in silence.
  if (lastFile !== undefined) {
    const reason =
      'was not looked at to the end, nor what follows: there are too many reasons to look already';
    findings.push({ file: lastFile, line: 1, reason, excerpt: '' });
  }
  return findings;
};
