/** @param q in [0, 1]; between two samples it is interpolated. @throws RangeError when there are no samples */
export const quantile = (samples: readonly number[], q: number): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = q * (sorted.length - 1);
  const low = sorted[Math.floor(rank)];
  const high = sorted[Math.ceil(rank)];
  if (low === undefined || high === undefined) throw new RangeError('There are no samples.');
  return low + (high - low) * (rank - Math.floor(rank));
};

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** @throws RangeError when there are no samples */
export const summarise = (samples: readonly number[]): Summary => ({
  count: samples.length,
  min: quantile(samples, 0),
  p50: median(samples),
  p95: quantile(samples, 0.95),
  max: quantile(samples, 1),
});
