import { type Summary, summarise } from '../support/statistics.ts';

export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'bytes' | 'times';
  readonly value: number;
  /** The highest value that is good enough; absent where there is no goal. */
  readonly goal?: number;
  readonly met?: boolean;
  /** Of the samples that `value` was taken from. */
  readonly samples?: Summary;
}

const round = (value: number): number => Math.round(value * 100) / 100;

export const bytes = (name: string, value: number): Figure => ({ name, unit: 'bytes', value });

export const milliseconds = (name: string, exact: number, goal?: number): Figure => {
  const value = round(exact);
  return { name, unit: 'ms', value, ...(goal === undefined ? {} : { goal, met: value <= goal }) };
};

/** A figure taken from samples: their median, or what `pick` takes. */
export const sampled = (
  name: string,
  samples: readonly number[],
  options: { readonly goal?: number; readonly pick?: 'p50' | 'p95' | 'max' } = {},
): Figure => {
  const summary = summarise(samples);
  const { count, min, p50, p95, max } = summary;
  return {
    ...milliseconds(name, summary[options.pick ?? 'p50'], options.goal),
    samples: { count, min: round(min), p50: round(p50), p95: round(p95), max: round(max) },
  };
};

const show = ({ unit, value }: Figure): string => {
  if (unit === 'times') return `${value.toFixed(2)} x`;
  return unit === 'ms' ? `${value.toFixed(1)} ms` : `${value.toLocaleString('en')} B`;
};

const showSamples = ({ samples }: Figure): string =>
  samples === undefined
    ? ''
    : `${[samples.min, samples.p50, samples.p95, samples.max].map((each) => each.toFixed(1)).join(' / ')} of ${samples.count}`;

const showGoal = ({ goal, met, unit }: Figure): string =>
  goal === undefined ? '' : `<= ${goal} ${unit === 'times' ? 'x' : unit}: ${met === true ? 'met' : 'MISSED'}`;

export const tableOf = (figures: readonly Figure[]): string => {
  const head = ['figure', 'value', 'min / p50 / p95 / max', 'goal'];
  const rows = [head, ...figures.map((each) => [each.name, show(each), showSamples(each), showGoal(each)])];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n');
};
