import type { Spread } from './statistics';

export type Unit = 'op/s' | 'part/s' | 'token/s of CPU' | 'packet/s' | 'MB/s' | 'µs' | 'bytes';

/** What is asked of a figure. */
export interface Target {
  /**
   * Of the ratio to the baseline, of what that would be if only CPU counted, of what there is more than in
   * the baseline, or of the value itself.
   */
  readonly of: 'ratio' | 'cpu' | 'difference' | 'value';
  readonly is: 'at-least' | 'at-most';
  readonly bound: number;
}

/** One side of a comparison. */
export interface SideFigures {
  readonly name: string;
  readonly value: Spread;
  /** Microseconds. */
  readonly p50?: number;
  /** Microseconds. */
  readonly p99?: number;
  /** CPU microseconds of an operation, in the process that is measured. */
  readonly cpu?: Spread;
  /** The share of one core that the measured process took. */
  readonly busy?: number;
  /** That of the process at the other end: a measured server that waits for its load is not measured. */
  readonly otherBusy?: number;
}

/** What a bench finds out. */
export interface Figure {
  readonly family: string;
  readonly name: string;
  readonly unit: Unit;
  readonly subject: SideFigures;
  readonly baseline?: SideFigures;
  /** Subject over baseline, pair by pair. */
  readonly ratio?: Spread | undefined;
  /** Subject less baseline, pair by pair, where that is what is asked: below zero where it is lost in the noise. */
  readonly difference?: Spread | undefined;
  readonly target?: Target | undefined;
}

export function atLeast(bound: number, of: Target['of'] = 'ratio'): Target {
  return { of, is: 'at-least', bound };
}

export function atMost(bound: number, of: Target['of'] = 'ratio'): Target {
  return { of, is: 'at-most', bound };
}

/** What the ratio would be if CPU were all that decided: others on the machine disturb it less. */
export function cpuRatio({ subject, baseline }: Figure): number | undefined {
  if (subject.cpu === undefined || baseline?.cpu === undefined) return undefined;
  return baseline.cpu.median / subject.cpu.median;
}

/** Whether a figure is what was asked of it; undefined where nothing was. */
export function verdict(figure: Figure): 'met' | 'missed' | undefined {
  const { target } = figure;
  if (target === undefined) return undefined;
  const reached = reachedBy(figure, target.of);
  // Negated, so that what is no number has missed.
  if (reached === undefined) return 'missed';
  return (target.is === 'at-least' ? reached >= target.bound : reached <= target.bound) ? 'met' : 'missed';
}

function reachedBy(figure: Figure, of: Target['of']): number | undefined {
  switch (of) {
    case 'ratio':
      return figure.ratio?.median;
    case 'cpu':
      return cpuRatio(figure);
    case 'difference':
      return figure.difference?.median;
    case 'value':
      return figure.subject.value.median;
  }
}
