import { cpuRatio, verdict, type Figure, type SideFigures, type Unit } from './figure';
import type { Machine } from './machine';
import { isDisturbed, type Spread } from './statistics';

const COLUMNS = [
  { title: '', width: 58 },
  { title: 'nnrp-rx', width: 18 },
  { title: 'baseline', width: 18 },
  { title: 'ratio', width: 6 },
  { title: 'half', width: 12 },
  { title: 'p50/p99 µs', width: 13 },
  { title: 'baseline', width: 13 },
  { title: 'CPU µs', width: 7 },
  { title: 'baseline', width: 8 },
  { title: 'by CPU', width: 6 },
  { title: 'target', width: 19 },
] as const;

export function machineLine({ cpu, cores, node, platform, busyBefore }: Machine): string {
  const busy = `${Math.round(busyBefore * 100)} % busy before the start`;
  return `${cpu}, ${cores} cores, ${platform}, Node ${node}, ${busy}`;
}

export function headerLine(): string {
  return line(COLUMNS.map(({ title }) => title));
}

/**
 * A line of the table. `~` marks runs half of which differ by more than a quarter, `!` a load busier than
 * what it loads.
 */
export function figureLine(figure: Figure): string {
  const { family, name, unit, subject, baseline, ratio, difference } = figure;
  const spreadOf = ratio ?? difference ?? subject.value;
  // A difference near nothing always differs much from itself.
  const disturbed = isDisturbed(ratio ?? subject.value);
  return line([
    `${family}: ${name}`,
    amount(subject.value.median, unit),
    baseline === undefined ? '' : amount(baseline.value.median, unit),
    ratio?.median.toFixed(2) ?? (difference === undefined ? '' : signed(difference.median)),
    `${range(spreadOf, ratio === undefined ? unit : undefined)}${disturbed ? '~' : ''}`,
    latencies(subject),
    latencies(baseline),
    `${subject.cpu?.median.toFixed(2) ?? ''}${isStarved(subject) ? '!' : ''}`,
    `${baseline?.cpu?.median.toFixed(2) ?? ''}${isStarved(baseline) ? '!' : ''}`,
    cpuRatio(figure)?.toFixed(2) ?? '',
    targetText(figure),
  ]);
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) =>
      index === 0 ? cell.padEnd(COLUMNS[0].width) : cell.padStart(COLUMNS[index]!.width),
    )
    .join(' ')
    .trimEnd();
}

/** Whether the other end worked harder than the one that is measured: then the figure is the other's. */
export function isStarved(side: SideFigures | undefined): boolean {
  const { busy, otherBusy } = side ?? {};
  return busy !== undefined && otherBusy !== undefined && otherBusy > busy && otherBusy > 0.9;
}

function amount(value: number, unit: Unit): string {
  if (unit === 'bytes') return bytes(value);
  return unit === 'µs' ? `${value.toFixed(2)} µs` : `${Math.round(value).toLocaleString('en')} ${unit}`;
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(2)}`;
}

function bytes(value: number): string {
  const size = Math.abs(value);
  if (size < 1000) return `${value.toFixed(0)} B`;
  return size < 1e6 ? `${(value / 1e3).toFixed(1)} KB` : `${(value / 1e6).toFixed(2)} MB`;
}

function range({ lower, upper }: Spread, unit: Unit | undefined): string {
  if (unit === undefined) return `${lower.toFixed(2)}–${upper.toFixed(2)}`;
  const [from, to] = [amount(lower, unit), amount(upper, unit)];
  return `${from.split(' ')[0]}–${to.split(' ')[0]}`;
}

function latencies(side: SideFigures | undefined): string {
  if (side?.p50 === undefined || side.p99 === undefined) return '';
  return `${side.p50.toFixed(0)}/${side.p99.toFixed(0)}`;
}

function targetText(figure: Figure): string {
  const { target, unit } = figure;
  if (target === undefined) return '';
  const isAmount = target.of === 'value' || target.of === 'difference';
  const bound = `${target.of === 'difference' ? '+' : ''}${isAmount ? amount(target.bound, unit) : target.bound}`;
  const by = target.of === 'cpu' ? ' by CPU' : '';
  return `${target.is === 'at-least' ? '≥' : '≤'} ${bound}${by} ${verdict(figure)}`;
}
