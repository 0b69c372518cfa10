import { useRef } from 'preact/hooks';
import type { Notice as NoticeValue } from '../../extension/shared/chat.ts';
import type { ErrorAction } from '../../extension/shared/event.ts';
import { useKeepFocus } from '../useKeepFocus.ts';
import { useAct } from '../view.ts';
import { actionLabels, isQuestion } from '../words.ts';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';

const Actions = ({ actions }: { actions: readonly ErrorAction[] }) => {
  const act = useAct();
  const buttons = useRef<HTMLDivElement>(null);
  useKeepFocus(buttons);
  return (
    <div ref={buttons} class="notice-buttons">
      {actions.map((action, index) => (
        <Button
          key={action}
          primary={index === 0}
          label={actionLabels[action]}
          test={`act-${action}`}
          onPress={() => act(action)}
        />
      ))}
    </div>
  );
};

/** How a job ended, when it did not simply finish, and what can be done about it. */
export const Notice = ({ notice, isLast }: { notice: NoticeValue; isLast: boolean }) => {
  if (notice.kind === 'cancelled') {
    return (
      <div class="notice quiet" data-test="notice" data-kind="cancelled">
        <Icon name="stop-circle" />
        <p>Stopped. What was done so far is kept.</p>
      </div>
    );
  }
  const { error } = notice;
  const isFailure = notice.kind === 'failed' && !isQuestion(error.kind);
  return (
    <div class={`notice ${isFailure ? 'failed' : 'interrupted'}`} data-test="notice" data-kind={error.kind}>
      <Icon name={isFailure ? 'error' : 'warning'} />
      <div>
        <p>{error.message}</p>
        {isLast && error.actions.length > 0 && <Actions actions={error.actions} />}
      </div>
    </div>
  );
};
