/** Files of environment variables (`.env`) that a configuration names. */
import { createHash } from 'node:crypto';
import { parseEnv } from 'node:util';
import { reasonOf } from '../core/reasonOf.ts';
import { readSmallFile } from './configRead.ts';

export type EnvFile =
  | {
      readonly kind: 'read';
      /** SHA-256 of its bytes, in hexadecimal. */
      readonly hash: string;
      readonly values: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** @param file absolute path */
export const readEnvFile = async (file: string): Promise<EnvFile> => {
  try {
    const bytes = await readSmallFile(file);
    if (bytes === undefined) return { kind: 'unreadable', reason: 'there is no such file' };
    const values = Object.entries(parseEnv(new TextDecoder().decode(bytes))).flatMap(([name, value]) =>
      // NUL would end the text for the system.
      value === undefined || name === '' || name.includes('\0') || value.includes('\0')
        ? []
        : [[name, value] as const],
    );
    return { kind: 'read', hash: createHash('sha256').update(bytes).digest('hex'), values };
  } catch (error) {
    return { kind: 'unreadable', reason: reasonOf(error) };
  }
};
