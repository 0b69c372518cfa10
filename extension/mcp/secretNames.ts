/** What looks like a secret, by its name or by its form. Taking too much for one costs a question, no more. */

const secretWord =
  /token|secret|passw|passphrase|pwd|credential|api[-_.]?key|apikey|(?:^|[^a-z])(?:key|auth|authorization|bearer|cookie|dsn|pat)(?:$|[^a-z])|(?:access|private|secret|signing|encryption|account|service|license)[-_.]?key|(?:database|db|postgres|mysql|mongo(?:db)?|redis|connection)[-_.]?(?:ur[il]|string)/;

/** `openAiKey` → `open-ai-key` */
const inWords = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

export const isSecretName = (name: string): boolean =>
  secretWord.test(inWords(name)) || secretWord.test(name.toLowerCase());

/** Keys of well-known services. */
const knownKey =
  /^(?:sk|pk|rk)[-_][A-Za-z0-9_-]{12,}$|^gh[opsur]_[A-Za-z0-9]{16,}$|^github_pat_\w{16,}$|^glpat-[\w-]{12,}$|^xox[a-z]-[\w-]{10,}$|^xapp-[\w-]{10,}$|^AIza[\w-]{20,}$|^A(?:KIA|SIA)[A-Z0-9]{12,}$|^ya29\.[\w.-]{10,}$|^hf_[A-Za-z0-9]{16,}$|^npm_[A-Za-z0-9]{16,}$|^dop_v1_[a-f0-9]{16,}$|^eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*$|^(?:secret|ntn)_[A-Za-z0-9]{16,}$|^lin_api_[A-Za-z0-9]{12,}$|^tvly-[\w-]{12,}$|^figd_[\w-]{12,}$/;

const bitsOf = (text: string): number => {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
};

/** Long, without spaces or separators of paths, letters and digits mixed as no word mixes them. */
const looksRandom = (text: string): boolean =>
  /^[A-Za-z0-9_+=~.-]{24,400}$/.test(text) &&
  (text.match(/[0-9]/g)?.length ?? 0) >= 4 &&
  /[A-Za-z]/.test(text) &&
  // A version.
  !/\d\.\d/.test(text) &&
  bitsOf(text) > 3.3;

export const isSecretForm = (value: string): boolean => knownKey.test(value) || looksRandom(value);
