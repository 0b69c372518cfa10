/** What a server gets of the person's environment: what programs need to run and to reach the network, and no more. */

/**
 * Without them nothing is reached behind a proxy. Their addresses may hold the person's own name and password there: who
 * runs a program in a terminal gives it those, too. Keys of ours are gone from the environment before.
 */
const networkNames = 'HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY SSL_CERT_FILE NODE_EXTRA_CA_CERTS'.split(' ');

const posixNames = new Set([
  ...networkNames,
  ...networkNames.filter((name) => name.endsWith('_PROXY')).map((name) => name.toLowerCase()),
  ...'HOME LOGNAME PATH SHELL TERM USER LANG LC_ALL LC_CTYPE TZ TMPDIR __CF_USER_TEXT_ENCODING'.split(' '),
]);

const windowsNames = new Set(
  [
    'APPDATA COMSPEC HOMEDRIVE HOMEPATH LOCALAPPDATA NUMBER_OF_PROCESSORS OS PATH PATHEXT PROCESSOR_ARCHITECTURE',
    'PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432 PUBLIC SYSTEMDRIVE SYSTEMROOT TEMP TMP USERDOMAIN',
    'USERNAME USERPROFILE WINDIR',
    ...networkNames,
  ]
    .join(' ')
    .split(' '),
);

/** @param platform as of process.platform */
export const minimalEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
  platform: string,
): Record<string, string> => {
  const isPassed = (name: string): boolean =>
    platform === 'win32' ? windowsNames.has(name.toUpperCase()) : posixNames.has(name);
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    // Functions that a shell has exported would be run by the next one.
    if (value !== undefined && isPassed(name) && !value.startsWith('()')) passed[name] = value;
  }
  return passed;
};

/** How a variable is written in an environment: on Windows `Path` is `PATH`. */
const writtenAs = (
  name: string,
  environment: Readonly<Record<string, string>>,
  platform: string,
): string | undefined =>
  platform === 'win32'
    ? Object.keys(environment).find((each) => each.toUpperCase() === name.toUpperCase())
    : name;

/** An environment with some variables set anew. */
export const withVariables = (
  environment: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
  platform: string,
): Record<string, string> => {
  const merged: Record<string, string> = { ...environment };
  for (const [name, value] of Object.entries(variables)) {
    const before = writtenAs(name, merged, platform);
    if (before !== undefined) delete merged[before];
    merged[name] = value;
  }
  return merged;
};

/** The PATH of an environment. */
export const pathOf = (environment: Readonly<Record<string, string>>, platform: string): string | undefined =>
  environment[writtenAs('PATH', environment, platform) ?? 'PATH'];
