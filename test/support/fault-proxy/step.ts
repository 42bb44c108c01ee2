/** How a connection ends: in good order, as a crash does, or without a word to either end. */
export type Cut = 'fin' | 'reset' | 'silence';

/** What a lane does next with the bytes that come. */
export type Step =
  /** The next `bytes` go on as they come, and apart from those that follow. */
  | { readonly kind: 'pass'; readonly bytes: number }
  /** The next `bytes` go on together, once they are all there or `atMostMs` are over. */
  | { readonly kind: 'gather'; readonly bytes: number; readonly atMostMs: number }
  /** Nothing goes on for so long: a delay where it is short, a stall where it is not. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** The bits of `mask` are turned over in the next byte. */
  | { readonly kind: 'corrupt'; readonly mask: number }
  /** Ends the connection, in both directions. What has not gone on by then is lost. */
  | { readonly kind: 'cut'; readonly how: Cut };

/** What happens in either direction of a connection; where a script is over, everything passes. */
export interface Script {
  readonly toServer: Iterable<Step>;
  readonly toClient: Iterable<Step>;
}
