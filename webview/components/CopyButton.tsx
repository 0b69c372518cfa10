import { useEffect, useState } from 'preact/hooks';
import { useView } from '../view.ts';
import { IconButton } from './IconButton.tsx';

/** Copies through the host, which may use the clipboard without asking; says for a moment that it did. */
export const CopyButton = ({
  text,
  label,
  class: extra = '',
}: {
  text: string;
  label: string;
  class?: string;
}) => {
  const { post } = useView();
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = () => {
    post({ type: 'copy', text });
    setDone(true);
  };
  return (
    <IconButton
      icon={isDone ? 'check' : 'copy'}
      label={isDone ? 'Copied' : label}
      onPress={copy}
      class={extra}
    />
  );
};
