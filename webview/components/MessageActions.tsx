import { useChat } from '../chatContext.ts';
import { beginEdit } from '../compose.ts';
import { useView } from '../view.ts';
import { CopyButton } from './CopyButton.tsx';
import { IconButton } from './IconButton.tsx';

export interface MessageActionsProps {
  readonly itemId: string;
  readonly kind: 'user' | 'assistant';
  readonly text: string;
}

/** What can be done with a message: shown where the pointer or the focus is. */
export const MessageActions = ({ itemId, kind, text }: MessageActionsProps) => {
  const { post, update } = useView();
  const { sessionId, rewindProblem, restorableIds } = useChat();
  return (
    <div class="message-actions">
      {/* A chat that is only just beginning has no name yet by which the host would find the message. */}
      {sessionId !== '' && (
        <>
          {kind === 'user' ? (
            <IconButton
              icon="edit"
              label="Edit and send again"
              blocked={rewindProblem}
              onPress={() => update((state) => beginEdit(state, itemId))}
            />
          ) : (
            <IconButton
              icon="refresh"
              label="Retry: have this answered again"
              blocked={rewindProblem}
              onPress={() => post({ type: 'retryFrom', sessionId, itemId })}
            />
          )}
          {restorableIds.has(itemId) && (
            <IconButton
              icon="discard"
              label="Restore files to before this"
              test="restore-before"
              blocked={rewindProblem}
              onPress={() => post({ type: 'restoreBefore', sessionId, itemId })}
            />
          )}
          <IconButton
            icon="repo-forked"
            label="Fork: go on from here in a new chat"
            onPress={() => post({ type: 'fork', sessionId, itemId })}
          />
        </>
      )}
      {text !== '' && (
        <CopyButton text={text} label={kind === 'user' ? 'Copy message' : 'Copy answer as Markdown'} />
      )}
    </div>
  );
};
