import { useState } from 'preact/hooks';
import { type UserMessage as Message, textOf } from '../../extension/shared/message.ts';
import { exactTime } from '../format.ts';
import { dataUrl } from '../images.ts';
import { composeText } from '../state.ts';
import { useView } from '../view.ts';
import { CopyButton } from './CopyButton.tsx';
import { IconButton } from './IconButton.tsx';

/** Longer messages (pasted logs) are folded. */
const foldAtLines = 12;
const foldAtCharacters = 1_500;

export const UserMessage = ({ message }: { message: Message }) => {
  const { update } = useView();
  const [isOpen, setOpen] = useState(false);
  const text = textOf(message.content);
  const images = message.content.filter((block) => block.type === 'image');
  const isLong = text.length > foldAtCharacters || text.split('\n', foldAtLines + 1).length > foldAtLines;
  return (
    <section class="user-message" data-test="user" aria-label="You" title={exactTime(message.createdAt)}>
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
      {text !== '' && (
        <div class="message-actions">
          <IconButton
            icon="edit"
            label="Edit and send again"
            onPress={() => update((state) => composeText(state, text))}
          />
          <CopyButton text={text} label="Copy message" />
        </div>
      )}
    </section>
  );
};
