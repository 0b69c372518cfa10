import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SpacePart, StorageUse } from '../../extension/core/storageReport.ts';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import { quickDisk } from './support.ts';

export const quick = { disk: quickDisk };

export const part = (use: StorageUse, kind: SpacePart['kind']): SpacePart => {
  const found = use.parts.find((each) => each.kind === kind);
  assert.ok(found !== undefined, kind);
  return found;
};

export const age = (file: string, days: number): void => {
  const time = Date.now() / 1_000 - days * 24 * 60 * 60;
  utimesSync(file, time, time);
};

/** Writes a file that is some days old. */
export const put = (file: string, bytes: number, days = 3): void => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, 'x'.repeat(bytes));
  age(file, days);
};

export const blobs = (folder: string): readonly string[] =>
  existsSync(path.join(folder, 'blobs'))
    ? readdirSync(path.join(folder, 'blobs'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
    : [];

export const longText = (letter: string, length = blobThreshold + 1_000): string =>
  `!${letter.repeat(length - 1)}`;
