import { useCallback } from 'preact/hooks';
import { imageCountLimit } from './draft.ts';
import { prepareImage } from './images.ts';
import type { ViewState } from './state.ts';
import { useView } from './view.ts';

const refused = (state: ViewState, message: string): ViewState => ({
  ...state,
  refusal: { sessionId: state.chat.sessionId, message },
});

/** Attaches pictures to the draft; says above the composer which it could not take, and why. */
export const useAttach = (): ((files: readonly File[]) => Promise<void>) => {
  const { update } = useView();
  return useCallback(
    async (files: readonly File[]) => {
      const refuse = (message: string) => update((state) => refused(state, message));
      if (files.length === 0) refuse('Only pictures can be attached: PNG, JPEG, GIF or WebP.');
      for (const file of files) {
        try {
          const image = await prepareImage(file, crypto.randomUUID());
          update((state) => {
            const { images } = state.draft;
            if (images.length >= imageCountLimit) {
              return refused(state, `A message takes at most ${imageCountLimit} pictures.`);
            }
            return { ...state, draft: { ...state.draft, images: [...images, image] } };
          });
        } catch (error) {
          refuse(error instanceof Error ? error.message : `${file.name} could not be attached.`);
        }
      }
    },
    [update],
  );
};
