import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RuleDuration, RuleOffer } from '../../extension/shared/rule.ts';
import { offerText } from '../asking.ts';
import { isComposing } from '../keys.ts';
import { Icon } from './Icon.tsx';

export interface OfferMenuProps {
  readonly offers: readonly RuleOffer[];
  readonly disabled: boolean;
  /** A pick was not taken, and why is said below: the menu must not cover it. */
  readonly isRefused: boolean;
  readonly onPick: (duration: RuleDuration) => void;
}

/** The other half of the button Approve: what the answer can be widened to. */
export const OfferMenu = ({ offers, disabled, isRefused, onPick }: OfferMenuProps) => {
  const [start, setStart] = useState<'first' | 'last'>();
  const opener = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const isOpen = start !== undefined && !disabled;
  const items = () => [...(menu.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];

  useLayoutEffect(() => {
    if (!isOpen) return;
    // In the top layer, where nothing around the card cuts it off.
    menu.current?.showPopover();
    items()
      .at(start === 'last' ? -1 : 0)
      ?.focus({ preventScroll: true });
  }, [isOpen, start]);

  useEffect(() => {
    if (!isOpen) return;
    const onPointerDown = ({ target }: PointerEvent) => {
      const isInside =
        target instanceof Node &&
        (menu.current?.contains(target) === true || opener.current?.contains(target) === true);
      if (!isInside) setStart(undefined);
    };
    document.addEventListener('pointerdown', onPointerDown);
    return () => document.removeEventListener('pointerdown', onPointerDown);
  }, [isOpen]);

  const close = () => {
    setStart(undefined);
    opener.current?.focus({ preventScroll: true });
  };

  useEffect(() => {
    if (isRefused && isOpen) close();
  }, [isRefused]);

  /** @returns whether the key was used */
  const press = ({ key }: KeyboardEvent): boolean => {
    if (!isOpen) {
      if (key === 'ArrowDown' || key === 'ArrowUp') setStart(key === 'ArrowUp' ? 'last' : 'first');
      return key === 'ArrowDown' || key === 'ArrowUp';
    }
    const all = items();
    const index = all.indexOf(document.activeElement as HTMLElement); // Compared by identity only.
    const next = {
      ArrowDown: all[(index + 1) % all.length],
      ArrowUp: all.at(index - 1),
      Home: all[0],
      End: all.at(-1),
    }[key];
    if (key === 'Escape') close();
    // The focus goes on from the opener, as if the menu had not been there.
    else if (key === 'Tab') close();
    else next?.focus({ preventScroll: true });
    return next !== undefined || key === 'Escape';
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hears the keys of the buttons inside it
    <div
      class="offers"
      onKeyDown={(event) => {
        if (isComposing(event) || !press(event)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <button
        ref={opener}
        type="button"
        class="offers-opener"
        aria-label="More ways to approve"
        title="More ways to approve"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        data-test="offers"
        disabled={disabled}
        onClick={() => setStart(isOpen ? undefined : 'first')}
      >
        <Icon name="chevron-down" />
      </button>
      {isOpen && (
        <div ref={menu} class="offers-menu" role="menu" aria-label="More ways to approve" popover="manual">
          {offers.map((offer) => {
            const { title, covers } = offerText(offer);
            return (
              <button
                key={offer.duration}
                type="button"
                role="menuitem"
                tabIndex={-1}
                data-test={`approve-${offer.duration}`}
                onClick={() => {
                  setStart(undefined);
                  onPick(offer.duration);
                }}
              >
                <span>{title}</span>
                {covers !== '' && <span class="offer-covers">{covers}</span>}
              </button>
            );
          })}
        </div>
      )}
    </div>
  );
};
