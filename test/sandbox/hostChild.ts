// node test/sandbox/hostChild.ts HOST OWNER WORKSPACE: a window that runs a program in the sandbox until it is killed.
import path from 'node:path';
import { makeSandbox, runIn } from './sandboxSupport.ts';

const [host = '', ownerId = '', workspace = ''] = process.argv.slice(2);
const { sandbox } = makeSandbox(host, path.join(workspace, '..', 'quarantine'), { ownerId });
await runIn(sandbox, workspace, ['sh', '-c', 'echo running; sleep 300'], {
  onText: (text) => console.log(text),
});
