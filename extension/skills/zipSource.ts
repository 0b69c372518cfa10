/** A zip file as the source of skills. Nothing that its headers say is believed; what comes out is counted. */
import { stat } from 'node:fs/promises';
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from 'yauzl';
import { reasonOf } from '../core/reasonOf.ts';
import { SkillInstallError } from '../core/skills.ts';
import {
  isLeftOut,
  megabytes,
  pathProblem,
  refusal,
  type StagedTree,
  shownName,
  type TreeBounds,
  treeBounds,
} from './stagedTree.ts';

/** Unpacked to packed. Text reaches 20, tables of the same numbers 100; deflate ends at about 1,000. */
const largestRatio = 200;
/** A small file may be as regular as it likes. */
const ratioFreeBytes = 1_000_000;

/** Of the system that packed it, when that was a Unix: the upper half of the attributes is its file mode. */
const unixMode = (entry: Entry): number => {
  const host = entry.versionMadeBy >>> 8;
  // 3: Unix, 19: macOS
  return host === 3 || host === 19 ? entry.externalFileAttributes >>> 16 : 0;
};
const typeOfMode = (mode: number): number => mode & 0o170000;

async function* unpack(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Uint8Array> {
  const stream = await zip.openReadStreamPromise(entry);
  const most = Math.max(ratioFreeBytes, entry.compressedSize * largestRatio);
  let bytes = 0;
  for await (const chunk of stream) {
    // Without an encoding set, the stream has buffers only.
    if (!Buffer.isBuffer(chunk)) throw new TypeError('not bytes');
    bytes += chunk.length;
    if (bytes > most) {
      throw refusal(
        `The zip file looks like a trap: "${shownName(name)}" unpacks to more than ${largestRatio} times its size.`,
      );
    }
    yield chunk;
  }
}

const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

const nameOf = (entry: Entry): string =>
  // Strict: else it turns backslashes into slashes.
  getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);

const unpackEntry = async (zip: ZipFile, entry: Entry, tree: StagedTree): Promise<void> => {
  const name = nameOf(entry);
  const type = typeOfMode(unixMode(entry));
  if (type === 0o120000) {
    throw refusal(
      `The zip file has a symbolic link, "${shownName(name)}"; a skill must consist of plain files.`,
    );
  }
  if (type !== 0 && type !== 0o100000 && type !== 0o040000) {
    throw refusal(`The zip file has "${shownName(name)}", which is neither a file nor a folder.`);
  }
  const isFolder = name.endsWith('/') || type === 0o040000;
  const plain = isFolder ? name.replace(/\/$/, '') : name;
  const problem = pathProblem(plain);
  if (problem !== undefined) {
    throw refusal(`The zip file has a file whose name ${problem}: "${shownName(plain)}".`);
  }
  if (isFolder || isLeftOut(plain)) return;
  if (entry.isEncrypted())
    throw refusal(`The zip file is encrypted ("${shownName(name)}"). Unpack it and install the folder.`);
  if (!entry.canDecodeFileData()) {
    throw refusal(
      `The zip file packs "${shownName(name)}" in a way that is not supported. Unpack it and install the folder.`,
    );
  }
  await tree.add(plain, unpack(zip, entry, plain), (unixMode(entry) & 0o111) !== 0);
};

/**
 * Unpacks a zip file. Entries that are not plain files, and names that are unsafe, refuse all of it.
 * @param file absolute path
 * @throws SkillInstallError; the signal's reason when aborted
 */
export const unpackZip = async (
  file: string,
  tree: StagedTree,
  signal: AbortSignal,
  bounds: TreeBounds = treeBounds,
): Promise<void> => {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw refusal(`There is no file ${file}.`);
  if (!found.isFile()) throw refusal(`${file} is not a file.`);
  if (found.size > bounds.packedBytes) {
    throw refusal(
      `The zip file has ${megabytes(found.size)}; more than ${megabytes(bounds.packedBytes)} are not taken.`,
    );
  }
  signal.throwIfAborted();
  const damaged = (error: unknown): SkillInstallError =>
    refusal(`The zip file cannot be read: ${reasonOf(error)}.`);
  const zip = await openPromise(file, { decodeStrings: false, autoClose: false }).catch((error: unknown) => {
    throw damaged(error);
  });
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      await unpackEntry(zip, entry, tree);
    }
  } catch (error) {
    // What the disk says is not about the zip file.
    if (error instanceof SkillInstallError || signal.aborted || isOfSystem(error)) throw error;
    throw damaged(error);
  } finally {
    zip.close();
  }
};
