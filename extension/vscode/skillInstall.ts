/** Skills come and go: from a folder, a zip file or a repository, never without a review. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { InputError } from '../core/agents.ts';
import type {
  InstallOffer,
  InstallOrigin,
  OfferedSkill,
  SkillCatalog,
  SkillInstaller,
  SkillRecords,
} from '../core/skills.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import { parse } from './commandInput.ts';
import { cancellable } from './progressTask.ts';
import type { SkillDocuments } from './skillDocuments.ts';
import { reviewOffered } from './skillReview.ts';
import { visible, wishesOf } from './skillWords.ts';
import { count, firstLine, withoutIcons, withoutLinks } from './words.ts';

const text = z.string().min(1).max(4_000);
const originSchema = z.union([
  text,
  z.object({ kind: z.literal('folder'), folder: text }),
  z.object({ kind: z.literal('zip'), file: text }),
  z.object({
    kind: z.literal('git'),
    url: text,
    ref: text.exactOptional(),
    path: text.exactOptional(),
  }),
]);

export type OriginAnswer = { readonly origin: InstallOrigin } | { readonly problem: string };

export interface InstallPorts {
  readonly catalog: Pick<SkillCatalog, 'refresh'>;
  readonly installer: SkillInstaller;
  readonly records: Pick<SkillRecords, 'get'>;
  readonly documents: SkillDocuments;
  /** What a person types: `owner/repo#ref:path`, a URL, a path; or why it is none. */
  readOrigin(text: string): OriginAnswer;
}

/** @throws InputError */
const originOf = (ports: Pick<InstallPorts, 'readOrigin'>, typed: string): InstallOrigin => {
  const answer = ports.readOrigin(typed);
  if ('problem' in answer) throw new InputError(answer.problem);
  return answer.origin;
};

const askOrigin = async (ports: Pick<InstallPorts, 'readOrigin'>): Promise<InstallOrigin | undefined> => {
  const items = [
    {
      label: '$(repo-clone) A git repository…',
      detail: 'owner/repo on GitHub, or a URL; also one with a marketplace.json',
      kind: 'git' as const,
    },
    { label: '$(folder-opened) A folder…', detail: 'It is copied', kind: 'folder' as const },
    { label: '$(file-zip) A zip file…', detail: 'With one skill, or several', kind: 'zip' as const },
  ];
  const ways = items.map((item) => ({ ...item, way: item.kind, kind: vscode.QuickPickItemKind.Default }));
  const picked = await vscode.window.showQuickPick(ways, {
    title: 'Install a skill',
    placeHolder: 'From where? You review it before it is installed.',
  });
  if (picked === undefined) return undefined;
  if (picked.way === 'git') {
    const typed = await vscode.window.showInputBox({
      title: 'Install a skill from a git repository',
      prompt:
        'owner/repo, or a URL with https, ssh or git@. A branch and a folder may follow: owner/repo#main:skills/pdf',
      placeHolder: 'owner/repo',
      ignoreFocusOut: true,
      validateInput: (value) => {
        if (value.trim() === '') return 'Type a repository.';
        const answer = ports.readOrigin(value);
        return 'problem' in answer ? answer.problem : undefined;
      },
    });
    return typed === undefined ? undefined : originOf(ports, typed);
  }
  const isFolder = picked.way === 'folder';
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: isFolder ? 'Folder of the skill' : 'Zip file with the skill',
      openLabel: 'Choose',
      canSelectFiles: !isFolder,
      canSelectFolders: isFolder,
      canSelectMany: false,
      ...(isFolder ? {} : { filters: { 'Zip files': ['zip', 'skill'] } }),
    })) ?? [];
  if (chosen === undefined) return undefined;
  return isFolder ? { kind: 'folder', folder: chosen.fsPath } : { kind: 'zip', file: chosen.fsPath };
};

const problemsText = ({ problems }: InstallOffer): string =>
  problems
    .slice(0, 3)
    .map(({ file, line, message }) => `${file}${line === undefined ? '' : `:${line}`}: ${message}`)
    .join(' ');

const choose = async (offer: InstallOffer): Promise<readonly OfferedSkill[]> => {
  const { skills, label } = offer;
  if (skills.length === 0) {
    const why = problemsText(offer);
    throw new InputError(
      `There is no skill in ${label}. Nothing was installed. ${why === '' ? 'A skill is a folder with a skill.yaml or a SKILL.md.' : why}`,
    );
  }
  if (skills.length === 1) return skills;
  const items = skills.map((offered) => {
    const wishes = wishesOf(offered.skill, 'installed').map((wish) => wish.label);
    return {
      label: withoutIcons(visible(offered.skill.name)),
      description: [
        ...(offered.replaces === undefined ? [] : ['replaces the installed one']),
        ...(offered.findings.length === 0 ? [] : [`${count(offered.findings.length, 'reason')} to look`]),
        ...(wishes.length === 0 ? [] : [`asks for: ${visible(wishes.join(', '))}`]),
      ].join(' · '),
      detail: withoutIcons(firstLine(visible(offered.skill.description))),
      offered,
    };
  });
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${count(skills.length, 'skill')} in ${visible(label)}`,
    placeHolder: 'Which are to be installed? You review each.',
    canPickMany: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return (chosen ?? []).map(({ offered }) => offered);
};

export const createSkillInstall = (ports: InstallPorts) => {
  const { catalog, installer, records, documents } = ports;

  const staged = async <T>(
    origin: InstallOrigin,
    title: string,
    use: (offer: InstallOffer) => Promise<T>,
  ): Promise<T | undefined> => {
    const offer = await cancellable(title, (report, signal) => installer.stage(origin, report, signal));
    if (offer === undefined) return undefined;
    try {
      return await use(offer);
    } finally {
      await installer.discard(offer);
    }
  };

  /** @returns names of those that are installed now */
  const installAll = async (
    offer: InstallOffer,
    chosen: readonly OfferedSkill[],
  ): Promise<readonly string[]> => {
    const installed: string[] = [];
    try {
      for (const offered of chosen) {
        const grants = await reviewOffered(documents, offer, offered);
        if (grants === undefined) continue;
        await installer.install(offer, offered, grants);
        installed.push(offered.skill.name);
      }
    } finally {
      if (installed.length > 0) {
        catalog.refresh();
        const skipped = chosen.length - installed.length;
        const rest = skipped === 0 ? '' : ` ${count(skipped, 'skill')} not installed.`;
        const names = visible(installed.join(', '));
        const isUpdate = chosen.every(({ replaces }) => replaces !== undefined);
        const which = installed.length === 1 ? 'it' : 'them';
        vscode.window.showInformationMessage(
          withoutLinks(
            `${isUpdate ? 'Updated' : 'Installed'} ${names}. Agents may use ${which} from their next step on.${rest}`,
          ),
        );
      }
    }
    return installed;
  };

  return {
    /** By code with an origin, or what a person would type; the review is asked in any case. */
    installSkill: async (given?: unknown): Promise<readonly string[]> => {
      const parsed = given === undefined || given === null ? undefined : parse(originSchema, given);
      const origin =
        parsed === undefined
          ? await askOrigin(ports)
          : typeof parsed === 'string'
            ? originOf(ports, parsed)
            : parsed;
      if (origin === undefined) return [];
      const installed = await staged(origin, 'Getting the skill', async (offer) =>
        installAll(offer, await choose(offer)),
      );
      return installed ?? [];
    },
    /** @returns whether it is another one now */
    update: async (skill: LoadedSkill): Promise<boolean> => {
      const { origin, commit } = await records.get(skill.source, skill.name);
      if (origin === undefined) {
        throw new InputError(
          `It is not known where ${skill.id} came from, so it cannot be updated. It was kept as it is. Install it again from its source.`,
        );
      }
      const updated = await staged(origin, `Looking for a newer ${visible(skill.id)}`, async (offer) => {
        const offered = offer.skills.find(({ skill: { name } }) => name === skill.name);
        if (offered === undefined) {
          const why = problemsText(offer);
          throw new InputError(
            `${offer.label} has no skill ${skill.name} any more. The installed one was kept as it is.${why === '' ? '' : ` ${why}`}`,
          );
        }
        if (offered.hash === skill.hash) {
          const at = offer.commit ?? commit;
          vscode.window.showInformationMessage(
            `${visible(skill.id)} is up to date${at === undefined ? '' : ` (commit ${at.slice(0, 10)})`}.`,
          );
          return [];
        }
        return installAll(offer, [{ ...offered, replaces: offered.replaces ?? skill }]);
      });
      return updated !== undefined && updated.length > 0;
    },
    uninstall: async (skill: LoadedSkill): Promise<boolean> => {
      const uninstall = 'Uninstall';
      const answer = await vscode.window.showWarningMessage(
        `Uninstall the skill ${visible(skill.id)}?`,
        { modal: true, detail: 'Its files are removed, and what it was granted is forgotten.' },
        uninstall,
      );
      if (answer !== uninstall) return false;
      await installer.uninstall(skill);
      catalog.refresh();
      return true;
    },
  };
};
