// node bad.mjs MODE [NUMBER]: MCP servers of the 2025 era that misbehave, each in one way. They speak JSON-RPC by hand, since
// no library would send what some of them do. What a mode does stands beside it in bad.ts.
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [mode = 'well', number] = process.argv.slice(2);
const amount = (otherwise) => (number === undefined ? otherwise : Number(number));

const write = (text) =>
  new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
const send = (message) => write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const answer = (id, result) => send({ id, result });
const notify = (method, params) => send({ method, params });
const text = (said) => ({ content: [{ type: 'text', text: said }] });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const stay = () => setInterval(() => {}, 1_000);

const eras = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const tool = (name, description = `The tool ${name}.`) => ({
  name,
  description,
  inputSchema: { type: 'object', properties: {} },
});

let version = 1;
let lists = 0;
const cancelled = new Set();

const changeTools = () => {
  version += 1;
  return notify('notifications/tools/list_changed');
};

const flood = async (megabytes) => {
  const line = `${'junk '.repeat(40)}\n`;
  const block = line.repeat(500);
  for (let written = 0; written < megabytes * 1_000_000; written += block.length) await write(block);
  const log = { level: 'info', logger: 'flood', data: 'x'.repeat(200) };
  const message = `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: log })}\n`;
  for (let sent = 0; sent < megabytes * 500; sent += 100) await write(message.repeat(100));
};

const toolsOf = {
  well: () => [tool('echo')],
  hangCall: () => [tool('wait')],
  flood: () => [tool('flood')],
  dieInCall: () => [tool('die')],
  rubbish: () => [tool('twice'), tool('wrongId'), tool('notAResult'), tool('huge')],
  changing: () => [tool('steady'), tool('moving', `Version ${version}.`)],
  stubborn: () => [tool('echo')],
  leaves: () => [tool('echo')],
  slowStart: () => [tool('echo')],
  progress: () => [tool('work')],
};

const calls = {
  wait: () => {},
  die: () => {
    process.stderr.write('about to fail\nout of memory, or so\n', () => process.exit(7));
  },
  flood: async (id) => {
    await flood(amount(8));
    await answer(id, text('after the flood'));
  },
  twice: async (id) => {
    await answer(id, text('first'));
    await answer(id, text('second'));
  },
  wrongId: async (id) => {
    await answer('nobody asked', text('for nobody'));
    await answer(987_654, text('for nobody'));
    await send({ id: 'x', method: 'there/is/no/such/method', params: {} });
    await answer(id, text('the right one'));
  },
  notAResult: (id) => answer(id, { content: 'a text where a list has to be' }),
  huge: (id) => answer(id, text('x'.repeat(11_000_000))),
  work: async (id, { _meta, arguments: input }) => {
    const steps = Math.round((input?.seconds ?? amount(1)) * 10);
    for (let step = 1; step <= steps; step += 1) {
      await pause(100);
      if (cancelled.has(id)) {
        process.stderr.write('cancelled\n');
        return;
      }
      if (_meta?.progressToken === undefined) continue;
      const params = {
        progressToken: _meta.progressToken,
        progress: step,
        total: steps,
        message: `step ${step}`,
      };
      await notify('notifications/progress', params);
    }
    await answer(id, text(`${steps} steps`));
  },
};

const requests = {
  initialize: async (id, { protocolVersion }) => {
    if (mode === 'slowStart') await pause(amount(2_000));
    if (mode === 'rubbish') {
      await write('Starting up...\n\n{"half": \nnull\n[]\n{}\n{"jsonrpc":"1.0","id":0,"result":{}}\n');
      await write(Buffer.from([0xff, 0xfe, 0x80, 0x0a]));
    }
    await answer(id, {
      protocolVersion: eras.includes(protocolVersion) ? protocolVersion : eras[0],
      capabilities: { tools: { listChanged: true }, logging: {} },
      serverInfo: { name: mode, version: '1.0.0' },
    });
  },
  ping: (id) => answer(id, {}),
  'logging/setLevel': (id) => answer(id, {}),
  'tools/list': async (id) => {
    lists += 1;
    await answer(id, { tools: (toolsOf[mode] ?? toolsOf.well)() });
    if (mode === 'changing' && lists === 1) await changeTools();
  },
  'tools/call': (id, params) =>
    (calls[params.name] ?? (() => answer(id, text(JSON.stringify(params.arguments ?? {})))))(id, params),
};

const receive = async (line) => {
  const { id, method, params = {} } = JSON.parse(line);
  if (method === 'notifications/cancelled') cancelled.add(params.requestId);
  if (id === undefined || method === undefined) return;
  const request = requests[method];
  if (request === undefined)
    await send({ id, error: { code: -32_601, message: `Method not found: ${method}` } });
  else await request(id, params);
};

const ignoreTermination = "process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {});";

/** A grandchild of the client that ends by nothing but SIGKILL. @param isApart in a process group of its own */
const startStubbornChild = (isApart) => {
  const script = `${ignoreTermination} process.stderr.write('ready\\n'); setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: isApart,
  });
  child.unref();
  return new Promise((resolve) => {
    child.stderr.once('data', () => {
      child.stderr.destroy();
      resolve(child.pid);
    });
  });
};

const tellIds = (ids) => process.stderr.write(`pids ${ids.join(' ')}\n`);

const serve = (onEnd) => {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => void receive(line));
  lines.on('close', onEnd);
};
const exit = () => process.exit(0);

const modes = {
  hang: () => {
    process.stdin.resume();
    process.stdin.on('end', exit);
  },
  die: () => {
    process.stderr.write('Error: no configuration found\n    set TOKEN and try again\n', () =>
      process.exit(3),
    );
  },
  flood: async () => {
    serve(exit);
    await flood(amount(8));
  },
  changing: () => {
    process.on('SIGUSR2', () => void changeTools());
    serve(exit);
  },
  stubborn: async () => {
    process.on('SIGTERM', () => {});
    process.on('SIGHUP', () => {});
    tellIds([process.pid, await startStubbornChild(false), await startStubbornChild(true)]);
    stay();
    serve(() => {});
  },
  leaves: async () => {
    tellIds([process.pid, await startStubbornChild(false), await startStubbornChild(true)]);
    serve(exit);
  },
  deaf: () => {
    closeSync(0);
    stay();
  },
  mute: () => {
    closeSync(1);
    process.stdin.resume();
    stay();
  },
  endless: async () => {
    serve(exit);
    for (;;) await write('x'.repeat(100_000));
  },
  noisy: () => {
    serve(exit);
    for (let line = 1; line <= amount(1_000); line += 1)
      process.stderr.write(`\u001b[31mline\u001b[0m ${line}\n`);
  },
  environment: () => {
    serve(exit);
    process.stderr.write(`environment ${JSON.stringify(process.env)}\n`);
  },
};

// Whoever reads may have gone.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
await (modes[mode] ?? (() => serve(exit)))();
