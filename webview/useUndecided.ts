import { useEffect } from 'preact/hooks';
import { messagesOf } from './host.ts';

/** Calls when an answer that was given here decided nothing, and its step still waits. */
export const useUndecided = (call: (stepId: string) => void): void => {
  useEffect(() => {
    const hear = (event: MessageEvent<unknown>): void => {
      for (const message of messagesOf(event)) if (message.type === 'undecided') call(message.stepId);
    };
    window.addEventListener('message', hear);
    return () => window.removeEventListener('message', hear);
  }, [call]);
};
