// node test/bench/main.ts [--only PARTS] [--json FILE]: measures the extension in dist/ (build it first) in the real
// extension host and workbench of VS Code's server, its window a page of headless Chromium. Nothing is mocked but the
// model, a server of raw bytes on loopback. Goals are printed, and never make it fail. Run it on a quiet machine: the
// load averages before and after stand in the result.
//
// activation  `await extension.activate()`, timed inside the extension host from another bundle, as another extension
//             would wait for it: loading, `activate`, and VS Code's own work around both. One sample per window, each
//             with an extension host of its own that has settled. An empty extension (CommonJS, `activate` does
//             nothing) in windows of its own is the floor; the figure is the difference of the medians. Files are in
//             the system's cache.
// bundles     Sizes of the files in dist/, following the static imports that esbuild wrote down. `at activation` is
//             dist/extension.js and what it imports. `at the first view` adds the chunk that it then loads, the storage
//             thread and SQLite's wasm. `webview` is the script and style that the view's page asks for, and `webview,
//             icons and controls` what it loads once it has painted.
// view        From the click on the view's icon to the first animation frame in which the composer stands in the
//             visible webview and the chat is loaded, so that it can be sent. Fresh windows, extension not yet active.
//             `again`: the view was hidden and is shown anew. The floor is a webview view with a bare text area.
// steps       One job of 100 steps, each a read of another 2 KB file, in a chat that the view shows; the model answers after
//             100 ms. A sample is the time from the last byte of the model's reply to the arrival of the whole next
//             request, by the clock of the model's server: reading the reply, the step, keeping both durably
//             (fdatasync), and sending the history. `growth` is the median of the last 20 minus that of the first 20.
//             `without a pause`: a second such job with a model that answers at once, so that a step also pays for
//             what the one before it left to be drawn; on two cores that is mostly the browser.
// stream      2,000 numbered words of Markdown at 100 a second. A loop in the webview notes in each animation frame
//             which is the last word shown; a word's lag is from its writing by the model's server to the first frame
//             that shows it (both read the system's clock). `at full speed` is a second such reply, written at once:
//             from its last byte until all is shown.
// storage     The store alone, as the window's host has it: through its thread in dist/, in a process of its own, on a
//             folder that holds so many messages of about 60 words in chats of 100. A write is from the call to the
//             acknowledgement of one more message of 300 characters, one at a time (a bare lock, append and fdatasync of
//             the same bytes on the same disk stands beside it). `open` is from the start of the thread to the first
//             answer, files in the system's cache. Memory is the resident set of the process after all this, less that
//             of one whose store is empty. Past 200 MB old chats lie in files of their own: `cold`.
// undo        What a step waits for before it may change files: reading them, keeping their bytes (each other ones than
//             before, fsync) and their rows in the store, whose thread is that of dist/. The floor beside it is one bare
//             write, fsync and rename. `workspace of 2 GB` holds 20,000 files of 4 KB and eight large ones without
//             content; the same step runs in one that holds nothing else. Before a command the names in the workspace
//             are listed too, at most 50,000 and for at most 300 ms. No git is in either.
// sandbox     From the call that runs a program in the sandbox to its first output, on the engine in DOCKER_HOST, one at a
//             time and four at once in one workspace. Turn by turn with it `docker run` of the same image, program and
//             folder, as somebody would type it: no limits, nothing looked through. `above it` is the difference of
//             the medians. Left out where there is no engine.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { descendantsOf, killTree } from '../support/processes.ts';
import { measureActivation } from './activation.ts';
import { measureBundles } from './bundles.ts';
import { type Figure, tableOf } from './figure.ts';
import { measureSandbox } from './sandbox.ts';
import { measureSteps } from './steps.ts';
import { measureStorage } from './storage.ts';
import { measureStream } from './stream.ts';
import { measureUndo } from './undo.ts';
import { measureView } from './view.ts';

const parts: Record<string, () => Promise<readonly Figure[]>> = {
  bundles: measureBundles,
  activation: measureActivation,
  view: measureView,
  steps: measureSteps,
  stream: measureStream,
  storage: measureStorage,
  undo: () => measureUndo(),
  sandbox: () => measureSandbox(),
};

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });
const wanted = values.only?.split(',') ?? Object.keys(parts);
const unknown = wanted.filter((name) => parts[name] === undefined);
if (unknown.length > 0) {
  throw new Error(`No such part: ${unknown.join(', ')}. There are ${Object.keys(parts).join(', ')}.`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const { pid } of descendantsOf(process.pid)) killTree(pid);
    process.exit(130);
  });
}

const load = (): string =>
  os
    .loadavg()
    .map((each) => each.toFixed(2))
    .join(' ');

const started = Date.now();
const loadBefore = load();
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(parts)) {
  if (!wanted.includes(name)) continue;
  const partStarted = Date.now();
  figures.push(...(await measure()));
  console.log(`  ${name}: measured in ${((Date.now() - partStarted) / 1000).toFixed(1)} s`);
}

const cpus = os.cpus();
const machine = {
  system: `${os.type()} ${os.release()} ${os.arch()}`,
  cpu: `${cpus.length} x ${cpus[0]?.model ?? 'unknown'}`,
  node: process.version,
};
const seconds = (Date.now() - started) / 1000;
const loadAfter = load();
console.log(`\n${tableOf(figures)}\n`);
console.log(
  `${machine.system}, ${machine.cpu}, Node ${machine.node}; ${seconds.toFixed(0)} s; load average ${loadBefore} before, ${loadAfter} after`,
);
if (values.json !== undefined) {
  const result = { at: new Date().toISOString(), machine, seconds, loadBefore, loadAfter, figures };
  writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
}
