/** Files that chats are exported to. */
import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';

/** Names that Windows keeps for devices, whatever their ending. */
const deviceNames = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;

/** File systems count bytes, and an ending is still to come; eCryptfs has room for 143 of the 255 that others have. */
const byteLimit = 120;

const cutToBytes = (text: string, limit: number): string => {
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > limit) break;
    kept += character;
  }
  return kept;
};

/** A chat's title as a file name that every file system takes, without an ending. */
export const fileNameOf = (title: string, fallback = 'chat'): string => {
  const clean = title
    .toWellFormed()
    .normalize('NFC')
    // Controls, what cannot be seen, and what turns the direction of writing.
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll(/[<>:"/\\|?*]/g, ' ')
    .replaceAll(/\s+/g, ' ');
  // A leading dot hides a file; Windows drops trailing dots and spaces.
  const name = cutToBytes(clean.replace(/^[\s.]+/, ''), byteLimit).replace(/[\s.]+$/, '');
  if (name === '') return fallback;
  return deviceNames.test(name) ? `${name} chat`.replace(/^([^.]*)\.(.*)$/, '$1 $2') : name;
};

/** Adds a number to a name that was given before, where upper and lower case may be the same. */
export const uniqueNames = (): ((name: string) => string) => {
  const taken = new Set<string>();
  return (name) => {
    let unique = name;
    for (let number = 2; taken.has(unique.toLowerCase()); number += 1) unique = `${name} (${number})`;
    taken.add(unique.toLowerCase());
    return unique;
  };
};

const temporaryName = (): string => `.anycowork-${randomBytes(8).toString('hex')}.tmp`;

/** Whoever reads the file sees what it was, or all of the text. @throws the file system's error; nothing was changed then */
export const writeWhole = async (target: vscode.Uri, text: string): Promise<void> => {
  if (target.scheme !== 'file') {
    const temporary = vscode.Uri.joinPath(target, '..', temporaryName());
    try {
      await vscode.workspace.fs.writeFile(temporary, Buffer.from(text, 'utf8'));
      await vscode.workspace.fs.rename(temporary, target, { overwrite: true });
    } catch (error) {
      await Promise.resolve(vscode.workspace.fs.delete(temporary)).catch(() => undefined);
      throw error;
    }
    return;
  }
  const temporary = path.join(path.dirname(target.fsPath), temporaryName());
  const handle = await open(temporary, 'wx');
  try {
    try {
      await handle.writeFile(text, 'utf8');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target.fsPath);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
};
