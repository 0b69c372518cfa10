import { readFileSync, writeFileSync } from 'node:fs';
import type { Editor, Problem } from '../../extension/core/workspace.ts';

type FakeProblem = Omit<Problem, 'label'> & { readonly file: string };

export interface FakeEditor extends Editor {
  /** Opens a document; with a text it has unsaved changes. */
  open(file: string, unsavedText?: string): void;
  /** What went through the editor, in order: `replace /a/b.ts`. */
  readonly calls: readonly string[];
  setProblems(problems: readonly FakeProblem[]): void;
  /** Whether moves and deletions through the editor work; not by default. */
  canMoveAndDelete: boolean;
}

/** An editor that saves to the disk and keeps a byte order mark by itself, as VS Code does. */
export const createFakeEditor = (): FakeEditor => {
  const documents = new Map<string, { text: string; isDirty: boolean }>();
  const calls: string[] = [];
  let known: readonly FakeProblem[] = [];
  const mark = '\ufeff';
  const editor: FakeEditor = {
    calls,
    canMoveAndDelete: false,
    open: (file, unsavedText) => {
      const text = unsavedText ?? readFileSync(file, 'utf8').replace(mark, '');
      documents.set(file, { text, isDirty: unsavedText !== undefined });
    },
    setProblems: (problems) => {
      known = problems;
    },
    openText: (file) => documents.get(file),
    replaceText: async (file, text) => {
      if (!documents.has(file)) return false;
      calls.push(`replace ${file}`);
      const hasMark = readFileSync(file, 'utf8').startsWith(mark);
      writeFileSync(file, hasMark ? mark + text : text);
      documents.set(file, { text, isDirty: false });
      return true;
    },
    moveFile: async (from, to) => {
      calls.push(`move ${from} ${to}`);
      return editor.canMoveAndDelete;
    },
    deleteFile: async (file) => {
      calls.push(`delete ${file}`);
      return editor.canMoveAndDelete;
    },
    problems: (file) => known.filter((problem) => file === undefined || problem.file === file),
  };
  return editor;
};
