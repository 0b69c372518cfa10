// node guardRig.ts GUARD_FILE: a window that guards what it has started. It starts one bad server that ignores everything and
// one that behaves, tells the ids of all on a line, and waits to be killed.
import path from 'node:path';
import { createProcessGuard } from '../../extension/mcp/processGuard.ts';
import { bad, idsIn } from './servers/bad.ts';
import { transportOf, until } from './stdioRig.ts';

const [file = ''] = process.argv.slice(2);
const guard = createProcessGuard({
  file,
  environment: () => ({ PATH: process.env.PATH ?? path.dirname(process.execPath) }),
  log: (text) => console.error(text),
});
const started = [transportOf(bad('stubborn'), { guard }), transportOf(bad('well'), { guard })];
for (const { transport } of started) await transport.start();
await until(() => started.some(({ logText }) => idsIn(logText()).length === 3), 'the ids of its children');
const ids = started.flatMap(({ transport, logText }) => [transport.pid ?? 0, ...idsIn(logText())]);
console.log(`pids ${[...new Set(ids)].join(' ')}`);
setInterval(() => {}, 1_000);
