import type { DraftImage } from '../draft.ts';
import { dataUrl } from '../images.ts';
import { useView } from '../view.ts';
import { IconButton } from './IconButton.tsx';

/** What goes along with the message. */
export const Chips = ({ images }: { images: readonly DraftImage[] }) => {
  const { update } = useView();
  const remove = (id: string) =>
    update((state) => ({
      ...state,
      draft: { ...state.draft, images: state.draft.images.filter((image) => image.id !== id) },
      focusCount: state.focusCount + 1,
    }));
  if (images.length === 0) return null;
  return (
    <ul class="chips" aria-label="Attached pictures">
      {images.map((image) => (
        <li key={image.id} class="chip" data-test="chip" title={image.name}>
          <img src={dataUrl(image)} alt="" />
          <span>{image.name}</span>
          <IconButton icon="close" label={`Remove ${image.name}`} onPress={() => remove(image.id)} />
        </li>
      ))}
    </ul>
  );
};
