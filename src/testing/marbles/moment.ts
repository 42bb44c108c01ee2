/** What happened at a frame: a value came, or the stream ended, cleanly or not. */
export type Moment<T> =
  | { readonly frame: number; readonly kind: 'value'; readonly value: T }
  | { readonly frame: number; readonly kind: 'end' }
  | { readonly frame: number; readonly kind: 'cut'; readonly error?: unknown };

/** A moment that a marble string asks for. */
export type ExpectedMoment<T> =
  | {
      readonly frame: number;
      readonly kind: 'value';
      readonly value: T;
      readonly letter: string;
      /** Of a letter that stands for several values, which come at once: how many are before this one. */
      readonly index: number;
    }
  | Exclude<Moment<T>, { readonly kind: 'value' }>;

/** How values are compared and told. */
export interface ValueKind<T> {
  same(expected: T, actual: T): boolean;
  describe(value: T): string;
  /** What exactly differs, a line each; none where that is plain from the descriptions. */
  differences(expected: T, actual: T): readonly string[];
}
