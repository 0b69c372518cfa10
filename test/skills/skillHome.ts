import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SkillRecord, SkillRecords } from '../../extension/core/skills.ts';
import type { SkillSource } from '../../extension/shared/skill.ts';
import { createSkillCatalog } from '../../extension/skills/catalog.ts';

/** Records that live as long as a test. */
const memoryRecords = (): SkillRecords & { tell(): void } => {
  const kept = new Map<string, SkillRecord>();
  const listeners = new Set<() => void>();
  const key = ({ place, folder }: SkillSource, name: string): string =>
    place === 'bundled' ? `bundled:${name}` : `${place}:${folder}`;
  const empty: SkillRecord = { isDisabled: false, grants: {} };
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  return {
    get: async (source, name) => kept.get(key(source, name)) ?? empty,
    change: async (source, name, change) => {
      kept.set(key(source, name), change(kept.get(key(source, name)) ?? empty));
      tell();
    },
    forget: async (source, name) => {
      kept.delete(key(source, name));
      tell();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell,
  };
};

export const markdownSkill = (name: string, description = `Does ${name}.`): string =>
  `---\nname: ${name}\ndescription: ${description}\n---\n# ${name}\n`;

/** A home folder, an open folder and a storage with skills in them, and the catalogue over all that. */
export const makeSkillHome = async () => {
  const top = await realpath(await mkdtemp(path.join(tmpdir(), 'skills-')));
  const watched = new Map<string, () => void>();
  const errors: string[] = [];
  const records = memoryRecords();
  const state = { isTrusted: true, roots: [path.join(top, 'work')] };
  const catalog = createSkillCatalog({
    bundled: path.join(top, 'bundled'),
    installed: path.join(top, 'storage/installed'),
    home: path.join(top, 'home'),
    roots: () => state.roots,
    isTrusted: () => state.isTrusted,
    records,
    watch: (folder, onChange) => {
      watched.set(folder, onChange);
      return { dispose: () => watched.delete(folder) };
    },
    logError: (message) => errors.push(message),
    settleMs: 1,
  });
  return {
    top,
    catalog,
    records,
    watched,
    errors,
    state,
    put: async (file: string, content: string | Uint8Array): Promise<void> => {
      await mkdir(path.dirname(path.join(top, file)), { recursive: true });
      await writeFile(path.join(top, file), content);
    },
    /** As the watcher of the editor would. */
    tellChange: (below: string): void => {
      for (const [folder, onChange] of watched) if (path.join(top, below).startsWith(folder)) onChange();
    },
    close: async (): Promise<void> => {
      catalog.close();
      await rm(top, { recursive: true, force: true });
    },
  };
};

export type SkillHome = Awaited<ReturnType<typeof makeSkillHome>>;
