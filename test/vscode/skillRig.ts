/** Skills as the catalogue has them, and what installs and runs them, on paper. */
import assert from 'node:assert/strict';
import type {
  InstallOffer,
  OfferedSkill,
  PreparedRun,
  ReviewedCopy,
  SkillInstaller,
  SkillRecord,
  SkillRunRequest,
} from '../../extension/core/skills.ts';
import { defaultExecution } from '../../extension/shared/agent.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import type { LoadedSkill, SkillGrants, SkillPlace } from '../../extension/shared/skill.ts';
import type { ComparedFile, Report } from '../../extension/vscode/skillDocuments.ts';
import { listenIn } from './askSupport.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createSkillCommands } = await loadWithVscode(() => import('../../extension/vscode/skillCommands.ts'));

export const skill = (
  id: string,
  more: Partial<LoadedSkill> = {},
  place: SkillPlace = 'user',
): LoadedSkill => ({
  id,
  name: id,
  description: `Does ${id}.`,
  format: 'skill.yaml',
  triggers: [],
  runtime: 'python',
  entries: [],
  mode: 'flexible',
  requiresSandbox: false,
  sandbox: {},
  isForAgents: true,
  isForPeople: true,
  body: '',
  source: { place, label: `~/${id}`, folder: `/skills/${id}` },
  files: [{ path: 'skill.yaml', bytes: 10, sha256: 'a'.repeat(64), isExecutable: false }],
  hash: `hash of ${id}`,
  state: 'ready',
  problems: [],
  grants: {},
  ...more,
});

export const entry = (name: string, properties: JsonObject = {}, required: string[] = []) => ({
  name,
  description: `Does ${name}.`,
  file: `${name}.py`,
  arguments: { type: 'object', properties, required },
  output: 'markdown' as const,
});

export const offered = (name: string, more: Partial<OfferedSkill> = {}): OfferedSkill => {
  const { files, hash, ...rest } = skill(name);
  return { skill: rest, files, hash, problems: [], findings: [], folder: `/staged/${name}`, ...more };
};

export const emptyRecord: SkillRecord = { isDisabled: false, grants: {} };

export const skillRig = (given: readonly LoadedSkill[], offer: Partial<InstallOffer> = {}) => {
  const records = new Map<string, SkillRecord>();
  const calls: (readonly unknown[])[] = [];
  const shown: { name: string; report: Report; folder: string | undefined }[] = [];
  const previews: (readonly [name: string, markdown: string])[] = [];
  const compared: (readonly [title: string, files: readonly ComparedFile[]])[] = [];
  const closed: string[] = [];
  const requests: SkillRunRequest[] = [];
  const listeners = new Set<() => void>();
  const prepared = {
    plan: { place: 'sandbox', reason: '' },
    asked: [],
    facts: ['In the sandbox: no network'],
    line: 'x/list',
    run: async () => ({ content: [{ type: 'text', text: 'Hello' }], isError: false, summary: 'exit code 0' }),
  } as unknown as PreparedRun; // The limits are read by nobody here.
  const state = { prepared, failure: undefined as unknown, copy: undefined as ReviewedCopy | undefined };
  const installer: SkillInstaller = {
    stage: async (origin) => {
      calls.push(['stage', origin]);
      return {
        origin,
        label: 'github.com/a/b',
        commit: '0123456789abcdef',
        skills: [],
        problems: [],
        ...offer,
      };
    },
    install: async (_offer, { skill: { name } }, grants: SkillGrants) => {
      calls.push(['install', name, grants]);
    },
    discard: async () => void calls.push(['discard']),
    uninstall: async ({ id }) => void calls.push(['uninstall', id]),
    markReviewed: async ({ id }) => void calls.push(['markReviewed', id]),
    reviewedCopy: async () => state.copy,
    scan: async () => [],
  };
  const ports = {
    catalog: {
      list: async () => given,
      get: async (id: string) => given.find((each) => each.id === id),
      refresh: () => void calls.push(['refresh']),
      onChange: listenIn(listeners),
      close: () => undefined,
    },
    installer,
    records: {
      get: async (_source: object, name: string) => records.get(name) ?? emptyRecord,
      change: async (_source: object, name: string, change: (record: SkillRecord) => SkillRecord) =>
        void records.set(name, change(records.get(name) ?? emptyRecord)),
      forget: async () => undefined,
      onChange: listenIn(listeners),
    },
    runner: {
      prepare: async (request: SkillRunRequest) => {
        requests.push(request);
        if (state.failure !== undefined) throw state.failure;
        return state.prepared;
      },
    },
    documents: {
      show: async (name: string, report: Report, folder?: string) =>
        void shown.push({ name, report, folder }),
      preview: async (name: string, markdown: string) => void previews.push([name, markdown]),
      compare: async (title: string, files: readonly ComparedFile[]) => {
        if (files.length > 0) compared.push([title, files]);
      },
      close: async (folder: string) => void closed.push(folder),
      dispose: () => undefined,
    },
    toMarkdown: ({ name }: LoadedSkill) => ({ text: `---\nname: ${name}\n---\n`, problems: [] }),
    readOrigin: (text: string) =>
      text.includes('/')
        ? { origin: { kind: 'git' as const, url: `https://github.com/${text}` } }
        : { problem: 'Give owner/repo.' },
    execution: async () => defaultExecution,
    roots: async () => [{ name: 'shop', path: '/home/me/shop' }],
    isTrusted: () => true,
    home: '/home/me',
    logError: assert.fail,
  };
  return {
    commands: createSkillCommands(ports),
    ports,
    records,
    calls,
    shown,
    previews,
    compared,
    closed,
    requests,
    listeners,
    state,
  };
};
