// node linkRunner.ts API_ROOT TOKEN FILE: runs a bot that keeps the text of each message as a line of a file. Ends its
// link properly at SIGTERM.
import { appendFileSync } from 'node:fs';
import { createLink } from '../../extension/telegram/link.ts';

const [apiRoot = '', token = '', file = ''] = process.argv.slice(2);

const link = createLink({
  token,
  apiRoot,
  onState: () => undefined,
  onUpdate: async (update) => {
    appendFileSync(file, `${update.message?.text}\n`);
    // What is written is not confirmed yet.
    await new Promise((resolve) => setTimeout(resolve, 3));
  },
  log: () => undefined,
  logError: (error) => console.error(error),
  now: Date.now,
});
process.once('SIGTERM', () => void link.stop().then(() => process.exit(0)));
link.start();
