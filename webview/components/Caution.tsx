import { Icon } from './Icon.tsx';

/** A warning in a card; `isAlert`: it came up by something that was just done, and is read out. */
export const Caution = ({ text, isAlert = false }: { text: string; isAlert?: boolean }) => (
  <p class="caution" role={isAlert ? 'alert' : undefined}>
    <Icon name="warning" />
    <span>{text}</span>
  </p>
);
