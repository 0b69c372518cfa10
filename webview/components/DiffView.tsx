import type { FileDiff } from '../../extension/shared/event.ts';
import { plural } from '../format.ts';
import { diffTitle } from '../words.ts';

/** More than this belongs into the diff editor. */
const lineLimit = 12;

const classOf = (line: string): string =>
  line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : line.startsWith('@@') ? 'hunk' : '';

export const DiffCounts = ({ added, removed }: { added: number; removed: number }) => (
  <span class="diff-counts">
    <span class="count-added" title={`${plural(added, 'line')} added`}>
      +{added}
    </span>{' '}
    <span class="count-removed" title={`${plural(removed, 'line')} removed`}>
      {/* A real minus is as wide as the plus. */}
      {'\u2212'}
      {removed}
    </span>
  </span>
);

/** The beginning of a file's change; the rest is one press away in the diff editor. */
export const DiffView = ({ diff, onOpen }: { diff: FileDiff; onOpen: () => void }) => {
  const lines = diff.patch === '' ? [] : diff.patch.replace(/\n$/, '').split('\n');
  const shown = lines.slice(0, lineLimit);
  const hidden = lines.length - shown.length + diff.omittedLines;
  return (
    <div class="diff">
      <div class="diff-title">
        <span class="diff-path" title={diffTitle(diff)}>
          {diffTitle(diff)}
        </span>
        <DiffCounts added={diff.added} removed={diff.removed} />
      </div>
      {shown.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre class="diff-lines" tabIndex={0}>
          {shown.map((line, index) => (
            <span key={index} class={`diff-line ${classOf(line)}`}>
              {`${line}\n`}
            </span>
          ))}
        </pre>
      )}
      {hidden > 0 && (
        <button type="button" class="text-button" onClick={onOpen}>
          {plural(hidden, 'more line')}, open the diff
        </button>
      )}
    </div>
  );
};
