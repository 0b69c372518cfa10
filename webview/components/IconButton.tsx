import { Icon } from './Icon.tsx';

export interface IconButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly onPress: () => void;
  readonly test?: string;
  readonly disabled?: boolean;
  readonly class?: string;
}

export const IconButton = ({
  icon,
  label,
  onPress,
  test,
  disabled = false,
  class: extra = '',
}: IconButtonProps) => (
  <button
    type="button"
    class={`icon-button ${extra}`}
    aria-label={label}
    title={label}
    data-test={test}
    disabled={disabled}
    onClick={onPress}
  >
    <Icon name={icon} />
  </button>
);
