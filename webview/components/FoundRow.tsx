import type { FoundSession, SearchHit } from '../../extension/shared/session.ts';
import { exactTime, plural, relativeTime } from '../format.ts';
import { lineOf } from '../sessions.ts';
import { Icon } from './Icon.tsx';
import { Marked } from './Marked.tsx';
import { SessionRow, type SessionRowProps } from './SessionRow.tsx';

const kinds: Readonly<Record<SearchHit['kind'], { readonly icon: string; readonly label: string }>> = {
  user: { icon: 'account', label: 'You' },
  assistant: { icon: 'comment', label: 'Answer' },
  step: { icon: 'tools', label: 'Step' },
};

export interface FoundRowProps
  extends Omit<SessionRowProps, 'session' | 'titleRanges' | 'isFound' | 'isTabStop' | 'children'> {
  readonly found: FoundSession;
  readonly tabStop: string;
}

/** Tells the hits of one chat from those of another. */
export const hitKey = (sessionId: string, { row }: SearchHit): string => `${sessionId} ${row}`;

/** A chat that was found, and below it where. */
export const FoundRow = ({ found, tabStop, ...row }: FoundRowProps) => {
  const { session, titleRanges, hits, moreHits } = found;
  return (
    <SessionRow
      {...row}
      session={session}
      titleRanges={titleRanges}
      isFound
      isTabStop={tabStop === session.id}
    >
      {hits.length > 0 && (
        <ul class="hits">
          {hits.map((hit) => {
            const { icon, label } = kinds[hit.kind];
            const key = hitKey(session.id, hit);
            return (
              <li key={hit.row} class="hit">
                <button
                  type="button"
                  class="hit-open"
                  data-test="hit"
                  data-key={key}
                  tabIndex={tabStop === key ? 0 : -1}
                  title={`${label}, ${exactTime(hit.at)}\n${hit.snippet}`}
                  onClick={() => row.actions.open(session.id, hit.row)}
                >
                  <Icon name={icon} />
                  <span class="visually-hidden">{label}: </span>
                  <span class="hit-text">
                    <Marked {...lineOf(hit)} />
                  </span>
                  <span class="session-time">{relativeTime(hit.at, row.now)}</span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {moreHits > 0 && <p class="more-hits">{plural(moreHits, 'more place', 'more places')} in this chat</p>}
    </SessionRow>
  );
};
