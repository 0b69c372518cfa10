import { useEffect } from 'preact/hooks';
import { cancelEdit } from './compose.ts';
import { isComposing } from './keys.ts';
import { useView } from './view.ts';

/**
 * Escape leaves the editing of an earlier message, or else stops the running job, wherever the focus is. Whatever
 * means something else by it keeps it to itself.
 */
export const useEscapeKey = (): void => {
  const { post, update, current } = useView();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || isComposing(event)) return;
      const { chat, list, editing } = current();
      if (list.isOpen || (editing === undefined && chat.job === undefined)) return;
      event.preventDefault();
      if (editing !== undefined) update(cancelEdit);
      else if (chat.job !== undefined) post({ type: 'stop', jobId: chat.job.id });
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [post, update, current]);
};
