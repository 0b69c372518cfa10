/** Every skill of this window: found, read, judged, and looked after while files change. */
import path from 'node:path';
import type { SkillCatalog, SkillRecord, SkillRecords } from '../core/skills.ts';
import type { LoadedSkill, Skill, SkillPlace, SkillSource, SkillState } from '../shared/skill.ts';
import { findSkillFolders, type SkillLocation, skillLocations } from './locations.ts';
import { labelOfOrigin } from './originText.ts';
import { nameFrom } from './skillFields.ts';
import { descriptionFilesOf } from './skillFile.ts';
import { readSkillFolder, type SkillFolder } from './skillFolder.ts';
import { skillIds } from './skillIds.ts';

export interface CatalogPorts {
  /** Absolute path of the skills that come with the product; absent: none do. */
  readonly bundled: string | undefined;
  /** Absolute path: what is installed lies in folders below it. */
  readonly installed: string;
  readonly home: string;
  /** Absolute paths of the open folders. Call `refresh` when they or the trust change. */
  roots(): readonly string[];
  isTrusted(): boolean;
  readonly records: SkillRecords;
  /** Tells of every change below a folder, which need not exist yet. */
  watch(folder: string, onChange: () => void): { dispose(): void };
  logError(message: string, error?: unknown): void;
  /** Milliseconds from a change to the next look; others may follow. */
  readonly settleMs?: number;
}

interface FoundSkill {
  readonly location: SkillLocation;
  readonly folder: string;
}

const skillsAtOnce = 16;

/** Of a skill without problems that the person has not turned off. */
const reviewState = (place: SkillPlace, hash: string, { reviewedHash }: SkillRecord): SkillState => {
  if (place === 'bundled' || reviewedHash === hash) return 'ready';
  // Nothing is installed without a review: another hash, or a record that is gone, needs a new one.
  return place === 'installed' || reviewedHash !== undefined ? 'changed' : 'unreviewed';
};

/** Stands for a skill that cannot be read, so that it can be shown. */
const brokenSkill = (folder: string, format: Skill['format']): Skill => ({
  name: nameFrom(path.basename(folder)) || 'skill',
  description: '',
  format,
  triggers: [],
  entries: [],
  mode: 'flexible',
  requiresSandbox: false,
  sandbox: {},
  isForAgents: false,
  isForPeople: false,
  body: '',
});

const emptyRecord: SkillRecord = { isDisabled: false, grants: {} };

const formatOf = ({ skill, files }: SkillFolder): Skill['format'] => {
  if (skill !== undefined) return skill.format;
  const { markdown, yaml } = descriptionFilesOf(files.map((file) => file.path));
  return markdown === undefined && yaml !== undefined ? 'skill.yaml' : 'SKILL.md';
};

/** Equal for skills that nobody could tell apart. What the files say follows from their hash. */
const signatureOf = (skills: readonly LoadedSkill[]): string =>
  JSON.stringify(
    skills.map(({ id, source, hash, state, problems, grants, lastRun }) => [
      id,
      source,
      hash,
      state,
      problems,
      grants,
      lastRun,
    ]),
  );

export const createSkillCatalog = (ports: CatalogPorts): SkillCatalog => {
  const { records, logError, settleMs = 200 } = ports;
  const listeners = new Set<() => void>();
  const watchers = new Map<string, { dispose(): void }>();
  let read = new Map<string, SkillFolder>();
  let listing: Promise<readonly LoadedSkill[]> | undefined;
  let lastLoad: Promise<unknown> = Promise.resolve();
  let signature: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;
  let isClosed = false;
  /** Counts how often everything had to be read anew. */
  let generation = 0;

  const watchAll = (folders: ReadonlySet<string>): void => {
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.dispose();
      watchers.delete(folder);
    }
    if (isClosed) return;
    for (const folder of folders) {
      if (!watchers.has(folder)) watchers.set(folder, ports.watch(folder, changed));
    }
  };

  const findAll = async (): Promise<readonly FoundSkill[]> => {
    const locations = skillLocations({ ...ports, roots: ports.roots(), isTrusted: ports.isTrusted() });
    const watched = new Set(locations.map(({ folder }) => folder));
    // Before anything is read, so that no change goes unseen.
    watchAll(new Set([...watchers.keys(), ...watched]));
    const found = await Promise.all(
      locations.map(async (location) => ({ location, ...(await findSkillFolders(location)) })),
    );
    watchAll(new Set([...watched, ...found.flatMap(({ linked }) => linked)]));
    for (const { problems } of found) for (const problem of problems) logError(problem);
    const seen = new Set<string>();
    return found.flatMap(({ location, folders }) =>
      folders.flatMap((folder) => {
        // Locations can be links to each other; the first has it.
        if (seen.has(folder)) return [];
        seen.add(folder);
        return [{ location, folder }];
      }),
    );
  };

  const recordOf = async (source: SkillSource, name: string): Promise<SkillRecord> => {
    try {
      return await records.get(source, name);
    } catch (error) {
      logError(`What is kept of the skill ${name} cannot be read; it counts as not reviewed.`, error);
      return emptyRecord;
    }
  };

  const loadOne = async ({ location, folder }: FoundSkill) => {
    const kept = await readSkillFolder(folder, { previous: read.get(folder) }).catch((error) => {
      logError(`The skill in ${folder} cannot be read.`, error);
      return undefined;
    });
    if (kept === undefined) return [];
    const skill = kept.skill ?? brokenSkill(folder, formatOf(kept));
    const place = location.place;
    const plainSource: SkillSource = { place, label: location.label, folder };
    const record = await recordOf(plainSource, skill.name);
    const source =
      place === 'installed' && record.origin !== undefined
        ? { ...plainSource, label: `installed from ${labelOfOrigin(record.origin)}` }
        : plainSource;
    const state =
      kept.skill === undefined
        ? 'broken'
        : record.isDisabled
          ? 'disabled'
          : reviewState(place, kept.hash, record);
    return [{ kept, skill, source, record, state, name: skill.name, file: skill.format } as const];
  };

  const loadAll = async (): Promise<readonly LoadedSkill[]> => {
    const begun = generation;
    const found = await findAll();
    const loaded: Awaited<ReturnType<typeof loadOne>>[number][] = [];
    for (let at = 0; at < found.length; at += skillsAtOnce) {
      const some = await Promise.all(found.slice(at, at + skillsAtOnce).map(loadOne));
      loaded.push(...some.flat());
    }
    if (generation === begun) read = new Map(loaded.map(({ source, kept }) => [source.folder, kept]));
    const ids = skillIds(loaded);
    return loaded
      .map(({ kept, skill, source, record, state }, index): LoadedSkill => {
        const { id = skill.name, problem } = ids[index] ?? {};
        return {
          ...skill,
          id,
          source,
          files: kept.files,
          hash: kept.hash,
          state,
          problems: problem === undefined ? kept.problems : [...kept.problems, problem],
          grants: record.grants[kept.hash] ?? {},
          ...(record.lastRun === undefined ? {} : { lastRun: record.lastRun }),
        };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  };

  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };

  /** One at a time, so that an older look never comes after a newer one. */
  const load = (): Promise<readonly LoadedSkill[]> => {
    const loading = lastLoad.then(loadAll).then((skills) => {
      const before = signature;
      signature = signatureOf(skills);
      // Whoever is told asks for the list: then it is this one.
      if (before !== undefined && before !== signature && !isClosed) setImmediate(tell);
      return skills;
    });
    lastLoad = loading.catch(() => undefined);
    loading.catch(() => {
      if (listing === loading) listing = undefined;
    });
    return loading;
  };

  const list = (): Promise<readonly LoadedSkill[]> => {
    isAsked = true;
    listing ??= load();
    return listing;
  };

  /** Looks again soon, if anybody has looked before. */
  const changed = (): void => {
    listing = undefined;
    if (!isAsked || isClosed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      list().catch((error) => logError('The skills cannot be listed.', error));
    }, settleMs);
  };

  const stopRecords = records.onChange(changed);

  return {
    list,
    get: async (id) => (await list()).find((skill) => skill.id === id),
    refresh: () => {
      generation += 1;
      read = new Map();
      changed();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      stopRecords();
      watchAll(new Set());
      listeners.clear();
    },
  };
};
