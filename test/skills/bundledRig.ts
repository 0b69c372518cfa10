/** Runs programs of the bundled skills in their containers, with the limits that they have in the product. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import type { SandboxLimits } from '../../extension/core/sandbox.ts';
import { defaultImages, defaultLimits } from '../../extension/core/skills.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import type { Skill } from '../../extension/shared/skill.ts';
import { checkArguments } from '../../extension/skills/argumentsCheck.ts';
import { makeFolders, makeSandbox, runIn } from '../sandbox/sandboxSupport.ts';
import { bundledFolder, readBundled } from './bundledSkills.ts';

export interface BundledRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
  readonly outOfMemory: string;
}

export interface BundledRig {
  /** Absolute path. */
  readonly workspace: string;
  /** `spreadsheet/read` of each program that was run. */
  readonly ran: Set<string>;
  run(program: string, input: JsonObject): Promise<BundledRun>;
  /** What it printed; the test fails where the program does. */
  print(program: string, input: JsonObject): Promise<string>;
  /** The line of its error; the test fails where there are more lines, or where it succeeds. */
  fail(program: string, input: JsonObject): Promise<string>;
  /** Any program in a skill's container. */
  python(skill: string, code: string, input?: string): Promise<BundledRun>;
  write(file: string, content: string | Buffer): void;
  read(file: string): string;
  bytes(file: string): Buffer;
  close(): Promise<void>;
}

/** Nobody granted a network. */
const limitsOf = ({ sandbox, runtime }: Skill): SandboxLimits => ({
  ...defaultLimits,
  ...sandbox,
  image: sandbox.image ?? defaultImages[runtime ?? 'shell'],
  network: false,
});

export const createBundledRig = (host: string): BundledRig => {
  const folders = makeFolders();
  const box = makeSandbox(host, folders.quarantine);
  const ran = new Set<string>();
  const place = (file: string): string => path.join(folders.workspace, file);

  const runSkill = async (skill: Skill, argv: readonly string[], input: string): Promise<BundledRun> => {
    const streams = { stdout: '', stderr: '' };
    const { exitCode, outOfMemory } = await runIn(box.sandbox, folders.workspace, argv, {
      input,
      limits: limitsOf(skill),
      spec: {
        skillFolder: path.join(bundledFolder, skill.name),
        onOutput: async (chunk, stream) => {
          streams[stream] += chunk.toString();
        },
      },
    });
    return { ...streams, exitCode, outOfMemory };
  };

  const run = async (program: string, input: JsonObject): Promise<BundledRun> => {
    const [name = '', entryName] = program.split('/');
    const skill = await readBundled(name);
    const entry = skill.entries.find((each) => each.name === entryName);
    assert.ok(entry !== undefined, `${program} is no program`);
    assert.deepEqual(checkArguments(entry.arguments, input), [], `${program} gets what its schema allows`);
    ran.add(program);
    return runSkill(skill, ['python3', `/skill/${entry.file}`], JSON.stringify(input));
  };

  return {
    workspace: folders.workspace,
    ran,
    run,
    print: async (program, input) => {
      const { stdout, stderr, exitCode } = await run(program, input);
      assert.equal(stderr, '');
      assert.equal(exitCode, 0, stdout);
      return stdout;
    },
    fail: async (program, input) => {
      const { stdout, stderr, exitCode } = await run(program, input);
      assert.equal(exitCode, 1, `${stdout}${stderr}`);
      assert.match(stderr, /^[^\n]{5,600}\n$/);
      assert.doesNotMatch(stderr, /Traceback|unexpected/);
      assert.equal(stdout, '');
      return stderr;
    },
    python: async (name, code, input = '') =>
      runSkill(await readBundled(name), ['python3', '-c', code], input),
    write: (file, content) => writeFileSync(place(file), content),
    read: (file) => readFileSync(place(file), 'utf8'),
    bytes: (file) => readFileSync(place(file)),
    close: async () => {
      await box.sandbox.close();
      folders.remove();
    },
  };
};

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** How many pixels have each colour, as `rrggbb`. */
  readonly colours: ReadonlyMap<string, number>;
}

/** The predictor of the PNG standard that comes nearest to left + up - upper left. */
const paeth = (left: number, up: number, corner: number): number => {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
};

const unfilter = (raw: Buffer, height: number, stride: number, pixel: number): Buffer => {
  const out = Buffer.alloc(height * stride);
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)] ?? 0;
    for (let at = 0; at < stride; at += 1) {
      const here = row * stride + at;
      const left = at >= pixel ? (out[here - pixel] ?? 0) : 0;
      const up = row > 0 ? (out[here - stride] ?? 0) : 0;
      const corner = row > 0 && at >= pixel ? (out[here - stride - pixel] ?? 0) : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      out[here] = ((raw[row * (stride + 1) + 1 + at] ?? 0) + guess) & 255;
    }
  }
  return out;
};

/** Of RGB or RGBA with 8 bits, not interlaced, as the programs write them. */
export const readPng = (bytes: Buffer): Picture => {
  assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const pixel = { 2: 3, 6: 4 }[bytes[25] ?? 0] ?? 0;
  assert.deepEqual([bytes[24], pixel > 0, bytes[28]], [8, true, 0]);
  const parts: Buffer[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (bytes.subarray(at + 4, at + 8).toString() === 'IDAT')
      parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const pixels = unfilter(inflateSync(Buffer.concat(parts)), height, width * pixel, pixel);
  const colours = new Map<string, number>();
  for (let at = 0; at < pixels.length; at += pixel) {
    const colour = pixels.subarray(at, at + 3).toString('hex');
    colours.set(colour, (colours.get(colour) ?? 0) + 1);
  }
  return { width, height, colours };
};

/** A program for the toolbox's Python that draws `letter.pdf`: a text, a table, and a page with a red box. */
export const drawPdf = `
import cairo
surface = cairo.PDFSurface("letter.pdf", 595, 842)
page = cairo.Context(surface)
def put(x, y, text, size=11, right=False):
    page.select_font_face("DejaVu Sans")
    page.set_font_size(size)
    page.move_to(x - (page.text_extents(text).x_advance if right else 0), y)
    page.show_text(text)
put(60, 80, "Quarterly report of the northern branch, with the numbers below.")
put(60, 100, "This paragraph has no columns, whatever stands near to it on the page.")
rows = [("Region", "Units", "Revenue"), ("North", "12", "1,200.50"), ("South West", "7", "-830.00"), ("East", "103", "=1+1")]
for number, (name, units, revenue) in enumerate(rows):
    put(60, 150 + number * 18, name)
    put(250, 150 + number * 18, units, right=True)
    put(400, 150 + number * 18, revenue, right=True)
put(60, 300, "After the table.")
page.show_page()
put(100, 200, "Second page", 30)
page.set_source_rgb(1, 0, 0)
page.rectangle(100, 300, 200, 100)
page.fill()
page.show_page()
surface.finish()
`;
