/** Skills that come from a repository and a zip file, and the person's own ones. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import yazl from 'yazl';
import { commit, initRepository } from '../skills/gitRig.ts';
import { writeFiles } from './skillsRig.ts';

const greet = (word: string): Readonly<Record<string, string>> => ({
  'skills/greet/SKILL.md': `---
name: greet
description: Says a word. Use it to greet.
---
Run the program.
`,
  'skills/greet/scripts/word.py': `print("${word}")\n`,
});

const fetcher: Readonly<Record<string, string>> = {
  'skills/fetcher/skill.yaml': `name: fetcher
description: Fetches a page. Use it for pages.
runtime: python
entries:
  - name: get
    description: Gets a page.
    file: get.py
mode: sandbox
sandbox:
  network: true
  memory: 1024
`,
  'skills/fetcher/get.py': 'print("fetched")\n',
};

/** A picture of 8 by 8 black points, without a library. */
export const painter: Readonly<Record<string, string>> = {
  'skill.yaml': `name: painter
description: Paints a black square. Use it for squares.
runtime: python
entries:
  - name: square
    description: Paints it.
    file: square.py
    output: markdown
    arguments:
      type: object
      properties:
        title: { type: string }
      required: [title]
      additionalProperties: false
  - name: elsewhere
    description: Says nothing.
    file: square.py
mode: sandbox
`,
  'square.py': `import json, struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
title = json.load(sys.stdin).get("title", "none")
with open("square.png", "wb") as file:
    file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
               + chunk(b"IDAT", zlib.compress((b"\\0" + b"\\0" * 8) * 8)) + chunk(b"IEND", b""))
print("| Title |\\n| --- |\\n|", title, "|")
`,
};

/** Of a name that a skill of the open folder has too. */
export const namesake = (words: string): Readonly<Record<string, string>> => ({
  'SKILL.md': `---\nname: notes\ndescription: ${words}\n---\nWrite notes.\n`,
});

/** @returns the address under which the product fetches it: this computer, as if it were reached over ssh */
export const createRepository = (home: string): { readonly url: string; update(): void } => {
  const folder = path.join(home, 'repository');
  mkdirSync(folder, { recursive: true });
  initRepository(folder);
  commit(folder, { ...greet('hello'), ...fetcher });
  // Runs here what ssh would run there.
  const ssh = path.join(home, 'ssh.sh');
  writeFileSync(ssh, '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n');
  chmodSync(ssh, 0o755);
  writeFileSync(
    path.join(home, '.gitconfig'),
    `[core]\n\tsshCommand = ${ssh}\n[ssh]\n\tvariant = simple\n[safe]\n\tdirectory = *\n`,
  );
  return {
    url: `ssh://git@skills.example${folder}`,
    update: () => void commit(folder, { ...greet('good morning') }),
  };
};

export const writeZip = async (
  file: string,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> => {
  const zip = new yazl.ZipFile();
  for (const [name, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), `${folder}/${name}`);
  zip.end();
  writeFileSync(file, await buffer(zip.outputStream));
};

/** Two of the person's own: `notes`, and `imageless`, whose image is nowhere. */
export const writeHome = (home: string): void => {
  const skills = path.join(home, '.agents', 'skills');
  writeFiles(path.join(skills, 'notes'), namesake('Writes my notes. Use it for mine.'));
  writeFiles(path.join(skills, 'imageless'), {
    'skill.yaml': `name: imageless
description: Runs in an image that is nowhere.
runtime: python
entries:
  - name: run
    description: Runs.
    file: run.py
mode: sandbox
sandbox:
  image: anycowork-test/none:1
`,
    'run.py': 'print("ran")\n',
  });
};
