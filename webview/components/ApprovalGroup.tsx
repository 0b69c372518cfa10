import type { ComponentChildren } from 'preact';
import { useCallback, useMemo, useRef, useState } from 'preact/hooks';
import type { StepRecord } from '../../extension/shared/chat.ts';
import { countSteps, groupTitle } from '../asking.ts';
import { GroupContext } from '../groupContext.ts';
import { isComposing } from '../keys.ts';
import { useKeepFocus } from '../useKeepFocus.ts';
import { useUndecided } from '../useUndecided.ts';
import { useView } from '../view.ts';
import { Button } from './Button.tsx';
import { Caution } from './Caution.tsx';

interface HeadProps {
  readonly records: readonly StepRecord[];
  readonly isUnclear: boolean;
  readonly onAnswer: (isApproved: boolean) => void;
}

const Head = ({ records, isUnclear, onAnswer: answer }: HeadProps) => {
  const head = useRef<HTMLDivElement>(null);
  useKeepFocus(head);
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === 'Escape') answer(false);
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) answer(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const count = countSteps(records);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hears the keys of the buttons inside it
    <div ref={head} class="group-head" data-test="group" onKeyDown={onKeyDown}>
      <div class="group-line">
        <span class="group-title">{groupTitle(records)}</span>
        <Button
          label="Approve all"
          name={`Approve all: ${count}`}
          title={`Approve all ${count} (Ctrl+Enter)`}
          test="approve-all"
          onPress={() => answer(true)}
        />
        <Button
          label="Reject all"
          name={`Reject all: ${count}`}
          title={`Reject all ${count} (Esc)`}
          test="reject-all"
          onPress={() => answer(false)}
        />
      </div>
      {isUnclear && (
        <Caution
          isAlert
          text="There is a reason for rejecting in one of these. Answer that one by itself, or clear the reason."
        />
      )}
    </div>
  );
};

export interface ApprovalGroupProps {
  /** Of all its steps, answered ones too. */
  readonly records: readonly StepRecord[];
  readonly children: ComponentChildren;
}

/** Steps of one turn that are asked together: each can be answered alone, or all that still wait at once. */
export const ApprovalGroup = ({ records, children }: ApprovalGroupProps) => {
  const { post } = useView();
  const frame = useRef<HTMLDivElement>(null);
  const [answers, setAnswers] = useState<ReadonlyMap<string, boolean>>(new Map());
  /** All were approved while a reason for rejecting one was written. */
  const [isUnclear, setUnclear] = useState(false);
  const around = useMemo(
    () => ({
      answers,
      onAnswer: (stepId: string, isApproved: boolean) =>
        setAnswers((before) => new Map(before).set(stepId, isApproved)),
    }),
    [answers],
  );
  useUndecided(
    useCallback((stepId) => setAnswers((before) => new Map([...before].filter(([id]) => id !== stepId))), []),
  );
  const open = records.filter(({ status, step }) => status === 'waiting' && !answers.has(step.id));
  const reasonOf = (field: Element): string => ('value' in field ? String(field.value).trim() : '');

  const answerAll = (isApproved: boolean) => {
    const fields = [...(frame.current?.querySelectorAll('.reason') ?? [])];
    if (isApproved && fields.some((field) => reasonOf(field) !== '')) {
      setUnclear(true);
      return;
    }
    for (const { step } of open) {
      const field = frame.current?.querySelector(`[data-item="${CSS.escape(step.id)}"] .reason`);
      const reason = isApproved || field == null ? '' : reasonOf(field);
      post({
        type: 'decide',
        stepId: step.id,
        approved: isApproved,
        scope: 'once',
        ...(reason === '' ? {} : { reason }),
      });
    }
    setAnswers(new Map([...answers, ...open.map(({ step }) => [step.id, isApproved] as const)]));
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset draws a frame of its own
    <div
      ref={frame}
      class="approval-group"
      role="group"
      aria-label="Asked together"
      onInput={() => setUnclear(false)}
    >
      {open.length > 1 && <Head records={open} isUnclear={isUnclear} onAnswer={answerAll} />}
      <GroupContext.Provider value={around}>{children}</GroupContext.Provider>
    </div>
  );
};
