import type { RefObject } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';
import type { StepRecord } from '../../extension/shared/chat.ts';
import type { ApprovalPrompt } from '../../extension/shared/event.ts';
import type { RuleDuration, RuleOffer } from '../../extension/shared/rule.ts';
import { factsOf, reasonText } from '../asking.ts';
import { GroupContext } from '../groupContext.ts';
import { isComposing } from '../keys.ts';
import { useExpiry } from '../useExpiry.ts';
import { useKeepFocus } from '../useKeepFocus.ts';
import { useUndecided } from '../useUndecided.ts';
import { useView } from '../view.ts';
import { isToldByDiff } from '../words.ts';
import { Button } from './Button.tsx';
import { Caution } from './Caution.tsx';
import { DiffView } from './DiffView.tsx';
import { Icon } from './Icon.tsx';
import { OfferMenu } from './OfferMenu.tsx';
import { Payload } from './Payload.tsx';
import { TextField } from './TextField.tsx';

/** After this long without an answer of the host, the buttons work again. In milliseconds. */
const answerDeadline = 5_000;

/** Why it asks, and what else there is to know, in one quiet line; a warning where it asks whatever the rules say. */
const Why = ({ record, prompt }: { record: StepRecord; prompt: ApprovalPrompt }) => {
  const expiry = useExpiry(prompt.expiresAt);
  const reason = reasonText(prompt);
  const facts = [...factsOf(record.step, prompt), ...(expiry === '' ? [] : [expiry])];
  const quiet = [...(prompt.isCautioned || reason === '' ? [] : [reason]), ...facts];
  return (
    <>
      {prompt.isCautioned && reason !== '' && <Caution text={reason} />}
      {quiet.length > 0 && (
        <p class="approval-why" data-test="why">
          {quiet.join(' · ')}
        </p>
      )}
    </>
  );
};

interface AnswersProps {
  readonly offers: readonly RuleOffer[];
  readonly disabled: boolean;
  readonly isUnclear: boolean;
  /** Where the focus goes when these go. */
  readonly heir: RefObject<HTMLElement | null>;
  readonly onDecide: (isApproved: boolean, scope: 'once' | RuleDuration) => void;
  readonly onReview: () => void;
  readonly onReason: () => void;
}

const Answers = ({ offers, disabled, isUnclear, heir, onDecide, onReview, onReason }: AnswersProps) => {
  const answers = useRef<HTMLDivElement>(null);
  useKeepFocus(answers, heir);
  return (
    <div ref={answers} class="approval-answers">
      <div class="approval-buttons">
        <div class={offers.length > 0 ? 'split' : ''}>
          <Button
            primary
            label="Approve"
            title="Approve (Ctrl+Enter)"
            test="approve"
            disabled={disabled}
            onPress={() => onDecide(true, 'once')}
          />
          {offers.length > 0 && (
            <OfferMenu
              offers={offers}
              disabled={disabled}
              isRefused={isUnclear}
              onPick={(duration) => {
                heir.current?.focus({ preventScroll: true });
                onDecide(true, duration);
              }}
            />
          )}
        </div>
        <Button
          label="Reject"
          title="Reject (Esc)"
          test="reject"
          disabled={disabled}
          onPress={() => onDecide(false, 'once')}
        />
        <button
          type="button"
          class="text-button"
          title="Open the exact change or input"
          data-test="review"
          onClick={onReview}
        >
          Review
        </button>
      </div>
      <TextField
        class="reason"
        label="Reason for rejecting (optional)"
        placeholder="What to do instead"
        test="reason"
        onText={onReason}
      />
      {isUnclear && (
        <Caution
          isAlert
          text="There is a reason for rejecting. Press Enter in its field to reject, or clear it to approve."
        />
      )}
    </div>
  );
};

/** The one thing that needs the person: what exactly will happen, and the answers. Same record as the modal. */
export const ApprovalCard = ({ record, prompt }: { record: StepRecord; prompt: ApprovalPrompt }) => {
  const { post } = useView();
  const card = useRef<HTMLElement>(null);
  const [isSent, setSent] = useState(false);
  /** The keyboard approved while a reason for rejecting was written: one of both is a mistake. */
  const [isUnclear, setUnclear] = useState(false);
  const group = useContext(GroupContext);
  const stepId = record.step.id;
  const answer = group?.answers.get(stepId);
  useKeepFocus(card);

  useEffect(() => {
    if (!isSent) return;
    const timer = setTimeout(() => setSent(false), answerDeadline);
    return () => clearTimeout(timer);
  }, [isSent]);

  useUndecided(useCallback((id) => id === stepId && setSent(false), [stepId]));

  // Out of the field itself: what stands there is what the person means, whatever was heard of its typing.
  const writtenReason = (): string => {
    const field = card.current?.querySelector('.reason') ?? null;
    return field !== null && 'value' in field ? String(field.value).trim() : '';
  };

  const decide = (approved: boolean, scope: 'once' | RuleDuration) => {
    if (isSent || answer !== undefined) return;
    setSent(true);
    const why = writtenReason();
    post({ type: 'decide', stepId, approved, scope, ...(approved || why === '' ? {} : { reason: why }) });
    group?.onAnswer(stepId, approved);
  };
  const review = () => post({ type: 'review', stepId });

  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    const isIn = (selector: string) =>
      event.target instanceof Element && event.target.closest(selector) !== null;
    const isShortcut = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    const isPress =
      (event.key === 'Enter' || event.key === ' ') && isIn('[data-test^=approve-], [data-test=approve]');
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
      tabIndex={-1}
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
      <Why record={record} prompt={prompt} />
      {answer !== undefined ? (
        <p class="approval-why" data-test="answered">
          {answer
            ? 'Approved. It runs when its turn comes.'
            : 'Rejected. The agent reads it when its turn comes.'}
        </p>
      ) : (
        <Answers
          offers={prompt.offers}
          disabled={isSent}
          isUnclear={isUnclear}
          heir={card}
          onDecide={decide}
          onReview={review}
          onReason={() => setUnclear(false)}
        />
      )}
    </section>
  );
};
