import { TestScheduler, type RunHelpers } from 'rxjs/testing';

/**
 * Runs a marble test. Errors are compared by all that they say, the particulars and causes of this
 * library's among them, and not by message alone.
 *
 * @example
 * marbles(({ hot, expectObservable }) => {
 *   const source$ = hot('--a--|');
 *   expectObservable(source$).toBe('--a--|');
 * });
 */
export function marbles(test: (helpers: RunHelpers) => void): void {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(told(actual)).toStrictEqual(told(expected));
  });
  scheduler.run(test);
}

/** An error as a plain value for `toEqual`: class, message, and its own properties. */
export function particulars(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const own = Object.entries(error).filter(([key]) => key !== 'cause' && key !== 'stack');
  const { name, message } = error;
  return { ...Object.fromEntries(own), name, message, cause: particulars(error.cause) };
}

/** What was recorded, with every error told; the streams among the values are records themselves. */
function told(record: unknown): unknown {
  if (!Array.isArray(record)) return record;
  return record.map((entry: unknown) => {
    if (!isMessage(entry)) return entry;
    const { kind, value, error } = entry.notification;
    return { frame: entry.frame, kind, value: told(value), error: particulars(error) };
  });
}

interface Message {
  readonly frame: number;
  readonly notification: { readonly kind: string; readonly value?: unknown; readonly error?: unknown };
}

function isMessage(entry: unknown): entry is Message {
  return typeof entry === 'object' && entry !== null && 'notification' in entry;
}
