import { type FileHandle, open } from 'node:fs/promises';
import { joinEvents } from '../core/joinEvents.ts';
import { liveOutputLimit } from '../shared/chat.ts';
import { type AgentEvent, endsJob } from '../shared/event.ts';
import { type Answer, answerLine, type Header, headerLine } from './liveLine.ts';
import { eventLines } from './liveParts.ts';

/** Milliseconds in which what happens is written together. */
const flushInterval = 50;

/** Live output that has been written of a job, in characters, and how often more of it is written from then on. */
const progressIntervals = [
  { after: 1_000_000, interval: 2_000 },
  { after: 200_000, interval: 500 },
] as const;

/** Characters that are written at once. */
const batchLength = 100_000;

export interface LiveFileOptions {
  /** Done before the file is made. */
  prepare(): Promise<void>;
  newId(): string;
  /** Called once: nothing more is written then. */
  onFailure(error: unknown): void;
}

interface Pending {
  readonly event: AgentEvent;
  /** Begins the preview of a reply, which is known by when that was: nothing may be joined to it. */
  readonly isFirst: boolean;
}

const isPreview = (event: AgentEvent): boolean => event.type === 'Token' || event.type === 'Thinking';

/**
 * Writes what a job tells to its file, in order: streaming text joined, of live output no more than a chat shows, and
 * the more seldom the more there is of it, so that the file stays small whatever a command prints.
 */
export class LiveFile {
  readonly #file: string;
  readonly #header: Header;
  readonly #options: LiveFileOptions;
  #handle: FileHandle | undefined;
  #pending: Pending[] = [];
  #answers: Answer[] = [];
  #isPreviewing = false;
  #progressWritten = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #flushedAt = 0;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(file: string, header: Header, options: LiveFileOptions) {
    this.#file = file;
    this.#header = header;
    this.#options = options;
  }

  add(event: AgentEvent): void {
    if (this.#isClosed) return;
    const isFirst = isPreview(event) && !this.#isPreviewing;
    if (isPreview(event)) this.#isPreviewing = true;
    else if (event.type === 'TurnCompleted' || endsJob(event)) this.#isPreviewing = false;
    const last = this.#pending.at(-1);
    const joined = last === undefined || last.isFirst ? undefined : joinEvents(last.event, event);
    if (joined === undefined) this.#pending.push({ event, isFirst });
    else this.#pending[this.#pending.length - 1] = { event: joined, isFirst: false };
    this.#cutProgress();
    this.#flushIn(event.type === 'StepProgress' ? this.#progressInterval() : flushInterval);
  }

  answer(answer: Answer): void {
    if (this.#isClosed) return;
    this.#answers.push(answer);
    this.#flushIn(0);
  }

  /** Writes what is left. Nothing is taken after that. */
  async close(): Promise<void> {
    this.#flush();
    this.#isClosed = true;
    await this.#writing;
    await this.#handle?.close().catch(() => undefined);
    this.#handle = undefined;
  }

  /** Output that nobody would see any more is not kept until it is written either. */
  #cutProgress(): void {
    const last = this.#pending.at(-1);
    if (last?.event.type !== 'StepProgress' || last.event.text.length <= 2 * liveOutputLimit) return;
    const text = last.event.text.slice(-liveOutputLimit);
    this.#pending[this.#pending.length - 1] = { event: { ...last.event, text }, isFirst: false };
  }

  #progressInterval(): number {
    const found = progressIntervals.find(({ after }) => this.#progressWritten > after);
    return found?.interval ?? flushInterval;
  }

  /** At once when the last time is longer ago than that. */
  #flushIn(interval: number): void {
    const dueAt = Math.max(performance.now(), this.#flushedAt + interval);
    if (this.#timer !== undefined && this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#flush(), Math.max(0, dueAt - performance.now())).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedAt = performance.now();
    const events = this.#pending.splice(0).map(({ event }) => {
      if (event.type !== 'StepProgress') return event;
      const text = event.text.slice(-liveOutputLimit);
      this.#progressWritten += text.length;
      return { ...event, text };
    });
    const answers = this.#answers.splice(0);
    if (events.length + answers.length === 0 || this.#isClosed) return;
    this.#writing = this.#writing
      .then(() => this.#write(this.#lines(events, answers)))
      .catch((error: unknown) => this.#fail(error));
  }

  *#lines(events: readonly AgentEvent[], answers: readonly Answer[]): Generator<string, void> {
    if (this.#handle === undefined) yield headerLine(this.#header);
    for (const event of events) yield* eventLines(event, this.#options.newId);
    for (const answer of answers) yield answerLine(answer);
  }

  /** Makes the lines while it writes, so that no more of them is made at once than can be written at once. */
  async #write(lines: Iterable<string>): Promise<void> {
    let text = '';
    for (const line of lines) {
      text += line;
      if (text.length < batchLength) continue;
      await this.#append(text);
      text = '';
    }
    if (text !== '') await this.#append(text);
  }

  async #append(text: string): Promise<void> {
    if (this.#handle === undefined) {
      await this.#options.prepare();
      // Nobody else on this machine is to read along, and what is there already is not ours.
      this.#handle = await open(this.#file, 'ax', 0o600);
    }
    await this.#handle.appendFile(text);
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onFailure(error);
  }
}
