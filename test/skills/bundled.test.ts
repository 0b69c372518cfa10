import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { defaultImages } from '../../extension/core/skills.ts';
import { parseImageName } from '../../extension/sandbox/imageName.ts';
import { checkArguments } from '../../extension/skills/argumentsCheck.ts';
import { bundledFolder, bundledNames, readBundled } from './bundledSkills.ts';

const objectSchema = z.record(z.string(), z.json());
const listSchema = z.strictObject({
  images: z.array(
    z.strictObject({
      name: z.string(),
      base: z.string(),
      packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/)),
    }),
  ),
});
const { images } = listSchema.parse(
  JSON.parse(readFileSync(path.join(bundledFolder, 'images.json'), 'utf8')),
);
const publicImages: readonly string[] = Object.values(defaultImages);

/** Files that several skills have, because a program sees the folder of its own skill only. */
const sameFiles: Readonly<Record<string, readonly string[]>> = {
  'program.py': bundledNames,
  'tables.py': ['spreadsheet', 'charts'],
  'htmltree.py': ['web-page', 'web-fetch'],
  'markdown.py': ['web-page', 'web-fetch'],
  'page.py': ['web-page', 'web-fetch'],
};

const textOf = (...parts: string[]): string => readFileSync(path.join(bundledFolder, ...parts), 'utf8');

describe('bundled skills', () => {
  it('are those that the product promises', () => {
    assert.deepEqual(bundledNames.toSorted(), [
      'charts',
      'data-explorer',
      'documents',
      'pdf',
      'repository-statistics',
      'skill-maker',
      'spreadsheet',
      'web-fetch',
      'web-page',
    ]);
  });

  for (const name of bundledNames) {
    it(`${name}: is read without errors and warnings, and has what it names`, async () => {
      const skill = await readBundled(name);
      assert.equal(skill.name, name);
      assert.equal(skill.license, 'MIT');
      assert.ok(skill.entries.length > 0 && skill.triggers.length > 0);
      for (const entry of skill.entries) {
        assert.ok(statSync(path.join(bundledFolder, name, entry.file)).isFile());
        assert.equal(entry.arguments.additionalProperties, false);
        assert.match(skill.body, new RegExp(`^## ${entry.name}$`, 'm'));
      }
    });

    it(`${name}: every example in its README fits the arguments of its program`, async () => {
      const { body, entries } = await readBundled(name);
      for (const entry of entries) {
        const [, section = ''] = body.split(new RegExp(`^## ${entry.name}$`, 'm'));
        const [own = ''] = section.split(/^## /m);
        const examples = [...own.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text);
        assert.ok(examples.length > 0, `an example of ${entry.name}`);
        for (const text of examples) {
          assert.deepEqual(checkArguments(entry.arguments, objectSchema.parse(JSON.parse(text))), []);
        }
      }
    });

    it(`${name}: runs in a public image, or in one that is made of a public one`, async () => {
      const { image } = (await readBundled(name)).sandbox;
      const recipe = images.find((each) => each.name === image);
      assert.ok(publicImages.includes(image ?? '') || recipe !== undefined, image);
    });
  }

  it('only one asks for more than the default gives: the one that fetches', async () => {
    const skills = await Promise.all(bundledNames.map(readBundled));
    const asking = skills.filter(({ sandbox }) => sandbox.network || sandbox.execTmp || sandbox.memoryMb);
    assert.deepEqual(
      asking.map(({ name, mode }) => [name, mode]),
      [['web-fetch', 'sandbox']],
    );
  });

  it('images are made of public ones, and each is used', async () => {
    const skills = await Promise.all(bundledNames.map(readBundled));
    for (const { name, base, packages } of images) {
      assert.ok(publicImages.includes(base));
      assert.notEqual(parseImageName(name).version, undefined);
      assert.equal(new Set(packages).size, packages.length);
      assert.ok(skills.some(({ sandbox }) => sandbox.image === name));
    }
  });

  it('files that several of them have are the same', () => {
    for (const [file, [first = '', ...others]] of Object.entries(sameFiles)) {
      for (const other of others) {
        assert.ok(
          textOf(other, file) === textOf(first, file),
          `${other}/${file} differs from ${first}/${file}`,
        );
      }
    }
  });

  it('are small, and no file is long', () => {
    const files = readdirSync(bundledFolder, { recursive: true, encoding: 'utf8' })
      .map((file) => path.join(bundledFolder, file))
      .filter((file) => statSync(file).isFile());
    assert.ok(files.reduce((sum, file) => sum + statSync(file).size, 0) < 500_000);
    for (const file of files) {
      assert.ok(readFileSync(file, 'utf8').split('\n').length <= 400, file);
      assert.doesNotMatch(file, /__pycache__|\.pyc$/);
    }
  });
});
