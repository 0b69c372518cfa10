import { useLayoutEffect, useRef } from 'preact/hooks';
import { fieldContext } from '../context.ts';
import { isComposing } from '../keys.ts';

export interface TitleFieldProps {
  readonly title: string;
  readonly label: string;
  /** With the new title, or without one when it stays as it was. Once. */
  readonly onDone: (title: string | undefined, by: 'key' | 'blur') => void;
}

/** A chat's title as one writes it: Enter and leaving the field keep it, Escape does not. */
export const TitleField = ({ title, label, onDone }: TitleFieldProps) => {
  const input = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const done = (text: string | undefined, by: 'key' | 'blur') => {
    if (isDone.current) return;
    isDone.current = true;
    const trimmed = text?.replaceAll(/\s+/g, ' ').trim() ?? '';
    onDone(trimmed === '' || trimmed === title ? undefined : trimmed, by);
  };
  return (
    <input
      ref={input}
      class="title-field"
      type="text"
      data-test="title-field"
      data-vscode-context={fieldContext}
      aria-label={label}
      maxLength={200}
      defaultValue={title}
      onBlur={(event) => done(event.currentTarget.value, 'blur')}
      onKeyDown={(event) => {
        if (isComposing(event)) return;
        event.stopPropagation();
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        event.preventDefault();
        done(event.key === 'Enter' ? event.currentTarget.value : undefined, 'key');
      }}
    />
  );
};
