import { useRef } from 'preact/hooks';
import type { RunningJob } from '../../extension/shared/chat.ts';
import { imageMediaTypes, type TokenUsage } from '../../extension/shared/message.ts';
import type { Surroundings } from '../../extension/shared/protocol.ts';
import type { ApprovalMode } from '../../extension/shared/rule.ts';
import { useView } from '../view.ts';
import { modeIcons, modeLabels, modeTexts } from '../words.ts';
import { Icon } from './Icon.tsx';
import { IconButton } from './IconButton.tsx';
import { Usage } from './Usage.tsx';

export interface ComposerBarProps {
  readonly surroundings: Surroundings;
  readonly usage: TokenUsage;
  readonly costUsd: number;
  readonly unpriced: number;
  readonly job: RunningJob | undefined;
  readonly isSending: boolean;
  readonly isSendable: boolean;
  readonly onSend: () => void;
  readonly onStop: () => void;
  readonly onAttach: (files: readonly File[]) => void;
}

const Picker = (props: { text: string; label: string; test: string; class: string; onPress: () => void }) => (
  <button
    type="button"
    class={`picker ${props.class}`}
    data-test={props.test}
    aria-label={props.label}
    title={props.label}
    onClick={props.onPress}
  >
    <span>{props.text}</span>
    <Icon name="chevron-down" />
  </button>
);

/** What runs in this chat without asking. */
const ModeButton = ({ mode, onPress }: { mode: ApprovalMode; onPress: () => void }) => (
  <button
    type="button"
    class={`picker mode ${mode}`}
    data-test="mode"
    aria-label={`Approvals: ${modeLabels[mode]}. Choose another mode`}
    title={`Approvals: ${modeLabels[mode]}\n${modeTexts[mode]}`}
    onClick={onPress}
  >
    <span class="mode-label">{modeLabels[mode]}</span>
    <Icon name={modeIcons[mode]} />
  </button>
);

/** Below the text: who answers, with which model, what runs without asking, what it has cost so far, and send or stop. */
export const ComposerBar = (props: ComposerBarProps) => {
  const { surroundings, usage, costUsd, unpriced, job, isSending, isSendable, onSend, onStop, onAttach } =
    props;
  const { post } = useView();
  const files = useRef<HTMLInputElement>(null);
  const { agentName, modelLabel, isDemo } = surroundings;
  // The label names provider and model; the model alone fits.
  const model = modelLabel.replace(/^[^:]+: /, '');
  return (
    <div class="composer-bar">
      <input
        ref={files}
        type="file"
        hidden
        multiple
        accept={imageMediaTypes.join(',')}
        onChange={(event) => {
          onAttach([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
      <IconButton icon="attach" label="Attach pictures" onPress={() => files.current?.click()} />
      {/* Before the first snapshot there is nothing to name. */}
      {agentName !== '' && (
        <>
          <Picker
            class="agent"
            text={agentName}
            label={`Agent: ${agentName}. Choose another`}
            test="agent"
            onPress={() => post({ type: 'pickAgent' })}
          />
          <Picker
            class="model"
            text={isDemo && !/demo/i.test(model) ? `${model} (demo)` : model}
            label={`Model: ${modelLabel}. Choose another`}
            test="model"
            onPress={() => post({ type: 'pickModel' })}
          />
          <ModeButton mode={surroundings.mode} onPress={() => post({ type: 'pickMode' })} />
        </>
      )}
      <span class="bar-space" />
      <Usage usage={usage} costUsd={costUsd} unpriced={unpriced} />
      {job === undefined ? (
        <IconButton
          icon={isSending ? 'loading' : 'send'}
          class={isSending ? 'send sending' : 'send'}
          label="Send (Enter)"
          test="send"
          disabled={!isSendable}
          onPress={onSend}
        />
      ) : (
        <IconButton icon="debug-stop" class="stop" label="Stop (Esc)" test="stop" onPress={onStop} />
      )}
    </div>
  );
};
