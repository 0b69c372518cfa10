import type { ComponentChildren } from 'preact';
import { deletedForMs } from '../../extension/shared/session.ts';
import { cancelEdit } from '../compose.ts';
import { plural } from '../format.ts';
import { useAct, useView } from '../view.ts';
import type { ComposerProps } from './Composer.tsx';
import { Icon } from './Icon.tsx';
import { IconButton } from './IconButton.tsx';

/** `warning` and `error` are read out at once; `note` says how things are. */
const Banner = ({
  kind,
  icon = kind,
  test,
  children,
}: {
  kind: 'note' | 'warning' | 'error';
  icon?: string;
  test?: string;
  children: ComponentChildren;
}) => (
  <div class={`banner ${kind}`} role={kind === 'note' ? 'status' : 'alert'} data-test={test}>
    <Icon name={icon} />
    {children}
  </div>
);

const dayMs = 24 * 60 * 60 * 1_000;

/** Where the chat lies, when it is not in the list of chats, and how it comes back there. */
const ShelfNotice = ({ sessionId, surroundings: { shelf } }: ComposerProps) => {
  const { post } = useView();
  if (shelf === 'active' || sessionId === '') return null;
  if (shelf === 'archived') {
    return (
      <Banner kind="note" icon="archive" test="archived">
        <span>This chat is in the archive. Sending a message brings it back.</span>
      </Banner>
    );
  }
  return (
    <Banner kind="note" icon="trash" test="deleted">
      <span>This chat was deleted. It is kept for {plural(deletedForMs / dayMs, 'day')}.</span>
      <button
        type="button"
        class="text-button"
        data-test="restore-chat"
        onClick={() => post({ type: 'changeSession', sessionId, change: { shelf: 'active' } })}
      >
        Restore
      </button>
    </Banner>
  );
};

/** An empty chat says so in its middle. */
const TrustNotice = ({ sessionId, surroundings: { isTrusted } }: ComposerProps) => {
  const act = useAct();
  if (isTrusted || sessionId === '') return null;
  return (
    <Banner kind="note" icon="workspace-untrusted" test="untrusted">
      <span>This folder is not trusted, so agents do not work in it. The chat can be read.</span>
      <button type="button" class="text-button" data-test="manage-trust" onClick={() => act('manageTrust')}>
        Manage trust
      </button>
    </Banner>
  );
};

const LostImagesNotice = ({ draft: { lostImages } }: ComposerProps) => {
  const { update } = useView();
  if (lostImages === undefined) return null;
  const dismiss = () =>
    update((state) => {
      const { lostImages: _, ...draft } = state.draft;
      return { ...state, draft };
    });
  return (
    <Banner kind="warning" test="lost-images">
      <span>
        {plural(lostImages, 'attached picture')} could not be kept while this view was closed. Attach{' '}
        {lostImages === 1 ? 'it' : 'them'} again.
      </span>
      <IconButton icon="close" label="Dismiss" onPress={dismiss} />
    </Banner>
  );
};

const EditNotice = ({ editing, job }: ComposerProps) => {
  const { update } = useView();
  if (editing === undefined) return null;
  return (
    <Banner kind="note" icon="edit" test="editing">
      <span>
        {job === undefined
          ? 'Editing an earlier message. Sending it replaces what came after; the chat as it was is kept in the archive.'
          : 'Editing an earlier message. It can be sent once the agent is done or stopped.'}
      </span>
      <button
        type="button"
        class="text-button"
        title="Leave the message as it was (Esc)"
        data-test="cancel-edit"
        onClick={() => update(cancelEdit)}
      >
        Cancel
      </button>
    </Banner>
  );
};

/** What there is to know before one sends. */
export const ComposerNotices = (props: ComposerProps & { readonly problem: string | undefined }) => {
  const { refusal, problem, surroundings } = props;
  const { update } = useView();
  const dismiss = () =>
    update((state) => {
      const { refusal: _, ...rest } = state;
      return rest;
    });
  return (
    <>
      <ShelfNotice {...props} />
      <TrustNotice {...props} />
      {surroundings.storageProblem !== undefined && (
        <Banner kind="warning">
          <span>{surroundings.storageProblem}</span>
        </Banner>
      )}
      {refusal !== undefined && (
        <Banner kind="error" test="refusal">
          <span>{refusal}</span>
          <IconButton icon="close" label="Dismiss" onPress={dismiss} />
        </Banner>
      )}
      {problem !== undefined && (
        <Banner kind="warning">
          <span>{problem}</span>
        </Banner>
      )}
      <LostImagesNotice {...props} />
      <EditNotice {...props} />
    </>
  );
};
