/** What is kept on the disk, in words. Pure. */
import type {
  FreeableKind,
  RepairKind,
  SpacePart,
  StorageFinding,
  StorageReport,
  StorageUse,
} from '../core/storageReport.ts';
import { count, firstLine, formatBytes, titleOf } from './words.ts';

interface PartWords {
  readonly label: string;
  readonly detail: string;
}

export const partWords: Record<SpacePart['kind'], PartWords> = {
  database: { label: 'Database', detail: 'The chats, as they were at the last snapshot' },
  journal: { label: 'Journal', detail: 'What was written since the last snapshot' },
  previousSnapshot: { label: 'Previous snapshot', detail: 'Kept in case the last one is damaged' },
  oldChats: {
    label: 'Old chats',
    detail: 'Chats that were not used for long; they are still listed and searched',
  },
  attachments: { label: 'Attachments', detail: 'Pictures, long outputs and long texts of chats' },
  deletedChats: {
    label: 'Deleted chats',
    detail: 'Can be restored for 7 days after they were deleted; freed, they are gone for good',
  },
  backups: {
    label: 'Backups',
    detail: 'The database as it was before an update of AnyCowork changed its form',
  },
  damagedFiles: { label: 'Damaged files', detail: 'What was damaged, kept beside when it was mended' },
  orphans: { label: 'Unused files', detail: 'Files that no chat refers to' },
  commandOutput: {
    label: 'Full command outputs',
    detail: 'Agents can read them no more; the shortened outputs stay in the chats',
  },
  undo: {
    label: 'Undo of earlier steps',
    detail: 'What files were before agents changed them; freed, those steps cannot be undone any more',
  },
};

const freeable: Record<FreeableKind, true> = {
  deletedChats: true,
  backups: true,
  damagedFiles: true,
  orphans: true,
  commandOutput: true,
  undo: true,
};

export const isFreeable = (kind: SpacePart['kind']): kind is FreeableKind => Object.hasOwn(freeable, kind);

export const freeableKinds = Object.keys(freeable).filter((kind) => isFreeable(kind as FreeableKind)) as [
  FreeableKind,
  ...FreeableKind[],
];

export const repairLabels: Record<RepairKind, string> = {
  snapshot: 'Write a New Snapshot',
  searchIndex: 'Rebuild Search Index',
  orphans: 'Delete Unused Files',
  undo: 'Forget What Cannot Be Undone',
};

export const repairKinds = Object.keys(repairLabels) as [RepairKind, ...RepairKind[]];

/** Repairs that some finding offers, in one order. */
export const repairsOf = ({ findings }: StorageReport): readonly RepairKind[] =>
  repairKinds.filter((kind) => findings.some(({ repair }) => repair === kind));

export const problemsOf = ({ findings }: StorageReport): readonly StorageFinding[] =>
  findings.filter(({ severity }) => severity === 'problem');

const cell = (text: string): string => firstLine(text, 60).replaceAll('|', '\\|');

/** A Markdown table whose columns stand under each other in the text as well. The second and third are numbers. */
const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column > 0;
  const lines = rows.map((row) => {
    const cells = row.map((text, column) =>
      isNumber(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
    );
    return `| ${cells.join(' | ')} |`;
  });
  const rule = widths.map((width, column) =>
    isNumber(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return lines.toSpliced(1, 0, `| ${rule.join(' | ')} |`);
};

const spaceTable = (use: StorageUse): readonly string[] =>
  table([
    ['What', 'Size', 'Files'],
    ...use.parts
      .filter(({ bytes, files }) => bytes > 0 || files > 0)
      .map(({ kind, bytes, files }) => [partWords[kind].label, formatBytes(bytes), String(files)]),
    ['Everything', formatBytes(use.bytes), ''],
  ]);

/** The longest chats that a report names. */
const namedChats = 10;

/** As Markdown that also reads well as plain text. */
export const reportText = (report: StorageReport, at: number): string => {
  const { use, facts, findings } = report;
  const problems = problemsOf(report);
  const notes = findings.filter(({ severity }) => severity === 'note');
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
  const finding = ({ text, repair }: StorageFinding): string =>
    `- ${text}${repair === undefined ? '' : ` (can be repaired: ${repairLabels[repair]})`}`;
  const largest = use.largest
    .slice(0, namedChats)
    .map(({ session, bytes }) => [cell(titleOf(session)), formatBytes(bytes)]);
  return [
    '# AnyCowork storage',
    '',
    `Checked on ${new Date(at).toLocaleString()}. Folder: \`${use.folder}\``,
    '',
    problems.length === 0 ? '**Everything is in order.**' : `**${count(problems.length, 'problem')}.**`,
    ...section('Problems', problems.map(finding)),
    ...section('Worth knowing', notes.map(finding)),
    ...section(
      'What was looked at',
      facts.map((fact) => `- ${fact}`),
    ),
    ...section('What uses the space', spaceTable(use)),
    ...section('Largest chats', largest.length === 0 ? [] : table([['Chat', 'Size'], ...largest])),
    '',
  ].join('\n');
};
