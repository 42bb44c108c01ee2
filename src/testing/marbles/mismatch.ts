import { describeError } from '../../protocol/runtime-error';
import { draw, type Drawn } from './draw';
import { expectedLabel, letter, type Dictionary } from './letters';
import type { ExpectedMoment, Moment, ValueKind } from './moment';

/** Another line to show above the two, aligned with them: what was sent. */
export interface Context {
  readonly name: string;
  readonly moments: readonly Drawn[];
}

export interface Comparison<T> {
  /** The sentence that the message starts with. */
  readonly title: string;
  readonly expected: readonly ExpectedMoment<T>[];
  readonly actual: readonly Moment<T>[];
  readonly dictionary: Dictionary<T>;
  readonly kind: ValueKind<T>;
  readonly context?: readonly Context[];
  /** Whether frames count, or order alone. Default `exact`. */
  readonly timing?: 'exact' | 'order';
}

/**
 * What is wrong with what happened, told for people: both strings aligned, what fresh letters mean, and
 * the first difference field by field. Undefined where nothing is wrong.
 *
 * ```
 * the client peer did not receive what it should
 *
 *   sent      o-s
 *   expected  A-p-q
 *   actual    A-p-?
 *                 ^
 *   ? = RESULT_PUSH session 42 frame 1 partial tokens "x"
 *
 * at frame 4: expected q, RESULT_PUSH session 42 frame 1 complete
 *             but got  ?, RESULT_PUSH session 42 frame 1 partial tokens "x"
 *   metadata.resultFlags: expected 0, got 0x1
 * ```
 */
export function mismatch<T>(comparison: Comparison<T>): string | undefined {
  const { expected, actual, timing = 'exact' } = comparison;
  const count = Math.max(expected.length, actual.length);
  let first = 0;
  while (first < count && isSame(comparison, expected[first], actual[first], timing)) first += 1;
  return first === count ? undefined : tell(comparison, first);
}

function isSame<T>(
  { kind }: Comparison<T>,
  expected: ExpectedMoment<T> | undefined,
  actual: Moment<T> | undefined,
  timing: 'exact' | 'order',
): boolean {
  if (expected === undefined || actual === undefined) return false;
  if (timing === 'exact' && expected.frame !== actual.frame) return false;
  return isSameKind(kind, expected, actual);
}

function isSameKind<T>(kind: ValueKind<T>, expected: ExpectedMoment<T>, actual: Moment<T>): boolean {
  if (expected.kind === 'value' && actual.kind === 'value') return kind.same(expected.value, actual.value);
  return expected.kind === actual.kind;
}

function tell<T>(comparison: Comparison<T>, first: number): string {
  const { title, expected, actual, dictionary, kind, context = [] } = comparison;
  const { labels, strangers } = letter(actual, expected, dictionary, kind);
  const rows = [
    ...context,
    {
      name: 'expected',
      moments: expected.map((each) => ({ frame: each.frame, label: expectedLabel(each) })),
    },
    { name: 'actual', moments: actual.map(({ frame }, index) => ({ frame, label: labels[index] ?? '' })) },
  ];
  const drawing = draw(rows.map(({ moments }) => moments));
  const width = Math.max(...rows.map(({ name }) => name.length));
  const frame = Math.min(expected[first]?.frame ?? Infinity, actual[first]?.frame ?? Infinity);
  const caret = ' '.repeat(width + 2 + (drawing.columnOf(frame) ?? 0));
  return [
    title,
    '',
    ...rows.map(({ name }, index) => `  ${name.padEnd(width)}  ${drawing.lines[index] ?? ''}`),
    `  ${caret}^`,
    ...[...strangers].map(([name, value]) => `  ${name} = ${kind.describe(value)}`),
    '',
    ...explain(comparison, first, labels[first]),
  ].join('\n');
}

function explain<T>(
  { expected, actual, kind, timing = 'exact' }: Comparison<T>,
  first: number,
  label: string | undefined,
): readonly string[] {
  const wanted = expected[first];
  const came = actual[first];
  if (wanted === undefined) {
    return came === undefined
      ? []
      : [`at frame ${came.frame}: nothing more was expected, but ${said(kind, came, label)}`];
  }
  const asked = said(kind, wanted, expectedLabel(wanted));
  if (came === undefined)
    return [`at frame ${wanted.frame}: expected ${asked}`, '  and nothing came any more'];
  if (isSameKind(kind, wanted, came)) {
    return [`expected at frame ${wanted.frame}, but came at frame ${came.frame}: ${asked}`];
  }
  const frames = timing === 'exact' && wanted.frame !== came.frame;
  const lines = frames
    ? [
        `at frame ${wanted.frame}: expected ${asked}`,
        `at frame ${came.frame}: got ${said(kind, came, label)}`,
      ]
    : [
        `at frame ${came.frame}: expected ${asked}`,
        `${' '.repeat(`at frame ${came.frame}:`.length)} got ${said(kind, came, label)}`,
      ];
  if (wanted.kind !== 'value' || came.kind !== 'value') return lines;
  return [...lines, ...kind.differences(wanted.value, came.value).map((line) => `  ${line}`)];
}

function said<T>(kind: ValueKind<T>, moment: Moment<T>, label: string | undefined): string {
  switch (moment.kind) {
    case 'value':
      return `${label === undefined || label === '' ? '' : `${label}, `}${kind.describe(moment.value)}`;
    case 'end':
      return '|, the end';
    case 'cut':
      return `#, a failure${moment.error === undefined ? '' : `: ${describeError(moment.error)}`}`;
  }
}
