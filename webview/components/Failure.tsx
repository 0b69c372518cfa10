import { useAct, useView } from '../view.ts';
import { actionLabels } from '../words.ts';
import { Button } from './Button.tsx';
import { Explanation } from './EmptyState.tsx';

/** In the place of a chat that could not be read. */
export const Failure = ({ message, isRetrying }: { message: string; isRetrying: boolean }) => {
  const { update } = useView();
  const act = useAct();
  return (
    <div class="empty" role="alert" data-test="failure">
      <Explanation icon="error" text={message}>
        <Button
          primary
          label={actionLabels.retry}
          test="act-retry"
          disabled={isRetrying}
          // Whoever waits for a snapshot asks for one.
          onPress={() => update((state) => ({ ...state, sync: 'waiting' }))}
        />
        <Button label={actionLabels.openLog} test="act-openLog" onPress={() => act('openLog')} />
      </Explanation>
    </div>
  );
};
