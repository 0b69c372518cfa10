import { useState } from 'preact/hooks';
import { plural } from '../format.ts';

/** Lines of the payload that are shown before "+N lines". */
const lineLimit = 12;

/** Exactly what would happen; never cut silently. */
export const Payload = ({ text, onOpen }: { text: string; onOpen: () => void }) => {
  const [isOpen, setOpen] = useState(false);
  const lines = text.split('\n');
  const hidden = lines.length - lineLimit;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre class="payload" tabIndex={0}>
        {hidden > 0 && !isOpen ? lines.slice(0, lineLimit).join('\n') : text}
      </pre>
      {hidden > 0 && (
        <div class="payload-more">
          <button type="button" class="text-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Show less' : `+${plural(hidden, 'line')}`}
          </button>
          <button type="button" class="text-button" onClick={onOpen}>
            Open
          </button>
        </div>
      )}
    </>
  );
};
