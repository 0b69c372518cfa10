import { Icon } from './Icon.tsx';

export interface IconButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly onPress: (button: HTMLElement) => void;
  readonly test?: string;
  readonly disabled?: boolean;
  /** Why it cannot be pressed now, unless empty. It still can be found, and says so. */
  readonly blocked?: string;
  readonly tabIndex?: number;
  readonly class?: string;
}

export const IconButton = ({
  icon,
  label,
  onPress,
  test,
  disabled = false,
  blocked = '',
  tabIndex,
  class: extra = '',
}: IconButtonProps) => (
  <button
    type="button"
    class={`icon-button ${extra}`}
    aria-label={label}
    title={blocked === '' ? label : `${label}\n${blocked}`}
    aria-description={blocked === '' ? undefined : blocked}
    aria-disabled={blocked === '' ? undefined : 'true'}
    tabIndex={tabIndex}
    data-test={test}
    disabled={disabled}
    onClick={(event) => {
      if (blocked === '') onPress(event.currentTarget);
    }}
  >
    <Icon name={icon} />
  </button>
);
