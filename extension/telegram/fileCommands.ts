/** /files and /diff: what a chat has changed, and files of the folder. */

import { InputError } from '../core/agents.ts';
import { counted } from '../core/text.ts';
import type { FileDiff } from '../shared/event.ts';
import { changedPaths, changesOf, diffDocument } from './changesOf.ts';
import { buttonKey, type CommandCall, type CommandSet } from './commandCall.ts';
import type { BotContext } from './context.ts';
import { filesText } from './reply.ts';
import { note, oneLine } from './replyWords.ts';
import { type Button, SendError, type Upload } from './types.ts';

const mostButtons = 12;

export const createFileCommands = (
  context: Pick<BotContext, 'store' | 'history' | 'courier' | 'readWorkspaceFile'>,
): CommandSet => {
  const { store, history, courier } = context;

  const changesHere = async ({ thread }: CommandCall): Promise<readonly FileDiff[]> => {
    const { sessionId } = await store.getBinding(thread);
    return sessionId === undefined ? [] : changesOf(await history.readAll(sessionId));
  };

  /** As it is, and not as a photo, which would be made smaller. */
  const asDocument = async (path: string): Promise<Upload> => ({
    ...(await context.readWorkspaceFile(path)),
    kind: 'document',
    caption: oneLine(path, 500),
  });

  const send = async ({ thread }: CommandCall, file: Upload): Promise<void> => {
    try {
      await courier.upload(thread, file);
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      const what = error.failure === 'unsure' ? 'may not have arrived' : 'could not be sent';
      await courier.send(thread, note(`${oneLine(file.name, 100)} ${what}.`, error.message));
    }
  };

  return {
    written: {
      files: async (call) => {
        if (call.argument !== '') {
          await send(call, await asDocument(call.argument));
          return;
        }
        const changes = await changesHere(call);
        const text = filesText(changes);
        const hint = '“/files path” sends any file of the folder.';
        const rows = changedPaths(changes)
          .slice(0, mostButtons)
          .map((path): readonly Button[] => [
            // The end of a path tells more than its beginning.
            {
              text: oneLine(path.length > 50 ? `…${path.slice(-49).toWellFormed()}` : path, 100),
              data: `c1:file:${buttonKey(path)}`,
            },
          ]);
        await call.reply({
          html: `${text.html}\n\n${hint}`,
          plain: `${text.plain}\n\n${hint}`,
          ...(rows.length === 0 ? {} : { buttons: rows }),
        });
      },
      diff: async (call) => {
        const changes = await changesHere(call);
        if (changes.length === 0) {
          await call.reply(note('No file was changed in this chat.'));
          return;
        }
        await send(call, {
          name: 'changes.diff',
          bytes: new TextEncoder().encode(diffDocument(changes)),
          kind: 'document',
          caption: `${counted(changes.length, 'change')} of this chat, oldest first`,
        });
      },
    },
    pressed: {
      file: async (call) => {
        const path = changedPaths(await changesHere(call)).find((each) => buttonKey(each) === call.argument);
        if (path === undefined) {
          throw new InputError('This file is not among those this chat has changed. /files lists them.');
        }
        const file = await asDocument(path);
        await call.done();
        await send(call, file);
      },
    },
  };
};
