/** Before an edited message is sent again: whether what was done after it is to be taken out of the files too. */
import * as vscode from 'vscode';
import { isSameState } from '../core/restorePlan.ts';
import type { Store } from '../core/store.ts';
import { findItem } from './undoChoices.ts';
import { count } from './words.ts';

const filesToo = 'Files Too';
const onlyChat = 'Only the Chat';

/** @returns whether the message is to be sent now */
export const askAboutFiles = async (
  ports: {
    readonly store: Pick<Store, 'readPage' | 'listVersions'>;
    readonly undo: {
      /** @returns false when the person thought better of it */
      restoreFiles(sessionId: string, itemId: string): Promise<boolean>;
    };
  },
  sessionId: string,
  itemId: string,
): Promise<boolean> => {
  const fromRow = (await findItem(ports.store, sessionId, itemId))?.row;
  const versions = fromRow === undefined ? [] : await ports.store.listVersions(sessionId, { fromRow });
  const changed = versions.filter(
    ({ before, after, undoneAt }) =>
      undoneAt === undefined && (after === undefined || !isSameState(before, after)),
  );
  const labels = [...new Set(changed.map(({ label }) => label))];
  if (labels.length === 0) return true;
  const shown = labels.slice(0, 10);
  const more = labels.length - shown.length;
  const choice = await vscode.window.showWarningMessage(
    'Also put the files back as they were before this message?',
    {
      modal: true,
      detail: `After it the agent changed ${count(labels.length, 'file')}:\n${[...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')}`,
    },
    filesToo,
    onlyChat,
  );
  if (choice === onlyChat) return true;
  return choice === filesToo && (await ports.undo.restoreFiles(sessionId, itemId));
};
