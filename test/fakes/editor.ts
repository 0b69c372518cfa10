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
  /** Set: documents cannot be saved, and get their old text back or, where even that fails, keep the new one. */
  unsavable: 'restored' | 'left' | undefined;
  /** What a formatter makes of a text as it is saved. */
  formatOnSave(text: string): string;
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
    unsavable: undefined,
    formatOnSave: (text) => text,
    open: (file, unsavedText) => {
      const text = unsavedText ?? readFileSync(file, 'utf8').replace(mark, '');
      documents.set(file, { text, isDirty: unsavedText !== undefined });
    },
    setProblems: (problems) => {
      known = problems;
    },
    openText: (file) => documents.get(file),
    unsavedDocuments: () =>
      [...documents].filter(([, { isDirty }]) => isDirty).map(([file, { text }]) => ({ file, text })),
    replaceText: async (file, text) => {
      const before = documents.get(file);
      if (before === undefined) return 'notOpen';
      calls.push(`replace ${file}`);
      if (editor.unsavable !== undefined) {
        documents.set(file, { text: editor.unsavable === 'left' ? text : before.text, isDirty: true });
        return 'notSaved';
      }
      const saved = editor.formatOnSave(text);
      const hasMark = readFileSync(file, 'utf8').startsWith(mark);
      writeFileSync(file, hasMark ? mark + saved : saved);
      documents.set(file, { text: saved, isDirty: false });
      return 'saved';
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
