/** A part of what a program wrote, in the order of writing. */
export interface OutputPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Buffer;
}

const headerLength = 8;

/**
 * Takes apart what the engine sends of a container without a terminal: before each frame a header of its kind and
 * length. Pieces come as they arrive, a long frame in several, so nothing is held but a header that is not whole.
 * @throws Error where a header makes no sense
 */
export const createFrameReader = (): ((chunk: Buffer) => readonly OutputPiece[]) => {
  let header = Buffer.alloc(0);
  let left = 0;
  let stream: OutputPiece['stream'] = 'stdout';
  return (chunk) => {
    const pieces: OutputPiece[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      if (left > 0) {
        const bytes = rest.subarray(0, left);
        pieces.push({ stream, bytes });
        left -= bytes.length;
        rest = rest.subarray(bytes.length);
        continue;
      }
      const missing = headerLength - header.length;
      header = Buffer.concat([header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (header.length < headerLength) continue;
      const kind = header.readUInt8(0);
      if (kind > 2)
        throw new Error(
          'The container engine sent output that cannot be understood, so the program was ended. What it had written into the folder is kept. Use Docker or Podman itself at the address of the engine, nothing that changes what they say.',
        );
      stream = kind === 2 ? 'stderr' : 'stdout';
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
    return pieces;
  };
};

export interface OutputPump {
  /** Settles when the program's output has ended, or was cut off; never rejects because the engine went away. */
  readonly done: Promise<void>;
  /** Whether it has ended or was cut off. */
  isDone(): boolean;
  /** Milliseconds, by the clock given, of the last sign of life: a chunk that came, or was taken; now while one is. */
  lastAt(): number;
  /** When the first byte came. */
  firstAt(): number | undefined;
  isFlooding(): boolean;
  /** Nothing more is given on. */
  stop(): void;
}

/**
 * Gives on what a program writes, the next piece once the one before was taken.
 * @param mostBytes after them nothing is given on and `onFlood` is called, once
 */
export const pumpOutput = (
  source: AsyncIterable<Buffer | string>,
  ports: {
    readonly mostBytes: number;
    now(): number;
    onOutput(chunk: Buffer, stream: OutputPiece['stream']): Promise<void>;
    onFlood(): void;
  },
): OutputPump => {
  const read = createFrameReader();
  let taken = 0;
  let last = ports.now();
  let first: number | undefined;
  let isStopped = false;
  let isFlooding = false;
  let isDone = false;
  let isGiving = false;

  const give = async ({ bytes, stream }: OutputPiece): Promise<void> => {
    if (isStopped || bytes.length === 0) return;
    first ??= ports.now();
    const room = ports.mostBytes - taken;
    taken += bytes.length;
    const kept = bytes.subarray(0, Math.max(0, room));
    if (bytes.length > room) {
      isFlooding = true;
      isStopped = true;
      ports.onFlood();
    }
    isGiving = true;
    if (kept.length > 0) await ports.onOutput(kept, stream);
    isGiving = false;
    last = ports.now();
  };

  let failure: { readonly error: unknown } | undefined;
  const run = async (): Promise<void> => {
    try {
      for await (const chunk of source) {
        last = ports.now();
        try {
          const pieces = read(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk);
          for (const piece of pieces) await give(piece);
        } catch (error) {
          failure = { error };
          throw error;
        }
      }
    } catch (error) {
      // A connection that broke off says nothing about the program: its end is asked for elsewhere.
      if (failure !== undefined) throw error;
    } finally {
      isDone = true;
    }
  };
  const done = run();
  // Looked at where the run ends; until then it must not count as unhandled.
  done.catch(() => undefined);
  return {
    done,
    isDone: () => isDone,
    lastAt: () => (isGiving ? ports.now() : last),
    firstAt: () => first,
    isFlooding: () => isFlooding,
    stop: () => {
      isStopped = true;
    },
  };
};
