import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import type { StepRecord } from '../../extension/shared/chat.ts';
import { type JsonValue, textOf } from '../../extension/shared/message.ts';
import { outsideServer, verbOf } from '../../extension/shared/toolVerb.ts';
import type { StepUndo } from '../../extension/shared/undo.ts';
import { useChat, useUnfolded } from '../chatContext.ts';
import { clock, duration, exactTime, plural } from '../format.ts';
import { dataUrl } from '../images.ts';
import { isMarkdown } from '../isMarkdown.ts';
import { canUndo, undoTitle, unknownText } from '../undo.ts';
import { useKeepFocus } from '../useKeepFocus.ts';
import { useNow } from '../useNow.ts';
import { useView } from '../view.ts';
import { decisionText, statusText, stepIcons, stepStatusLabels } from '../words.ts';
import { ApprovalCard } from './ApprovalCard.tsx';
import { DiffCounts, DiffView } from './DiffView.tsx';
import { Icon } from './Icon.tsx';
import { IconButton } from './IconButton.tsx';
import { Markdown } from './Markdown.tsx';

/** Shorter steps show no time: it would say nothing. In milliseconds. */
const notableTime = 1_000;
/** Lines of live output below a running step. */
const tailLines = 4;

const inputText = (value: JsonValue): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 2);

const Section = ({ title, text }: { title: string; text: string }) => (
  <div class="step-section">
    <div class="step-section-title">{title}</div>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
    <pre tabIndex={0}>{text}</pre>
  </div>
);

const DrawnOutput = ({ text }: { text: string }) => (
  <div class="step-section">
    <div class="step-section-title">output</div>
    <div class="step-drawn">
      <Markdown text={text} isStreaming={false} />
    </div>
  </div>
);

interface UndoProps {
  readonly undo: StepUndo;
  /** Takes the focus when the button goes. */
  readonly heir: RefObject<HTMLElement | null>;
  readonly onUndo: () => void;
}

const UndoButton = ({ undo, heir, onUndo }: UndoProps) => {
  const holder = useRef<HTMLSpanElement>(null);
  useKeepFocus(holder, heir);
  return (
    <span ref={holder}>
      <button
        type="button"
        class="text-button"
        title={undoTitle(undo)}
        data-test="undo-details"
        onClick={onUndo}
      >
        Undo ({plural(undo.files, 'file')})
      </button>
    </span>
  );
};

/** In the line of a step. */
const UndoInLine = ({ record, undo, heir, onUndo }: UndoProps & { record: StepRecord }) => {
  const holder = useRef<HTMLSpanElement>(null);
  useKeepFocus(holder, heir);
  const { tool, title } = record.step;
  return (
    <span ref={holder} class="step-undo">
      <button
        type="button"
        class="text-button"
        aria-label={`Undo ${verbOf(tool)} ${title}: ${plural(undo.files, 'file')}`}
        title={undoTitle(undo)}
        data-test="undo-step"
        onClick={onUndo}
      >
        Undo
      </button>
    </span>
  );
};

/** What of a step can be taken back, what was, and what cannot be. */
const UndoDetails = ({ undo, heir, onUndo }: UndoProps) => {
  const unknown = unknownText(undo);
  const files = plural(undo.files, 'file');
  return (
    <div class="step-undo-details">
      {undo.undoneAt !== undefined && (
        <p>
          <span title={exactTime(undo.undoneAt)}>Undone: {files} put back.</span>{' '}
          <button type="button" class="text-button" data-test="show-undone" onClick={onUndo}>
            Show
          </button>
        </p>
      )}
      {canUndo(undo) && <UndoButton undo={undo} heir={heir} onUndo={onUndo} />}
      {unknown !== '' && <p data-test="unknown">{unknown}</p>}
    </div>
  );
};

interface DetailsProps {
  readonly record: StepRecord;
  readonly heir: RefObject<HTMLElement | null>;
  readonly onReview: () => void;
  readonly onUndo: () => void;
}

const Details = ({ record, heir, onReview, onUndo }: DetailsProps) => {
  const { step, result, diffs } = record;
  const output = result === undefined ? record.liveOutput : textOf(result.content);
  const images = result?.content.filter((block) => block.type === 'image') ?? [];
  const decision = decisionText(record);
  // What a skill printed has tables and links in it, and so may what a server answered; while it runs it is not whole.
  const isDrawn =
    result !== undefined &&
    (step.tool === 'run_skill' || (outsideServer(step.tool) !== undefined && isMarkdown(output)));
  return (
    <div class="step-details">
      {decision !== undefined && <p class="step-decision">{decision}</p>}
      {record.undo !== undefined && <UndoDetails undo={record.undo} heir={heir} onUndo={onUndo} />}
      {Object.entries(step.input).map(([name, value]) => (
        <Section key={name} title={name} text={inputText(value)} />
      ))}
      {diffs.map((diff) => (
        <DiffView key={diff.path} diff={diff} onOpen={onReview} />
      ))}
      {output !== '' && (isDrawn ? <DrawnOutput text={output} /> : <Section title="output" text={output} />)}
      {images.map((image, index) => (
        <img
          key={index}
          class="step-image"
          src={dataUrl(image)}
          alt={image.name ?? 'Picture from this step'}
        />
      ))}
    </div>
  );
};

const Elapsed = ({ since }: { since: number }) => (
  <span class="step-time">{clock(useNow(1_000) - since)}</span>
);

const Time = ({ record }: { record: StepRecord }) => {
  if (record.status === 'running') return <Elapsed since={record.startedAt} />;
  if (record.endedAt === undefined || record.endedAt - record.startedAt < notableTime) return null;
  return (
    <span class="step-time" title={exactTime(record.endedAt)}>
      {duration(record.endedAt - record.startedAt)}
    </span>
  );
};

const Result = ({ record }: { record: StepRecord }) => {
  const { diffs, status, undo } = record;
  if (undo?.undoneAt !== undefined) {
    return (
      <span class="step-summary" title={exactTime(undo.undoneAt)}>
        Undone
      </span>
    );
  }
  if (status === 'completed' && diffs.length > 0) {
    const added = diffs.reduce((sum, diff) => sum + diff.added, 0);
    const removed = diffs.reduce((sum, diff) => sum + diff.removed, 0);
    return <DiffCounts added={added} removed={removed} />;
  }
  const isPlain = status === 'completed' || status === 'running';
  return <span class="step-summary">{isPlain ? record.summary : record.summary || statusText(record)}</span>;
};

const LiveTail = ({ output }: { output: string }) => {
  const lines = output.trimEnd().split('\n').slice(-tailLines).join('\n');
  return lines === '' ? null : <pre class="step-tail">{lines}</pre>;
};

/** One step: a line that opens to all there is to know about it; the approval card while it waits. */
export const StepCard = ({ record, jobId }: { record: StepRecord; jobId: string }) => {
  const { post } = useView();
  const [isOpen, setOpen] = useUnfolded([record.step.id]);
  const toggle = useRef<HTMLButtonElement>(null);
  const { step, status, prompt } = record;
  const { sessionId } = useChat();
  const review = () => post({ type: 'review', stepId: step.id });
  // A chat that is only just beginning has no name yet by which the host would find the step.
  const undo = () => {
    if (sessionId !== '') post({ type: 'undoStep', sessionId, stepId: step.id });
  };
  const hasDiff = record.diffs.length > 0;
  if (status === 'waiting' && prompt !== undefined) {
    return (
      <div class="step" data-test="step" data-item={step.id} data-status={status} data-tool={step.tool}>
        <ApprovalCard record={record} prompt={prompt} />
      </div>
    );
  }
  return (
    <div class="step" data-test="step" data-item={step.id} data-status={status} data-tool={step.tool}>
      <div class="step-line">
        <button
          ref={toggle}
          type="button"
          class="step-toggle"
          aria-expanded={isOpen}
          title={[`${step.tool}: ${step.title}`, decisionText(record)].filter(Boolean).join('\n')}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={stepIcons[status]} spin={status === 'running'} />
          <span class="visually-hidden">{stepStatusLabels[status]}: </span>
          <span class="step-verb">{verbOf(step.tool)}</span>
          <span class="step-target">{step.title}</span>
          <Result record={record} />
          <Time record={record} />
        </button>
        {canUndo(record.undo) && sessionId !== '' && (
          <UndoInLine record={record} undo={record.undo} heir={toggle} onUndo={undo} />
        )}
        {hasDiff && (
          <IconButton
            icon="diff"
            label={`Review the change of ${step.title}`}
            test="review"
            onPress={review}
          />
        )}
        {status === 'running' && (
          <IconButton icon="debug-stop" label="Stop" onPress={() => post({ type: 'stop', jobId })} />
        )}
      </div>
      {status === 'running' && !isOpen && <LiveTail output={record.liveOutput} />}
      {isOpen && <Details record={record} heir={toggle} onReview={review} onUndo={undo} />}
    </div>
  );
};
