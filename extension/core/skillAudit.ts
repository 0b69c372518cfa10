/** What people decide about skills goes on record before it counts: what is not on record does not happen. */
import type { NewAuditEntry } from '../shared/audit.ts';
import type { SkillGrants } from '../shared/skill.ts';
import type { SkillInstaller, SkillRecord, SkillRecords, SkillRunner } from './skills.ts';

export interface SkillAuditPorts {
  /** @throws StoreError */
  audit(entry: NewAuditEntry): Promise<void>;
  now(): number;
}

const entryOf = (
  { now }: SkillAuditPorts,
  outcome: NewAuditEntry['outcome'],
  title: string,
  about: object,
  reason: string,
): NewAuditEntry => ({
  at: now(),
  kind: 'skill',
  outcome,
  title,
  detail: JSON.stringify(about),
  by: 'user',
  reason,
  ruleIds: [],
});

/** Of the dialogs in which skills are installed, looked at and removed. */
export const recordingInstaller = (installer: SkillInstaller, ports: SkillAuditPorts): SkillInstaller => {
  const record = (title: string, about: object): Promise<void> =>
    ports.audit(entryOf(ports, 'approved', title, about, 'the review of the skill'));
  return {
    ...installer,
    install: async (offer, offered, grants) => {
      const { skill, hash } = offered;
      const { label, commit } = offer;
      await record(`Install the skill ${skill.name}`, { from: label, commit, hash, grants });
      await installer.install(offer, offered, grants);
    },
    uninstall: async (skill) => {
      await record(`Uninstall the skill ${skill.id}`, { from: skill.source.label, hash: skill.hash });
      await installer.uninstall(skill);
    },
    markReviewed: async (skill) => {
      await record(`Trust the files of the skill ${skill.id}`, {
        from: skill.source.label,
        hash: skill.hash,
      });
      await installer.markReviewed(skill);
    },
  };
};

const grantsIn = ({ grants }: SkillRecord): string => JSON.stringify(grants);

/** Of the commands that grant, turn on and turn off. */
export const recordingRecords = (records: SkillRecords, ports: SkillAuditPorts): SkillRecords => ({
  ...records,
  change: async (source, name, change) => {
    const before = await records.get(source, name);
    const after = change(before);
    const record = (title: string, about: object): Promise<void> =>
      ports.audit(
        entryOf(ports, 'changed', title, { from: source.label, ...about }, 'the commands of skills'),
      );
    if (after.isDisabled !== before.isDisabled) {
      await record(`${after.isDisabled ? 'Disable' : 'Enable'} the skill ${name}`, {});
    }
    if (grantsIn(after) !== grantsIn(before)) {
      const changed: Record<string, SkillGrants> = Object.fromEntries(
        Object.entries(after.grants).filter(
          ([hash, grants]) => JSON.stringify(grants) !== JSON.stringify(before.grants[hash]),
        ),
      );
      await record(`Grants of the skill ${name}`, { grants: changed });
    }
    await records.change(source, name, change);
  },
});

/** Of runs that people start themselves; those of agents are steps, which are on record anyway. */
export const recordingRunner = (runner: SkillRunner, ports: SkillAuditPorts): SkillRunner => ({
  prepare: async (request, signal) => {
    const prepared = await runner.prepare(request, signal);
    return {
      ...prepared,
      run: async (inner, emit) => {
        const { input, argv, skill } = request;
        const about = { input, argv, hash: skill.hash, place: prepared.plan.place, asked: prepared.asked };
        await ports.audit(entryOf(ports, 'approved', `Test run of ${prepared.line}`, about, 'a test run'));
        return prepared.run(inner, emit);
      },
    };
  },
});
