/** Takes live secrets out of text that leaves for a log or an error. */

/** Shorter strings are not treated as secrets: replacing them would garble ordinary text. */
export const shortestSecret = 8;

/** Things that look like keys even when we do not hold them: `sk-…`, `AIza…`, bearer headers. */
const keyPatterns: readonly RegExp[] = [
  /\bsk-[A-Za-z0-9_-]{16,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\b(Bearer\s+)[A-Za-z0-9._~+/-]{16,}=*/gi,
  /([?&]key=)[^&\s"']{8,}/g,
];

export const redact = (text: string, secrets: Iterable<string>): string => {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= shortestSecret) clean = clean.replaceAll(secret, '[redacted]');
  }
  for (const pattern of keyPatterns) {
    clean = clean.replace(pattern, (_match, prefix: unknown) =>
      typeof prefix === 'string' ? `${prefix}[redacted]` : '[redacted]',
    );
  }
  return clean;
};
