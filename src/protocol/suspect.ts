/** Why a peer has ended a connection, in its words. */
export interface LastWord {
  readonly errorCode: number;
  readonly text: string;
}

/** What was sent over a connection that has ended, and has not arrived. */
export interface Unreceived<Key> {
  readonly key: Key;
  readonly bytes: number;
  /** Whether it is at least as much as all that was sent before it over that connection. */
  readonly outweighs: boolean;
}

/** What the end of a connection is worth as evidence: two that are strong are enough, or five that are weak. */
const ENOUGH = 10;
/** The peer has said why it ends the connection; or it says of no packet that it is too large, and may mean this one. */
const STRONG = 5;
/** Nothing was said: networks end connections for reasons of their own. */
const WEAK = 2;

/** Bytes up to which a packet is on its way for so short a time that a weak end says nothing of it. */
export const SMALL_BYTES = 16 * 1024;

/**
 * Finds the packet that ends each connection which it is sent over: larger than the peer takes, or longer on its way than
 * the peer, or something before it, lets it be. Bytes come in order, so it is the first that was not received; and as
 * that may have come behind another session's, only one that outweighs all before it is suspected: whichever of them
 * it was, this one would not come through either.
 */
export class Suspect<Key> {
  /** What the peer has said last as a connection ended of it. */
  lastWord: LastWord | undefined;
  private key: Key | undefined;
  private evidence = 0;

  /**
   * A connection has ended; `first` is what had not arrived of what was sent over it, if anything. `isTold` says whether
   * the peer tells what is too large for it.
   */
  note(
    first: Unreceived<Key> | undefined,
    { lastWord, isTold = true }: { readonly lastWord: LastWord | undefined; readonly isTold?: boolean },
  ): void {
    if (first?.key !== this.key) {
      this.key = first?.key;
      this.evidence = 0;
      this.lastWord = undefined;
    }
    if (first?.outweighs !== true) return;
    if (lastWord !== undefined) this.lastWord = lastWord;
    if (lastWord !== undefined || !isTold) this.evidence += STRONG;
    else if (first.bytes > SMALL_BYTES) this.evidence += WEAK;
  }

  /** Whether it is not to be sent again. */
  isFatal(key: Key): boolean {
    return this.key === key && this.evidence >= ENOUGH;
  }
}
