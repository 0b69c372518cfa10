import { h } from 'preact';

export interface ButtonProps {
  readonly label: string;
  /** What a screen reader says, where that has to be more than the label; begins with or holds the label's words. */
  readonly name?: string;
  readonly onPress: () => void;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  readonly title?: string;
  readonly test?: string;
}

/** The toolkit's button. (`h`, because JSX knows the elements of HTML only.) */
export const Button = ({
  label,
  name,
  onPress,
  primary = false,
  disabled = false,
  title,
  test,
}: ButtonProps) =>
  h(
    'vscode-button',
    {
      class: 'button',
      appearance: primary ? 'primary' : 'secondary',
      disabled,
      title,
      'aria-label': name,
      'data-test': test,
      // A disabled toolkit button still passes clicks on its edge.
      onClick: () => {
        if (!disabled) onPress();
      },
    },
    label,
  );
