import { h } from 'preact';

export interface TextFieldProps {
  readonly label: string;
  readonly onText: (text: string) => void;
  readonly class: string;
  readonly placeholder?: string;
  readonly test?: string;
}

const textOf = (element: EventTarget | null): string =>
  element !== null && 'value' in element ? String(element.value) : '';

/** The toolkit's text field. Its accessible name is its content, whatever attributes say. */
export const TextField = ({ label, onText, class: name, placeholder, test }: TextFieldProps) =>
  h(
    'vscode-text-field',
    { class: name, placeholder, 'data-test': test, onInput: (event: Event) => onText(textOf(event.target)) },
    label,
  );
