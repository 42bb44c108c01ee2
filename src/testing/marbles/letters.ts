import type { ExpectedMoment, Moment, ValueKind } from './moment';

/** What letters stand for: each for one value, or for several that come at once. */
export type Dictionary<T> = ReadonlyMap<string, readonly T[]>;

/** Moments with the letters that they are drawn as. */
export interface Lettered<T> {
  /** As many as there are moments; a value of several behind one letter has none of its own. */
  readonly labels: readonly string[];
  /** Letters that no dictionary knows, made for what was not expected. */
  readonly strangers: ReadonlyMap<string, T>;
}

const FRESH = ['?', ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];

/** How a moment of an expected string is drawn. */
export function expectedLabel<T>(moment: ExpectedMoment<T>): string {
  if (moment.kind === 'value') return moment.index === 0 ? moment.letter : '';
  return moment.kind === 'end' ? '|' : '#';
}

/**
 * Finds letters for what happened: those of the expected string where it has them at this place, any of
 * the dictionary that means the same, else fresh ones.
 */
export function letter<T>(
  actual: readonly Moment<T>[],
  expected: readonly ExpectedMoment<T>[],
  dictionary: Dictionary<T>,
  kind: ValueKind<T>,
): Lettered<T> {
  const labels: string[] = [];
  const strangers = new Map<string, T>();
  const fresh = FRESH.filter((candidate) => !dictionary.has(candidate));
  const nameStranger = (value: T): string => {
    for (const [known, other] of strangers) if (kind.same(other, value)) return known;
    const name = fresh.shift() ?? '?';
    strangers.set(name, value);
    return name;
  };
  const startsAt = (index: number, values: readonly T[]): boolean => {
    const frame = actual[index]?.frame;
    return values.every((value, offset) => {
      const moment = actual[index + offset];
      return moment?.kind === 'value' && moment.frame === frame && kind.same(value, moment.value);
    });
  };
  const entries = [...dictionary].filter(([, values]) => values.length > 0);
  // The longest first: a burst is one letter, not its parts.
  entries.sort(([, a], [, b]) => b.length - a.length);
  for (let index = 0; index < actual.length;) {
    const moment = actual[index]!;
    if (moment.kind !== 'value') {
      labels.push(moment.kind === 'end' ? '|' : '#');
      index += 1;
      continue;
    }
    const wanted = expected[index];
    const preferred =
      wanted?.kind === 'value' && wanted.index === 0 ? dictionary.get(wanted.letter) : undefined;
    const [name, values] =
      wanted?.kind === 'value' && preferred !== undefined && startsAt(index, preferred)
        ? [wanted.letter, preferred]
        : (entries.find(([, candidate]) => startsAt(index, candidate)) ?? [
            nameStranger(moment.value),
            [moment.value],
          ]);
    labels.push(name, ...values.slice(1).map(() => ''));
    index += values.length;
  }
  return { labels, strangers };
}
