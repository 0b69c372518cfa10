import { readFileSync, rmSync } from 'node:fs';
import type { AuditEntry, NewAuditEntry } from '../../extension/shared/audit.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { Effect } from '../../extension/shared/event.ts';
import type { StepUndo } from '../../extension/shared/undo.ts';
import type { ShownFile } from '../../extension/vscode/undoView.ts';
import { fill } from '../workspace/folders.ts';
import { type Change, createUndoRig } from '../workspace/undoRig.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createUndoCommands } = await loadWithVscode(() => import('../../extension/vscode/undoCommands.ts'));

export const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

/** The commands on a real disk, for a chat that is made up. */
export const createUndoCommandsRig = (files: Record<string, string>) => {
  const disk = createUndoRig(files, { watch: () => ({ changed: async () => [], close: () => {} }) });
  const items: ChatItem[] = [];
  const audit: Omit<AuditEntry, 'id'>[] = [];
  const log: string[] = [];
  const shown: { readonly files: readonly ShownFile[]; readonly what: string }[] = [];
  const state = {
    running: undefined as string | undefined,
    trusted: true,
    /** What happens while the person looks at it. */
    onShow: (): void => undefined,
    shown: 'chat' as string | undefined,
    /** Of the first file that is shown, while it is. */
    sides: [] as readonly string[],
  };
  let row = 0;
  const rig = {
    ...disk,
    items,
    audit,
    log,
    shown,
    state,
    say: (id: string): void => {
      row += 1;
      const message = { role: 'user' as const, id, content: [], createdAt: 0 };
      items.push({ id, jobId: 'job', row, kind: 'user', message });
    },
    step: async (
      id: string,
      paths: Record<string, Change>,
      work: () => void,
      more: Partial<StepUndo> = {},
      effect: Effect = 'write',
    ) => {
      const undo = await disk.step(id, paths, work);
      row += 1;
      const step = {
        id,
        sessionId: 'chat',
        messageId: 'm',
        callId: id,
        tool: 't',
        input: {},
        title: `step ${id}`,
        effect,
        targets: [],
      };
      const record = {
        step,
        status: 'completed' as const,
        startedAt: 0,
        liveOutput: '',
        summary: '',
        diffs: [],
      };
      items.push({
        id,
        jobId: 'job',
        row,
        kind: 'step',
        record: undo === undefined ? record : { ...record, undo: { ...undo, ...more } },
      });
    },
    versionsOf: (stepId: string) => disk.versions.of(stepId),
    onDisk: (name: string) => readFileSync(disk.at(name), 'utf8'),
    commands: createUndoCommands({
      store: {
        listVersions: async (_session, of) =>
          'stepId' in of
            ? disk.versions.of(of.stepId)
            : 'of' in of
              ? disk.versions.all.filter(({ stepId }) => stepId.startsWith('undo-'))
              : items
                  .filter((item) => (item.row ?? 0) >= of.fromRow)
                  .flatMap(({ id }) => disk.versions.of(id)),
        markUndone: async (sessionId, stepIds, at) => {
          log.push(`${at === undefined ? 'not undone' : 'undone'} ${sessionId} ${stepIds.join(' ')}`);
          disk.versions.all = disk.versions.all.map((each) => {
            const { undoneAt: _, ...rest } = each;
            if (!stepIds.includes(each.stepId)) return each;
            return at === undefined ? rest : { ...rest, undoneAt: at };
          });
        },
        audit: async (entry: NewAuditEntry) => void audit.push(entry),
        readPage: async () => ({ items, hasOlder: false, hasNewer: false }),
      },
      restorer: disk.restorer,
      view: {
        show: async (files, what) => {
          shown.push({ files, what });
          state.sides = await Promise.all(
            [files[0]?.left, files[0]?.right].map(async (side) =>
              Buffer.from((await side?.read()) ?? []).toString(),
            ),
          );
          state.onShow();
        },
        close: async () => void log.push('closed'),
        dispose: () => {},
      },
      shown: () => state.shown,
      picker: {
        message: async () => {
          const asked = items.find(({ kind }) => kind === 'user');
          return asked === undefined ? undefined : { itemId: asked.id };
        },
      },
      runningIn: async () => state.running,
      stop: async (jobId) => {
        log.push(`stop ${jobId}`);
        state.running = undefined;
      },
      isTrusted: () => state.trusted,
      rewind: async (sessionId, itemId) => void log.push(`rewind ${sessionId} ${itemId}`),
      openWithText: async (file, text) => void log.push(`open ${file} ${JSON.stringify(text)}`),
      changed: (sessionId) => void log.push(`changed ${sessionId}`),
      // After all that was kept until then, whatever the clock of what keeps it.
      now: () => 0.5 + Math.max(0, ...disk.versions.all.map(({ at }) => at)),
    }),
  };
  return rig;
};

/** A step that changed one file, made one and deleted one. */
export const threeFiles = async () => {
  const rig = createUndoCommandsRig({ 'a.ts': 'one', 'gone.ts': 'was here' });
  rig.say('hello');
  await rig.step('s', { 'a.ts': 'write', 'new/n.ts': 'write', 'gone.ts': 'delete' }, () => {
    fill(rig.root, { 'a.ts': 'two', 'new/n.ts': 'n' });
    rmSync(rig.at('gone.ts'));
  });
  return rig;
};
