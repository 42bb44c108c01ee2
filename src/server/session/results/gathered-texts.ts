import { HELD_TEXT_BYTES } from '../../../protocol/operation/result-outbox';
import { GATHERED_BYTES } from '../../../protocol/content/text-result';
import { preview4 } from '../../../wire/preview4';
import type { Revision } from '../../../wire/revision';
import { framesLength, TextPacket, type Texts } from '../../../wire/text-packet';
import type { Outgoing } from './outgoing';

/** What waits as texts, and may become more of them. */
interface Gathering extends Outgoing {
  packet: TextPacket;
}

/**
 * The texts that wait for a client that is away, by operation: what is last of each, to which more are joined until a
 * transport is handed them. Then they keep their borders, in every replay.
 */
export class GatheredTexts {
  private readonly last = new Map<number, Gathering>();

  /** Bytes that a packet is gathered to. */
  constructor(private readonly most: number) {}

  /** Takes note of a packet of an operation that is to wait. */
  note(frameId: number, waiting: Outgoing): void {
    if (isGathering(waiting)) this.last.set(frameId, waiting);
    else this.last.delete(frameId);
  }

  /** Joins text to that which waits, and returns by how many bytes that has grown; 0 where there is no room for it. */
  join(frameId: number, text: Texts): number {
    const waiting = this.last.get(frameId);
    if (waiting === undefined) return 0;
    const joined = waiting.packet.with(text);
    if (joined.maxByteLength > this.most) return 0;
    const bytes = framesLength(text) + (typeof text === 'string' ? 1 : text.length) * HELD_TEXT_BYTES;
    waiting.packet = joined;
    waiting.byteLength += bytes;
    return bytes;
  }

  /** Nothing is joined to what waits. */
  clear(): void {
    this.last.clear();
  }

  /** What waits of an operation is forgotten. */
  delete(frameId: number): void {
    this.last.delete(frameId);
  }
}

function isGathering(waiting: Outgoing): waiting is Gathering {
  return waiting.packet instanceof TextPacket && waiting.packet.isText;
}

/** What is known of a client. */
interface Reader {
  readonly revision: Revision;
  /** Whether it is of this project. */
  readonly isAnnounced: boolean;
  /** Bytes of header and body that it takes in one packet. */
  readonly largestPacket: number;
}

/** Bytes of a packet that texts are gathered to, for whoever is there or comes back where this one was. */
export function gatheredBytes({ largestPacket, revision, isAnnounced }: Reader): number {
  // Who speaks preview4, and has not told what it understands, gets one text a part.
  return revision === preview4 && !isAnnounced ? 0 : Math.min(GATHERED_BYTES, largestPacket);
}
