import { textOf } from '../../extension/shared/message.ts';
import { useChat, useUnfolded } from '../chatContext.ts';
import { messageContext } from '../context.ts';
import { exactTime } from '../format.ts';
import { dataUrl } from '../images.ts';
import type { ItemOf } from '../rows.ts';
import { useView } from '../view.ts';
import { MessageActions } from './MessageActions.tsx';

/** Longer messages (pasted logs) are folded. */
const foldAtLines = 12;
const foldAtCharacters = 1_500;

export const UserMessage = ({ item }: { item: ItemOf<'user'> }) => {
  const { id, message } = item;
  const { sessionId } = useChat();
  const [isOpen, setOpen] = useUnfolded([id]);
  const text = textOf(message.content);
  const { skills = [], attached = [], via } = message;
  const { post } = useView();
  const images = message.content.filter((block) => block.type === 'image');
  const isLong = text.length > foldAtCharacters || text.split('\n', foldAtLines + 1).length > foldAtLines;
  return (
    <section
      class="user-message"
      data-test="user"
      data-item={id}
      data-vscode-context={messageContext(sessionId, id, 'user')}
      aria-label={via ?? 'You'}
      title={exactTime(message.createdAt)}
    >
      {via !== undefined && (
        <p class="user-via" data-test="user-via">
          {via}
        </p>
      )}
      {text !== '' && <div class={`user-text${isLong && !isOpen ? ' folded' : ''}`}>{text}</div>}
      {isLong && (
        <button type="button" class="text-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show less' : 'Show all'}
        </button>
      )}
      {images.length > 0 && (
        <div class="user-images">
          {images.map((image, index) => (
            <img key={index} src={dataUrl(image)} alt={image.name ?? 'Attached picture'} title={image.name} />
          ))}
        </div>
      )}
      {skills.length > 0 && (
        <p class="user-skills" data-test="user-skills">
          {skills.length === 1 ? 'With the skill' : 'With the skills'}{' '}
          {skills.map(({ id: each }) => each).join(', ')}
        </p>
      )}
      {attached.length > 0 && (
        <p class="user-skills" data-test="user-attached">
          With{' '}
          {attached.map(({ id: each, label, server, uri }, index) => (
            <span key={each}>
              {index > 0 && ', '}
              <button
                type="button"
                class="text-button"
                title={`${uri} of the MCP server ${server}`}
                onClick={() => post({ type: 'openAttached', id: each, itemId: id })}
              >
                {label}
              </button>
            </span>
          ))}
        </p>
      )}
      <MessageActions itemId={id} kind="user" text={text} />
    </section>
  );
};
