/** Brings skills into the product's storage, and out of it again. Each step is one rename: a skill is there whole or not at all. */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from '../core/reasonOf.ts';
import {
  type InstallOffer,
  type InstallOrigin,
  type OfferedSkill,
  SkillInstallError,
  type SkillInstaller,
  type SkillRecord,
  type SkillRecords,
} from '../core/skills.ts';
import type { LoadedSkill, SkillGrants, SkillSource } from '../shared/skill.ts';
import type { GitOptions } from './gitProcess.ts';
import { createInstallLock } from './installLock.ts';
import { isSameOrigin, labelOfOrigin } from './originText.ts';
import { createReviewedCopies } from './reviewedCopies.ts';
import { scanSkill } from './scan.ts';
import { refusal, type TreeBounds } from './stagedTree.ts';
import { type ReadSkill, stageSkills } from './stageSkills.ts';
import { asidePrefix, createStagings } from './stagings.ts';
import { copyListed, renameFolder } from './verifiedCopy.ts';

export interface SkillInstallerPorts {
  /** Absolute path, `<storage>/skills`: `installed`, `staging` and `reviewed` lie in it. */
  readonly folder: string;
  readonly records: SkillRecords;
  readonly readSkill: ReadSkill;
  /** The skills of this window, as the catalog has them. */
  readonly skills: () => Promise<readonly LoadedSkill[]>;
  readonly logError: (text: string) => void;
  readonly now?: () => number;
  readonly git?: GitOptions;
  readonly bounds?: TreeBounds;
}

/** Of earlier files: grants hold by hash, and an older version may come back. */
const keptGrants = 20;

const isName = (name: string): boolean =>
  /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && name.length <= 64 && !/^(con|prn|aux|nul|com\d|lpt\d)$/.test(name);

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Of one skill of an offer, so that an update fetches that one only. */
const originOf = (offer: InstallOffer, below: string): InstallOrigin => {
  const { origin } = offer;
  if (below === '' || origin.kind === 'zip') return origin;
  if (origin.kind === 'folder') return { kind: 'folder', folder: path.join(origin.folder, below) };
  const part = below.split(path.sep).join('/');
  return { ...origin, path: origin.path === undefined ? part : `${origin.path}/${part}` };
};

const isThere = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );

/** What the system says must not reach a person bare. */
const inWords = (error: unknown): SkillInstallError => {
  if (error instanceof SkillInstallError) return error;
  const why = codeOf(error) === 'ENOSPC' ? 'the disk is full' : reasonOf(error);
  return new SkillInstallError(
    `It could not be kept in the product's storage: ${why}. Nothing was installed.`,
  );
};

export const createSkillInstaller = (ports: SkillInstallerPorts): SkillInstaller => {
  const { records, readSkill, logError, now = Date.now } = ports;
  const home = path.join(ports.folder, 'installed');
  const stagings = createStagings(path.join(ports.folder, 'staging'), home);
  // What a killed window had moved aside for an update is missing until then.
  const firstSweep = stagings.sweep();
  const exclusively = createInstallLock(path.join(ports.folder, 'installing.lock'));
  const copies = createReviewedCopies(path.join(ports.folder, 'reviewed'));

  /** As the catalog calls what lies in it: the storage may be reached over a link. */
  const realHome = (): Promise<string> => realpath(home).catch(() => home);

  const sourceOf = async (name: string, origin: InstallOrigin): Promise<SkillSource> => ({
    place: 'installed',
    label: `installed from ${labelOfOrigin(origin)}`,
    folder: path.join(await realHome(), name),
  });

  const findInstalled = async (name: string, origin: InstallOrigin) => {
    const target = path.join(await realHome(), name);
    const skill = (await ports.skills()).find(({ source }) => path.resolve(source.folder) === target);
    if (skill === undefined) return undefined;
    const record = await records.get(skill.source, name);
    return { skill, mayReplace: record.origin !== undefined && isSameOrigin(record.origin, origin) };
  };

  const findDisplaced = async (id: string): Promise<LoadedSkill | undefined> =>
    (await ports.skills()).find((skill) => skill.id === id && skill.source.place !== 'installed');

  /** A copy is for a later comparison only: without it everything else works. */
  const tryCopies = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logError(`The reviewed files of a skill could not be kept for comparison: ${reasonOf(error)}`);
    }
  };

  /** Another skill may have the very same files: then the copy is of that one too. */
  const forgetCopy = (hash: string, folder: string): Promise<void> =>
    tryCopies(async () => {
      const skills = await ports.skills();
      if (skills.some((skill) => skill.hash === hash && skill.source.folder !== folder)) return;
      await copies.forget(hash);
    });

  /** @returns the folder that had been in its place, now in the staging */
  const putInPlace = async (
    ready: string,
    staging: string,
    offered: OfferedSkill,
    target: string,
  ): Promise<string | undefined> => {
    const { name } = offered.skill;
    const taken = (): SkillInstallError =>
      refusal(`A skill named "${name}" is already installed. Uninstall it first, then install this one.`);
    let aside: string | undefined;
    if (await isThere(target)) {
      if (offered.replaces === undefined || path.resolve(offered.replaces.source.folder) !== target)
        throw taken();
      const folder = path.join(staging, `${asidePrefix}${randomUUID()}`);
      await mkdir(folder, { recursive: true });
      aside = path.join(folder, name);
      await renameFolder(target, aside).catch((error: unknown) => {
        // Another window took it away in between.
        if (codeOf(error) !== 'ENOENT') throw error;
        aside = undefined;
      });
    }
    try {
      await renameFolder(ready, target);
    } catch (error) {
      const isBack =
        aside !== undefined &&
        (await renameFolder(aside, target).then(
          () => true,
          () => false,
        ));
      // Another window has put one there in between; its own stays.
      throw !isBack && (await isThere(target)) ? taken() : error;
    }
    return aside;
  };

  const recordInstalled = (
    offer: InstallOffer,
    offered: OfferedSkill,
    source: SkillSource,
    origin: InstallOrigin,
    grants: SkillGrants,
    isReplacement: boolean,
  ): Promise<void> =>
    records.change(source, offered.skill.name, (before): SkillRecord => {
      const {
        origin: _origin,
        commit: _commit,
        ...kept
      } = isReplacement ? before : { isDisabled: false, grants: {} };
      const earlier = Object.entries(kept.grants).filter(([hash]) => hash !== offered.hash);
      const given = Object.keys(grants).length === 0 ? [] : [[offered.hash, grants] as const];
      return {
        ...kept,
        reviewedHash: offered.hash,
        grants: Object.fromEntries([...earlier, ...given].slice(-keptGrants)),
        origin,
        ...(offer.commit === undefined ? {} : { commit: offer.commit }),
        installedAt: now(),
      };
    });

  const install = async (offer: InstallOffer, offered: OfferedSkill, grants: SkillGrants): Promise<void> => {
    const { name } = offered.skill;
    if (!isName(name)) throw refusal(`"${name}" cannot be the name of an installed skill.`);
    const staging = stagings.of(offered.folder);
    if (staging === undefined) throw refusal('This offer is over. Fetch the skill again.');
    const ready = path.join(staging, `ready-${randomUUID()}`, name);
    // Only what was listed and shown, checked byte for byte: the staged files have lain about during the review.
    await copyListed(offered.folder, offered.files, ready);
    if ((await readSkill(ready)).hash !== offered.hash) {
      throw refusal('The files are not those that were shown to you. Fetch the skill again.');
    }
    // The tree has one folder, in which everything else lies.
    const [treeFolder = ''] = path.relative(path.join(staging, 'tree'), offered.folder).split(path.sep);
    const below = path.relative(path.join(staging, 'tree', treeFolder), offered.folder);
    const origin = originOf(offer, below);
    const { folder, before, aside } = await exclusively(async () => {
      await mkdir(home, { recursive: true });
      const source = await sourceOf(name, origin);
      const before = await records.get(source, name);
      const aside = await putInPlace(ready, staging, offered, source.folder);
      try {
        await recordInstalled(offer, offered, source, origin, grants, aside !== undefined);
      } catch (error) {
        // Without a record nobody could tell what was reviewed: as it was before.
        await renameFolder(source.folder, path.join(staging, `gone-${randomUUID()}`));
        if (aside !== undefined) await renameFolder(aside, source.folder);
        throw error;
      }
      return { folder: source.folder, before, aside };
    });
    await tryCopies(() => copies.keep(offered.hash, folder, offered.files));
    if (aside === undefined) return;
    // Under another name first: half removed, it must not come back with the next sweep.
    const old = path.join(staging, `gone-${randomUUID()}`);
    await renameFolder(path.dirname(aside), old).catch(() => undefined);
    await rm(old, { recursive: true, force: true, maxRetries: 5 }).catch((error: unknown) =>
      logError(`A replaced skill left files behind: ${reasonOf(error)}`),
    );
    const gone = before.reviewedHash;
    if (gone !== undefined && gone !== offered.hash) await forgetCopy(gone, folder);
  };

  const uninstall = async (skill: LoadedSkill): Promise<void> => {
    const folder = path.resolve(skill.source.folder);
    // The folder itself may be a link, which is removed as one.
    const parent = await realpath(path.dirname(folder)).catch(() => path.dirname(folder));
    if (skill.source.place !== 'installed' || parent !== (await realHome()) || path.basename(folder) === '') {
      throw new SkillInstallError(
        `"${skill.name}" was not installed by AnyCowork (${skill.source.label}). Nothing was removed; delete its folder yourself if you do not want it.`,
      );
    }
    const staging = await stagings.open();
    try {
      // Away in one step; a link in its place is moved itself, not what it leads to.
      const { reviewedHash } = await exclusively(async () => {
        await renameFolder(folder, path.join(staging, 'gone')).catch((error: unknown) => {
          if (codeOf(error) !== 'ENOENT') throw error;
        });
        const record = await records.get(skill.source, skill.name);
        await records.forget(skill.source, skill.name);
        return record;
      });
      if (reviewedHash !== undefined) await forgetCopy(reviewedHash, skill.source.folder);
    } catch (error) {
      throw new SkillInstallError(
        `"${skill.name}" could not be removed: ${reasonOf(error)}. Close programs that use its files and try again.`,
      );
    } finally {
      await stagings
        .close(staging)
        .catch((error: unknown) => logError(`A removed skill left files behind: ${reasonOf(error)}`));
    }
  };

  const markReviewed = async (skill: LoadedSkill): Promise<void> => {
    const { hash, files } = await readSkill(skill.source.folder).catch((error: unknown) => {
      throw new SkillInstallError(
        `The files of "${skill.name}" cannot be read: ${codeOf(error) === 'ENOENT' ? 'they are gone' : reasonOf(error)}. It was not marked as reviewed; try again.`,
      );
    });
    if (hash !== skill.hash) {
      throw new SkillInstallError(
        `The files of "${skill.name}" changed while you looked at them. It was not marked as reviewed; look at it again.`,
      );
    }
    const { reviewedHash: before } = await records.get(skill.source, skill.name);
    await tryCopies(() => copies.keep(hash, skill.source.folder, files));
    try {
      await records.change(skill.source, skill.name, (record) => ({ ...record, reviewedHash: hash }));
    } catch (error) {
      throw new SkillInstallError(
        `The review of "${skill.name}" could not be kept: ${reasonOf(error)}. Try again.`,
      );
    }
    if (before !== undefined && before !== hash) await forgetCopy(before, skill.source.folder);
  };

  return {
    async stage(origin, onProgress, signal) {
      signal.throwIfAborted();
      await firstSweep;
      await stagings.sweep();
      let staging: string | undefined;
      try {
        staging = await stagings.open();
        return await stageSkills(origin, staging, onProgress, signal, {
          readSkill,
          scan: scanSkill,
          findInstalled,
          findDisplaced,
          ...(ports.git === undefined ? {} : { git: ports.git }),
          ...(ports.bounds === undefined ? {} : { bounds: ports.bounds }),
        });
      } catch (error) {
        if (staging !== undefined) await stagings.close(staging).catch(() => undefined);
        signal.throwIfAborted();
        throw inWords(error);
      }
    },
    async install(offer, offered, grants) {
      try {
        await install(offer, offered, grants);
      } catch (error) {
        throw inWords(error);
      }
    },
    async discard(offer) {
      const folders = new Set(offer.skills.flatMap(({ folder }) => stagings.of(folder) ?? []));
      for (const folder of folders) {
        // What was installed is installed; the next sweep tries again.
        await stagings
          .close(folder)
          .catch((error: unknown) =>
            logError(`A skill that was fetched left files behind: ${reasonOf(error)}`),
          );
      }
    },
    uninstall,
    markReviewed,
    async reviewedCopy(skill) {
      const { reviewedHash } = await records.get(skill.source, skill.name);
      if (reviewedHash === undefined) return undefined;
      return copies.find(reviewedHash).catch((error: unknown) => {
        logError(`The reviewed files of a skill cannot be read: ${reasonOf(error)}`);
        return undefined;
      });
    },
    scan: scanSkill,
  };
};
