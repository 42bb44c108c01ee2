import type { SessionCarrier } from '../session/session-carrier';
import type { LastWord } from '../link/link';
import type { Submission } from './submission';

/** What the end of a connection is worth as evidence: two that are strong are enough, or five that are weak. */
const ENOUGH = 10;
/** The server has said why it ends the connection; or it says of no packet that it is too large, and may mean this one. */
const STRONG = 5;
/** Nothing was said: networks end connections for reasons of their own. */
const WEAK = 2;

/** Bytes up to which a submit is on its way for so short a time that a weak end says nothing of it. */
const SMALL = 16 * 1024;

/**
 * Finds the submit that ends each connection which it is sent over: larger than the server takes, or longer on its way than
 * the server, or something before it, lets it be. Bytes come in order, so it is the first that was not received; and as
 * that may have come behind another session's, only one that outweighs all before it is suspected: whichever of them
 * it was, this one would not come through either.
 */
export class Suspect {
  /** What the server has said last as a connection ended of it. */
  lastWord: LastWord | undefined;
  private frameId = 0;
  private evidence = 0;

  /** The session goes on over another connection; `first` is what the server had not received of the last, if anything. */
  note(
    first: Submission | undefined,
    { lost, largestPacket }: Pick<SessionCarrier, 'lost' | 'largestPacket'>,
  ): void {
    // Moved: what it was sent over has not ended.
    if (lost === undefined) return;
    const { frameId = 0, outweighs = false, body } = first ?? {};
    if (frameId !== this.frameId) {
      this.frameId = frameId;
      this.evidence = 0;
      this.lastWord = undefined;
    }
    if (!outweighs || body === undefined) return;
    const { lastWord } = lost;
    if (lastWord !== undefined) this.lastWord = lastWord;
    if (lastWord !== undefined || largestPacket === Infinity) this.evidence += STRONG;
    else if (body.length > SMALL) this.evidence += WEAK;
  }

  isFatal(frameId: number): boolean {
    return this.frameId === frameId && this.evidence >= ENOUGH;
  }
}
