import { useEffect } from 'preact/hooks';
import { isComposing } from './keys.ts';
import { useView } from './view.ts';

/** Escape stops the running job, wherever the focus is. Whatever means something else by it keeps it to itself. */
export const useStopKey = (): void => {
  const { post, current } = useView();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || isComposing(event)) return;
      const { chat, sessionsOpen } = current();
      if (sessionsOpen || chat.job === undefined) return;
      event.preventDefault();
      post({ type: 'stop', jobId: chat.job.id });
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [post, current]);
};
