import Mocha from 'mocha';

/** Skips a test, or the suite whose hook this is, and says why: a skip without its reason looks like a pass. */
export const skipBecause = (context: Mocha.Context, reason: string): never => {
  Mocha.reporters.Base.consoleLog(`  - skipping, because ${reason}`);
  return context.skip();
};
