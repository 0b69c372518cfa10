import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createFrameReader, type OutputPiece, pumpOutput } from '../../extension/sandbox/output.ts';

const frame = (kind: number, bytes: Buffer): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
};

const join = (pieces: readonly OutputPiece[], stream: OutputPiece['stream']): string =>
  Buffer.concat(pieces.filter((piece) => piece.stream === stream).map(({ bytes }) => bytes)).toString('hex');

async function* sourceOf(chunks: readonly Buffer[]) {
  for (const chunk of chunks) yield chunk;
}

describe('createFrameReader', () => {
  it('takes frames apart wherever they are cut', () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (all, cuts) => {
        const whole = Buffer.concat(all.map(([kind, bytes]) => frame(kind, Buffer.from(bytes))));
        const read = createFrameReader();
        const pieces: OutputPiece[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          pieces.push(...read(whole.subarray(at, at + length)));
          at += length;
        }
        for (const [kind, stream] of [
          [1, 'stdout'],
          [2, 'stderr'],
        ] as const) {
          const expected = all.filter(([each]) => each === kind).map(([, bytes]) => Buffer.from(bytes));
          assert.equal(join(pieces, stream), Buffer.concat(expected).toString('hex'));
        }
      }),
    );
  });

  it('refuses what is no frame', () => {
    assert.throws(() => createFrameReader()(Buffer.from('GET / HTTP')), /cannot be understood/);
  });
});

describe('pumpOutput', () => {
  const pump = (chunks: readonly Buffer[], mostBytes = 1_000) => {
    const taken: string[] = [];
    let floods = 0;
    const pumping = pumpOutput(sourceOf(chunks), {
      mostBytes,
      now: () => 5,
      onOutput: async (chunk, stream) => {
        taken.push(`${stream} ${chunk}`);
      },
      onFlood: () => {
        floods += 1;
      },
    });
    return { pumping, taken, floods: () => floods };
  };

  it('gives on in order, and tells when the first came', async () => {
    const { pumping, taken } = pump([
      frame(1, Buffer.from('a')),
      frame(2, Buffer.from('b')),
      frame(1, Buffer.alloc(0)),
    ]);
    await pumping.done;
    assert.deepEqual(taken, ['stdout a', 'stderr b']);
    assert.deepEqual([pumping.firstAt(), pumping.isFlooding(), pumping.isDone()], [5, false, true]);
  });

  it('takes exactly as much as it may, and says once that there is more', async () => {
    const just = pump([frame(1, Buffer.from('abcd'))], 4);
    await just.pumping.done;
    assert.deepEqual([just.taken, just.floods()], [['stdout abcd'], 0]);
    const more = pump(
      [frame(1, Buffer.from('abc')), frame(1, Buffer.from('de')), frame(2, Buffer.from('f'))],
      4,
    );
    await more.pumping.done;
    assert.deepEqual([more.taken, more.floods()], [['stdout abc', 'stdout d'], 1]);
    assert.ok(more.pumping.isFlooding());
  });

  it('ends loudly where the engine sends what is no output', async () => {
    const { pumping, taken } = pump([frame(1, Buffer.from('a')), frame(9, Buffer.from('b'))]);
    await assert.rejects(pumping.done, /cannot be understood.*is kept/);
    assert.deepEqual(taken, ['stdout a']);
  });

  it('ends quietly when the connection breaks, and loudly when the output cannot be taken', async () => {
    const broken = async function* () {
      yield frame(1, Buffer.from('a'));
      throw new Error('ECONNRESET');
    };
    const ports = { mostBytes: 10, now: () => 0, onFlood: () => undefined };
    await pumpOutput(broken(), { ...ports, onOutput: async () => undefined }).done;
    const full = new Error('disk full');
    const failing = pumpOutput(sourceOf([frame(1, Buffer.from('a'))]), {
      ...ports,
      onOutput: () => Promise.reject(full),
    });
    await assert.rejects(failing.done, (error) => error === full);
  });
});
