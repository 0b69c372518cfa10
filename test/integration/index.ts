import Mocha from 'mocha';
import { printFromHost } from '../support/hostConsole.ts';
import { Reporter } from '../support/reporter.ts';

/** Called by VS Code inside the extension host. @throws when a test failed. */
export const run = async (): Promise<void> => {
  Mocha.reporters.Base.consoleLog = printFromHost;
  const grep = process.env.ANYCOWORK_TEST_GREP;
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: Reporter,
    timeout: 30_000,
    ...(grep === undefined ? {} : { grep: new RegExp(grep) }),
  });
  // Gives the suites describe and it; mocha does this itself only for files that it loads.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./suite/activation.ts');
  await import('./suite/commands.ts');
  await import('./suite/sessions.ts');
  await import('./suite/editor.ts');
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} failed`);
};
