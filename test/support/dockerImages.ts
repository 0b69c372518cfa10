// node test/support/dockerImages.ts fetch|make: sees to it that the engine at DOCKER_HOST has the images that the tests and
// the bundled skills name. `make`: public images that cannot be fetched are made of this machine's Debian packages.
import { spawn, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type Docker from 'dockerode';
import * as z from 'zod';
import { defaultImages } from '../../extension/core/skills.ts';
import { createEngineFinder } from '../../extension/sandbox/engineFinder.ts';
import { parseImageName } from '../../extension/sandbox/imageName.ts';
import { buildImage, hasImage, pullImage } from '../../extension/sandbox/images.ts';
import { root } from './setUp.mjs';

const never = new AbortController().signal;
const base = defaultImages.shell;
const publicImages = [...new Set(Object.values(defaultImages))];

const listSchema = z.object({
  images: z.array(z.object({ name: z.string(), base: z.string(), packages: z.array(z.string()) })),
});

const recipes = (): z.infer<typeof listSchema>['images'] => {
  const files = globSync('skills/images.json', { cwd: root });
  return files.flatMap(
    (file) => listSchema.parse(JSON.parse(readFileSync(path.join(root, file), 'utf8'))).images,
  );
};

const codename = 'bookworm';

/** The mirror that this machine's packages come from: it is one that can be reached. */
const mirror = (): string => {
  const texts = globSync('/etc/apt/{sources.list,sources.list.d/*.list,sources.list.d/*.sources}').map(
    (file) => readFileSync(file, 'utf8'),
  );
  const debian = texts
    .flatMap((text) => text.split('\n'))
    .map((line) => /^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(\S+)/.exec(line)?.[1])
    .find((uri) => uri !== undefined && /\/debian\/?$/.test(uri));
  if (debian === undefined) throw new Error('The sources of apt name no mirror of Debian.');
  return debian;
};

const finish = (child: ReturnType<typeof spawn>, what: string): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${what} ended with ${code}`))));
  });

/** A Debian with Python and Node, for all of the public images at once. */
const makeBase = async (docker: Docker): Promise<void> => {
  const folder = process.env.ANYCOWORK_TEST_ROOTFS;
  if (folder === undefined) throw new Error('ANYCOWORK_TEST_ROOTFS is not set.');
  await rm(folder, { recursive: true, force: true });
  try {
    console.log(`making ${base} of Debian's packages`);
    const packages = '--include=python3,nodejs,ca-certificates';
    const options = ['--variant=minbase', packages, codename, folder, mirror()];
    const { status } = spawnSync('debootstrap', options, { stdio: 'inherit' });
    if (status !== 0) throw new Error(`debootstrap ended with ${status}`);
    // As the public image has it: packages that are added later are not written to the disk one file at a time.
    await writeFile(path.join(folder, 'etc/dpkg/dpkg.cfg.d/unsafe-io'), 'force-unsafe-io\n');
    for (const name of ['var/cache/apt', 'var/lib/apt/lists'])
      await rm(path.join(folder, name), { recursive: true, force: true });
    const tar = spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const { name, version } = parseImageName(base);
    const done = finish(tar, 'tar');
    const answer = await docker.importImage(tar.stdout, { repo: name, tag: version });
    for await (const line of answer) console.log(String(line).trim());
    await done;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const ensurePublic = async (docker: Docker, how: string): Promise<void> => {
  for (const image of publicImages) {
    if (await hasImage(docker, image)) continue;
    try {
      console.log(`fetching ${image}`);
      await pullImage(docker, image, () => undefined, never);
    } catch (error) {
      if (how !== 'make') throw error;
      console.log(error instanceof Error ? error.message : error);
      if (!(await hasImage(docker, base))) await makeBase(docker);
      const { name, version } = parseImageName(image);
      if (image !== base) await docker.getImage(base).tag({ repo: name, tag: version });
    }
  }
};

/** In an engine of our own always, so that a changed recipe is seen; the engine remembers what it made before. */
const ensureBuilt = async (docker: Docker, how: string): Promise<void> => {
  for (const recipe of recipes()) {
    if (how !== 'make' && (await hasImage(docker, recipe.name))) continue;
    console.log(`making ${recipe.name}`);
    await buildImage(docker, recipe, ({ text }) => console.log(`  ${text}`), never);
  }
};

const found = await createEngineFinder({
  setting: () => process.env.DOCKER_HOST ?? '',
  environment: {},
  home: '/',
  platform: process.platform,
  now: Date.now,
}).find();
if (found.kind !== 'ready') throw new Error(found.message);
const how = process.argv[2] ?? 'fetch';
await ensurePublic(found.docker, how);
await ensureBuilt(found.docker, how);
