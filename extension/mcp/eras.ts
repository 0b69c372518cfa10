/** Which protocol is tried first with a server: 2026-07-28, or the one that begins with `initialize`. */
import type { McpConnectRequest, McpEra } from './types.ts';

/** A server that was asked lately is not asked again. */
const priorLimit = 7 * 24 * 60 * 60 * 1_000;

/** Of a process: silence on the first question means the older protocol. */
export const probeLimit = 10_000;

/** One way to connect. */
export interface Attempt {
  readonly kind: 'stdio' | 'http' | 'sse';
  /** `auto`: asks first. */
  readonly mode: 'auto' | 'legacy';
}

const isFresh = (prior: McpEra, now: number): boolean => prior.at <= now && now - prior.at < priorLimit;

/** The ways in their order; whether a next one makes sense is up to how the one before failed. */
export const attemptsFor = (
  request: Pick<McpConnectRequest, 'transport' | 'protocol' | 'prior'>,
  now: number,
): readonly Attempt[] => {
  const { transport, protocol, prior } = request;
  const kind = transport.type;
  if (kind === 'sse') return [{ kind, mode: 'legacy' }];
  const isKnownLegacy = prior?.kind === 'legacy' && isFresh(prior, now);
  const attempts: Attempt[] = [];
  if (protocol === '2025' || isKnownLegacy) attempts.push({ kind, mode: 'legacy' });
  // Known ones may have learned something since.
  if (protocol === 'auto') attempts.push({ kind, mode: 'auto' });
  // A process that ends on the first question is one of the older protocol.
  if (kind === 'stdio' && protocol === 'auto' && !isKnownLegacy) attempts.push({ kind, mode: 'legacy' });
  if (kind === 'http') attempts.push({ kind: 'sse', mode: 'legacy' });
  return attempts;
};
