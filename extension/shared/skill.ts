/** What a skill is: instructions and programs that agents can use, in a folder of its own. */
import type { JsonObject } from './message.ts';

export const skillRuntimes = ['python', 'node', 'shell'] as const;
export type SkillRuntime = (typeof skillRuntimes)[number];

/**
 * Where programs run. `sandbox`: in a container or not at all. `flexible`: in a container where there is an engine, else on
 * this computer after an approval that says so. `direct`: on this computer, always asked.
 */
export const executionModes = ['sandbox', 'flexible', 'direct'] as const;
export type ExecutionMode = (typeof executionModes)[number];

/** One program of a skill. */
export interface SkillEntry {
  /** `[a-z0-9-]`, unique in the skill. */
  readonly name: string;
  readonly description: string;
  /** `/`-separated, below the skill's folder. */
  readonly file: string;
  /** JSON Schema of an object: what the program reads as JSON on its standard input. */
  readonly arguments: JsonObject;
  /** What it prints: Markdown is drawn in the chat, text is shown as it is. */
  readonly output: 'text' | 'markdown';
}

/** What a skill asks of the sandbox. Absent: the default. More than the default gives needs a person's grant. */
export interface SandboxWish {
  readonly image?: string;
  readonly memoryMb?: number;
  readonly cpus?: number;
  readonly timeoutSeconds?: number;
  /** The whole internet. */
  readonly network?: boolean;
  /** Programs may be started from /tmp. */
  readonly execTmp?: boolean;
  readonly workspace?: 'rw' | 'ro';
}

/** A skill as its files describe it. */
export interface Skill {
  /** 1 to 64 of `[a-z0-9-]`. */
  readonly name: string;
  /** What it does and when to use it. */
  readonly description: string;
  readonly displayName?: string;
  readonly version?: string;
  readonly author?: string;
  readonly license?: string;
  readonly compatibility?: string;
  /** Which file describes it. */
  readonly format: 'skill.yaml' | 'SKILL.md';
  /** Phrases, `*.ext` of mentioned files, and `/regular expressions/`, by which it is offered. */
  readonly triggers: readonly string[];
  /** Absent where it has no program. */
  readonly runtime?: SkillRuntime;
  readonly entries: readonly SkillEntry[];
  readonly mode: ExecutionMode;
  /** It must not run outside the sandbox, whatever the mode says. */
  readonly requiresSandbox: boolean;
  readonly sandbox: SandboxWish;
  /** Narrows the tools of who uses it; absent: it does not. Our names, or those of other products (`Read`, `Bash(git:*)`). */
  readonly allowedTools?: readonly string[];
  /** Agents may choose it by themselves; else only a person, by `/name`. */
  readonly isForAgents: boolean;
  /** People may choose it by `/name`. */
  readonly isForPeople: boolean;
  readonly argumentHint?: string;
  /** Markdown for the model: README.md, or what follows the front matter of SKILL.md. */
  readonly body: string;
}

export type SkillPlace = 'bundled' | 'installed' | 'user' | 'workspace';

/** Where a skill was found. */
export interface SkillSource {
  readonly place: SkillPlace;
  /** For people: `bundled`, `installed from github.com/a/b`, `~/.claude/skills`, `.agents/skills`. */
  readonly label: string;
  /** Absolute path of the skill's folder. */
  readonly folder: string;
}

export interface SkillProblem {
  /** `/`-separated, below the skill's folder. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  readonly severity: 'error' | 'warning';
  /** What is wrong and how to mend it. */
  readonly message: string;
}

export interface SkillFile {
  /** `/`-separated, below the skill's folder. */
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly isExecutable: boolean;
}

/**
 * `ready`: agents may use it. `unreviewed`: they may, as words of somebody else, and its programs always ask. `changed`: its
 * files are not those that were reviewed; unusable until they are. `disabled`: the person turned it off. `broken`: it
 * cannot be read.
 */
export const skillStates = ['ready', 'unreviewed', 'changed', 'disabled', 'broken'] as const;
export type SkillState = (typeof skillStates)[number];

/** What a person allowed a skill beyond the default; it holds for these very files. */
export type SkillGrants = Pick<
  SandboxWish,
  'image' | 'memoryMb' | 'cpus' | 'timeoutSeconds' | 'network' | 'execTmp'
>;

export interface SkillRun {
  readonly at: number;
  readonly entry: string;
  readonly place: 'sandbox' | 'host';
  /** In a few words: `exit code 0`, `out of memory`. */
  readonly summary: string;
  readonly isError: boolean;
  readonly durationMs: number;
}

/** A skill as it lies in a folder. */
export interface LoadedSkill extends Skill {
  /** How agents and people call it; its name, or `place-name` where another skill has that name. Unique. */
  readonly id: string;
  readonly source: SkillSource;
  readonly files: readonly SkillFile[];
  /** Over paths, modes and contents of all files; hexadecimal SHA-256. */
  readonly hash: string;
  readonly state: SkillState;
  readonly problems: readonly SkillProblem[];
  readonly grants: SkillGrants;
  readonly lastRun?: SkillRun;
}

/** A skill whose words go with a message of the person's. */
export interface AttachedSkill {
  readonly id: string;
  readonly name: string;
  /** What the model reads, fenced. */
  readonly text: string;
  /** Set where nobody has reviewed it: `the skill x (.agents/skills)`. */
  readonly taint?: string;
}

/** What the composer knows of a skill. */
export interface SkillChoice {
  readonly id: string;
  readonly description: string;
  readonly triggers: readonly string[];
  readonly argumentHint?: string;
  /** Only then a trigger attaches it by itself; else it is suggested. */
  readonly isReviewed: boolean;
}
