/** A codicon that says nothing to a screen reader: the text beside it, or its button's label, does. */
export const Icon = ({ name, spin = false }: { name: string; spin?: boolean }) => (
  <span class={`codicon codicon-${name}${spin ? ' codicon-modifier-spin' : ''}`} aria-hidden="true" />
);
