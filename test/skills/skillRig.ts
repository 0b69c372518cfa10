import { createHash } from 'node:crypto';
import type { EngineState, SandboxLimits, SandboxResult } from '../../extension/core/sandbox.ts';
import { defaultLimits } from '../../extension/core/skills.ts';
import { defaultExecution, type ExecutionSettings } from '../../extension/shared/agent.ts';
import type { LoadedSkill, SkillEntry, SkillFile } from '../../extension/shared/skill.ts';
import { fill } from '../workspace/folders.ts';

export const entryOf = (more: Partial<SkillEntry> = {}): SkillEntry => ({
  name: 'read',
  description: 'Reads a table.',
  file: 'read.py',
  arguments: {
    type: 'object',
    properties: { file: { type: 'string' }, rows: { type: 'integer', minimum: 1 } },
    required: ['file'],
    additionalProperties: false,
  },
  output: 'markdown',
  ...more,
});

export const skillOf = (more: Partial<LoadedSkill> = {}): LoadedSkill => ({
  name: 'tables',
  id: 'tables',
  description: 'Reads and writes tables. Use it for spreadsheets.',
  format: 'skill.yaml',
  triggers: [],
  runtime: 'python',
  entries: [entryOf()],
  mode: 'flexible',
  requiresSandbox: false,
  sandbox: {},
  isForAgents: true,
  isForPeople: true,
  body: '# Tables\n\nRead first, then answer.',
  source: { place: 'installed', label: 'installed from github.com/a/b', folder: '/skills/tables' },
  files: [{ path: 'read.py', bytes: 10, sha256: 'x', isExecutable: false }],
  hash: 'hash of the files',
  state: 'ready',
  problems: [],
  grants: {},
  ...more,
});

const fileOf = (name: string, content: string | Uint8Array): SkillFile => {
  const bytes = Buffer.from(content);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path: name, bytes: bytes.length, sha256, isExecutable: false };
};

/** A skill whose files are there. */
export const skillOnDisk = (
  folder: string,
  contents: Record<string, string | Uint8Array>,
  more: Partial<LoadedSkill> = {},
): LoadedSkill => {
  fill(folder, contents);
  const files = Object.entries(contents).map(([name, content]) => fileOf(name, content));
  const source = { place: 'installed', label: 'installed from here', folder } as const;
  return skillOf({ source, files, ...more });
};

export const execution = (more: Partial<ExecutionSettings> = {}): ExecutionSettings => ({
  ...defaultExecution,
  ...more,
});

export const limitsOf = (more: Partial<SandboxLimits> = {}): SandboxLimits => ({
  ...defaultLimits,
  image: 'python:3.12-slim',
  ...more,
});

export const ended = (more: Partial<SandboxResult> = {}): SandboxResult => ({
  exitCode: 0,
  timedOut: false,
  outOfMemory: 'no',
  isFlooding: false,
  protectedChanges: [],
  firstOutputMs: 1,
  ...more,
});

export const readyEngine: EngineState = {
  kind: 'ready',
  engine: {
    name: 'Docker 28.2',
    address: 'unix:///var/run/docker.sock',
    foundBy: 'known socket',
    kind: 'rootful',
    memoryBytes: 8e9,
    cpus: 4,
  },
};

export const noEngine: EngineState = {
  kind: 'unavailable',
  problem: 'stopped',
  message: 'Docker is installed but does not run. Start it.',
  tried: [],
};

/** The smallest picture: one pixel. */
export const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
