import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunningJob } from '../../extension/shared/chat.ts';
import type { TokenUsage } from '../../extension/shared/message.ts';
import type { Surroundings } from '../../extension/shared/protocol.ts';
import { canSend, sendDraft, typeText } from '../compose.ts';
import { type Draft, draftProblem } from '../draft.ts';
import type { Editing } from '../editing.ts';
import { imageFilesOf } from '../images.ts';
import { isComposing } from '../keys.ts';
import type { ViewState } from '../state.ts';
import { useAttach } from '../useAttach.ts';
import { useComposerMenu } from '../useComposerMenu.ts';
import { useRecall } from '../useRecall.ts';
import { useView } from '../view.ts';
import { Chips } from './Chips.tsx';
import { ComposerBar } from './ComposerBar.tsx';
import { ComposerMenu, composerMenuId, menuItemId } from './ComposerMenu.tsx';
import { ComposerNotices } from './ComposerNotices.tsx';

export interface ComposerProps {
  readonly sessionId: string;
  readonly draft: Draft;
  readonly editing: Editing | undefined;
  readonly isSending: boolean;
  readonly isSendable: boolean;
  readonly refusal: string | undefined;
  readonly focusCount: number;
  readonly job: RunningJob | undefined;
  readonly surroundings: Surroundings;
  readonly usage: TokenUsage;
  readonly costUsd: number;
  readonly unpriced: number;
  readonly attaching: ViewState['attaching'];
  readonly resources: ViewState['resources'];
}

/**
 * Where the person writes. A plain text area, not the toolkit's: that one cannot grow with its text, hides the caret
 * position behind a shadow root, and draws a border that cannot take the chips and the bar inside.
 */
export const Composer = (props: ComposerProps) => {
  const { draft, editing, focusCount, surroundings } = props;
  const { post, update, current } = useView();
  const input = useRef<HTMLTextAreaElement>(null);
  const [isDropTarget, setDropTarget] = useState(false);
  const attach = useAttach();
  const recall = useRecall(input);
  const menu = useComposerMenu(draft.text, surroundings, props.resources, input);

  useEffect(() => {
    const element = input.current;
    if (element === null || focusCount === 0) return;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, [focusCount]);

  const send = () => {
    const state = current();
    if (!canSend(state)) return;
    const { state: next, post: message } = sendDraft(state, crypto.randomUUID());
    update(() => next);
    post(message);
    recall.reset();
  };
  const stop = () => {
    const running = current().chat.job;
    if (running !== undefined) post({ type: 'stop', jobId: running.id });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (menu.onKey(event)) {
      event.preventDefault();
      // Escape closes the menu, and does not stop the job as well.
      event.stopPropagation();
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) send();
    else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      if (!recall.onArrow(event)) return;
    } else return;
    event.preventDefault();
  };

  const onPaste = (event: ClipboardEvent) => {
    const files = imageFilesOf(event.clipboardData);
    if (files.length === 0) return;
    event.preventDefault();
    void attach(files);
  };

  return (
    <section
      class="composer-area"
      aria-label="Message"
      onDragOver={(event) => {
        if (event.dataTransfer?.types.includes('Files') !== true) return;
        event.preventDefault();
        setDropTarget(true);
      }}
      onDragLeave={() => setDropTarget(false)}
      onDrop={(event) => {
        setDropTarget(false);
        if (event.dataTransfer?.types.includes('Files') !== true) return;
        event.preventDefault();
        void attach(imageFilesOf(event.dataTransfer));
      }}
    >
      <ComposerNotices {...props} problem={draftProblem(draft)} />
      <div class={`composer${isDropTarget ? ' drop-target' : ''}${editing === undefined ? '' : ' editing'}`}>
        <ComposerMenu menu={menu} />
        <Chips draft={draft} choices={surroundings.skills} attaching={props.attaching} />
        <textarea
          ref={input}
          class="composer-input"
          data-test="composer"
          rows={1}
          aria-label={`Message to ${surroundings.agentName || 'the agent'}`}
          placeholder={`Ask ${surroundings.agentName || 'the agent'}`}
          value={draft.text}
          aria-autocomplete="list"
          {...(menu.entries.length === 0
            ? {}
            : { 'aria-controls': composerMenuId, 'aria-activedescendant': menuItemId(menu.index) })}
          onInput={(event) => {
            const text = event.currentTarget.value;
            recall.reset();
            update((state) => typeText(state, text));
          }}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <ComposerBar {...props} onSend={send} onStop={stop} onAttach={attach} />
      </div>
    </section>
  );
};
