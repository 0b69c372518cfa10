import { chownSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Docker from 'dockerode';
import { type ModelServer, type Rig, startRig } from './rig.ts';

/** Files of a skill that counts words. */
export const tally: Readonly<Record<string, string>> = {
  'skill.yaml': `name: tally
description: Counts the words of a text. Use it when words have to be counted.
version: 1.0.0
triggers: [count the words]
runtime: python
entries:
  - name: count
    description: Counts words.
    file: count.py
    output: markdown
    arguments:
      type: object
      properties:
        text: { type: string }
      required: [text]
      additionalProperties: false
  - name: sleep
    description: Sleeps for a minute.
    file: sleep.py
mode: sandbox
`,
  'README.md': '# Tally\n\nCounts the words of a text with `count`; `sleep` sleeps.\n',
  'count.py': `import json, os, sys
text = json.load(sys.stdin)["text"]
print("| Word | Count |")
print("| --- | ---: |")
for word in sorted(set(text.split())):
    print(f"| {word} | {text.split().count(word)} |")
print()
print("user", os.getuid(), "sees", sorted(os.listdir("/home")))
`,
  'sleep.py': 'import time\nprint("sleeping", flush=True)\ntime.sleep(60)\n',
};

export const writeFiles = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
};

/** Programs in the sandbox never run as root: a folder of root's is given to somebody else. */
export const giveAway = (folder: string): void => {
  if (process.getuid?.() !== 0) return;
  for (const file of ['.', ...globSync('**/*', { cwd: folder })])
    chownSync(path.join(folder, file), 1000, 1000);
};

const ownerPid = (label: string | undefined): number => {
  const owner: unknown = JSON.parse(Buffer.from(label ?? '', 'hex').toString('utf8') || '{}');
  return typeof owner === 'object' && owner !== null && 'pid' in owner ? Number(owner.pid) : 0;
};

/** The containers of a window, also those of its earlier extension hosts; others use the engine too. */
export const watchContainers = (host: string, { server }: Rig): (() => Promise<readonly string[]>) => {
  const docker = new Docker({ socketPath: host.replace(/^unix:\/\//, '') });
  const pids = new Set<number>();
  return async () => {
    for (const pid of server.extensionHostPids()) pids.add(pid);
    const found = await docker.listContainers({ all: true, filters: { label: ['anycowork.managed=1'] } });
    return found.filter(({ Labels }) => pids.has(ownerPid(Labels['anycowork.owner']))).map(({ Id }) => Id);
  };
};

export const startSkillsRig = async ({
  model,
  host,
  home,
  height,
}: {
  readonly model: ModelServer;
  /** Address of the engine that the window uses. */
  readonly host: string;
  readonly home: string;
  readonly height?: number;
}): Promise<Rig> => {
  const rig = await startRig({
    model,
    width: 1400,
    ...(height === undefined ? {} : { height }),
    // Skills of whoever runs the tests are not of this test.
    env: { HOME: home },
    settings: { 'anycowork.sandbox.host': host },
  });
  giveAway(rig.folder);
  return rig;
};

export const runSkill = (name: string, entry: string, input: unknown = {}): string =>
  `run_skill ${JSON.stringify({ name, entry, input })}`;
