import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { counted } from '../core/text.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import type { Editor, Problem, WorkspaceFiles } from '../core/workspace.ts';
import { readAccess } from './access.ts';

const shownLimit = 100;

const input = z.strictObject({
  path: z.string().optional().describe('One file. Default: the whole workspace.'),
  include_hints: z.boolean().optional().describe('Also information and hints. Default: errors and warnings.'),
});

export interface DiagnosticsPorts {
  readonly files: WorkspaceFiles;
  readonly editor: Editor;
}

const rank: Record<Problem['severity'], number> = { error: 0, warning: 1, info: 2, hint: 3 };

const lineOf = ({ label, line, column, severity, message, source }: Problem): string =>
  `${label}:${line}:${column} ${severity}: ${message.replace(/\s*\n\s*/g, ' ')}${source === '' ? '' : ` (${source})`}`;

/**
 * Problems of files outside the workspace, or of no file at all, are nobody's business here; those of secret-looking
 * files may quote them.
 */
const labelled = async (
  { files, editor }: DiagnosticsPorts,
  names: readonly string[] | undefined,
): Promise<Problem[]> => {
  const found = (names ?? [undefined]).flatMap((name) => editor.problems(name));
  const unique = [...new Set(found.map(({ file }) => file))];
  const labels = new Map<string, string>();
  await Promise.all(
    unique.map(async (file) => {
      const target = await files.resolve(file).catch(() => undefined);
      if (target !== undefined && !files.looksSecret(target)) labels.set(file, target.label);
    }),
  );
  return found.flatMap(({ file, ...problem }) => {
    const label = labels.get(file);
    return label === undefined ? [] : [{ ...problem, label }];
  });
};

export const createDiagnostics = (ports: DiagnosticsPorts): Tool =>
  defineTool({
    name: 'diagnostics',
    description:
      "Shows the editor's problems (compiler and linter findings) of one file or of the whole workspace. Language servers often look only at open files, and take a moment after an edit.",
    input,
    prepare: async ({ path, include_hints: includeHints = false }) => {
      const target = path === undefined ? undefined : await ports.files.resolve(path);
      if (target !== undefined && !target.exists) throw new ToolError(`${target.label} does not exist.`);
      return {
        title: target?.label ?? 'the workspace',
        effect: 'read',
        targets: target === undefined ? [] : [target.label],
        access: readAccess(target === undefined ? [] : [target]),
        changes: [],
        run: async () => {
          const isFile = target !== undefined && !target.isFolder;
          const names = isFile ? [...new Set([target.editorFile, target.file])] : undefined;
          const all = await labelled(ports, names);
          const problems = all
            .filter(({ severity }) => includeHints || rank[severity] < 2)
            .filter(({ label }) => target === undefined || isFile || isBelow(label, target.label))
            .sort(
              (a, b) =>
                rank[a.severity] - rank[b.severity] ||
                (a.label === b.label ? a.line - b.line : a.label < b.label ? -1 : 1),
            );
          const count = (severity: Problem['severity']): number =>
            problems.filter((problem) => problem.severity === severity).length;
          const summary =
            problems.length === 0
              ? 'no problems'
              : `${counted(count('error'), 'error')}, ${counted(count('warning'), 'warning')}`;
          const lines = problems.slice(0, shownLimit).map(lineOf);
          if (problems.length > shownLimit) lines.push(`[${problems.length - shownLimit} more]`);
          const text = lines.length === 0 ? 'The editor reports no problems.' : lines.join('\n');
          return { content: [{ type: 'text', text }], isError: false, summary, diffs: [] };
        },
      };
    },
  });

const isBelow = (label: string, folder: string): boolean => folder === '.' || label.startsWith(`${folder}/`);
