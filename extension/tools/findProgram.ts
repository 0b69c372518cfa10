import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';

const pathOf = (environment: Readonly<Record<string, string>>): string => {
  const name = Object.keys(environment).find((each) => each.toUpperCase() === 'PATH');
  return environment[name ?? 'PATH'] ?? '';
};

const isProgram = async (file: string): Promise<boolean> => {
  try {
    // Aliases of the Windows store cannot be looked at more closely.
    await access(file, process.platform === 'win32' ? constants.F_OK : constants.X_OK);
    return process.platform === 'win32' || (await stat(file)).isFile();
  } catch {
    return false;
  }
};

/**
 * Where a program lies, by the PATH of an environment. Relative folders in it are passed over, and so is the folder that
 * the program starts in, where Windows would look first: what lies there may be anybody's.
 * @param endings of its name on Windows, tried in turn
 * @returns its absolute path, or undefined
 */
export const findProgram = async (
  name: string,
  environment: Readonly<Record<string, string>>,
  endings: readonly string[] = ['.exe', '.com'],
): Promise<string | undefined> => {
  if (path.isAbsolute(name)) return name;
  const names = process.platform === 'win32' ? endings.map((ending) => `${name}${ending}`) : [name];
  for (const folder of pathOf(environment).split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    for (const each of names) {
      const file = path.join(folder, each);
      if (await isProgram(file)) return file;
    }
  }
  return undefined;
};
