import { useEffect, useRef, useState } from 'preact/hooks';
import type { StepRecord } from '../../extension/shared/chat.ts';
import type { ApprovalPrompt } from '../../extension/shared/event.ts';
import { plural } from '../format.ts';
import { isComposing } from '../keys.ts';
import { useKeepFocus } from '../useKeepFocus.ts';
import { useView } from '../view.ts';
import { isToldByDiff } from '../words.ts';
import { Button } from './Button.tsx';
import { DiffView } from './DiffView.tsx';
import { Icon } from './Icon.tsx';
import { TextField } from './TextField.tsx';

/** Lines of the payload that are shown before "+N lines". */
const lineLimit = 12;
/** After this long without an answer of the host, the buttons work again. In milliseconds. */
const answerDeadline = 5_000;

const Payload = ({ text, onOpen }: { text: string; onOpen: () => void }) => {
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

/** The one thing that needs the person: what exactly will happen, and the answers. Same record as the modal. */
export const ApprovalCard = ({ record, prompt }: { record: StepRecord; prompt: ApprovalPrompt }) => {
  const { post } = useView();
  const card = useRef<HTMLElement>(null);
  const [isSent, setSent] = useState(false);
  /** The keyboard approved while a reason for rejecting was written: one of both is a mistake. */
  const [isUnclear, setUnclear] = useState(false);
  const stepId = record.step.id;
  useKeepFocus(card);

  useEffect(() => {
    if (!isSent) return;
    const timer = setTimeout(() => setSent(false), answerDeadline);
    return () => clearTimeout(timer);
  }, [isSent]);

  // Out of the field itself: what stands there is what the person means, whatever was heard of its typing.
  const writtenReason = (): string => {
    const field = card.current?.querySelector('.reason') ?? null;
    return field !== null && 'value' in field ? String(field.value).trim() : '';
  };

  const decide = (approved: boolean, scope: 'once' | 'session') => {
    if (isSent) return;
    setSent(true);
    const why = writtenReason();
    post({ type: 'decide', stepId, approved, scope, ...(approved || why === '' ? {} : { reason: why }) });
  };
  const review = () => post({ type: 'review', stepId });

  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    const isIn = (selector: string) => event.target instanceof Element && event.target.matches(selector);
    const isShortcut = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    const isPress = (event.key === 'Enter' || event.key === ' ') && isIn('[data-test^=approve]');
    if (event.key === 'Escape') decide(false, 'once');
    // Enter in the reason field, with or without Ctrl, means the answer the reason is for.
    else if (event.key === 'Enter' && isIn('.reason')) decide(false, 'once');
    else if ((isShortcut || isPress) && writtenReason() !== '') setUnclear(true);
    else if (isShortcut) decide(true, 'once');
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <section
      ref={card}
      class="approval"
      data-test="approval"
      aria-label={`Approval needed: ${prompt.title}`}
      onKeyDown={onKeyDown}
    >
      <div class="approval-title">
        <Icon name="shield" />
        <span>{prompt.title}</span>
      </div>
      {!isToldByDiff(prompt) && <Payload text={prompt.detail} onOpen={review} />}
      {prompt.diffs.map((diff) => (
        <DiffView key={diff.path} diff={diff} onOpen={review} />
      ))}
      {prompt.caution !== undefined && (
        <p class="caution">
          <Icon name="warning" />
          <span>{prompt.caution}</span>
        </p>
      )}
      <div class="approval-buttons">
        <Button
          primary
          label="Approve"
          title="Approve (Ctrl+Enter)"
          test="approve"
          disabled={isSent}
          onPress={() => decide(true, 'once')}
        />
        {prompt.grant !== undefined && (
          <Button
            label="For this session"
            name={`Approve for this session: ${prompt.grant.label}`}
            title={`Approve, and do not ask again in this chat for ${prompt.grant.label}`}
            test="approve-session"
            disabled={isSent}
            onPress={() => decide(true, 'session')}
          />
        )}
        <Button
          label="Reject"
          title="Reject (Esc)"
          test="reject"
          disabled={isSent}
          onPress={() => decide(false, 'once')}
        />
        <button
          type="button"
          class="text-button"
          title="Open the exact change or input"
          data-test="review"
          onClick={review}
        >
          Review
        </button>
      </div>
      {prompt.grant !== undefined && (
        <p class="approval-scope">“For this session” covers, in this chat: {prompt.grant.label}.</p>
      )}
      <TextField
        class="reason"
        label="Reason for rejecting (optional)"
        placeholder="What to do instead"
        test="reason"
        onText={() => setUnclear(false)}
      />
      {isUnclear && (
        <p class="caution" role="alert">
          <Icon name="warning" />
          <span>
            There is a reason for rejecting. Press Enter in its field to reject, or clear it to approve.
          </span>
        </p>
      )}
    </section>
  );
};
