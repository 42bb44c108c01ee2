import { HELD_RESULT_BYTES } from '../../../protocol/operation/result-outbox';
import { encodePacket } from '../../../wire/encode-packet';
import { decodePacket, type Packet } from '../../../wire/packet';
import type { Attachment } from './attachment';

/** Of the room that the outbox has; the rest is for results that come while the client is away for that. */
const WITHHELD_PART = 3 / 4;

/** What is said over a connection: a result, an answer that its peer has provoked, or anything else. */
export type SaidAs = 'result' | 'answer' | 'word';

interface Word {
  readonly to: Attachment;
  readonly packet: Packet;
  readonly as: SaidAs;
}

/** What a session has to say, and may not until it is known whose the session is; in order. */
export class Withheld {
  private words: Word[] = [];
  private bytes = 0;
  private readonly leaving: (() => void)[] = [];
  private readonly maxBytes: number;

  /** For a session whose outbox has room for so many bytes more. */
  constructor(outboxBytes: number) {
    this.maxBytes = WITHHELD_PART * outboxBytes;
  }

  get byteLength(): number {
    return this.bytes;
  }

  /** Says once that it is more than may be. Throws an `NnrpError` where the packet cannot be encoded, as a transport does. */
  add(to: Attachment, packet: Packet, as: SaidAs): 'kept' | 'full' {
    const bytes = encodePacket(packet);
    // A result is in the outbox, too, with bytes of its own; of others the caller has the bytes again.
    this.words.push({ to, packet: as === 'result' ? packet : decodePacket(bytes), as });
    const before = this.bytes;
    this.bytes += HELD_RESULT_BYTES + bytes.length;
    return before <= this.maxBytes && this.bytes > this.maxBytes ? 'full' : 'kept';
  }

  /** The connection is gone: results wait in the outbox for the next one. */
  dropResults(): void {
    this.words = this.words.filter(({ as }) => as !== 'result');
    // They count there, and the rest, which is small, nowhere.
    this.bytes = 0;
  }

  /** The session leaves a connection, once all of it is said. */
  leave(from: Attachment, core: { readonly sessionId: number }): void {
    this.leaving.push(() => {
      from.released(core);
    });
  }

  /** Says all of it; over a connection that has ended that does nothing. */
  say(): void {
    for (const { to, packet, as } of this.words) {
      if (as === 'answer') to.answer(packet);
      else to.transport.send(packet);
    }
    this.end();
  }

  /** Nothing more of it is said: the session leaves where it was to. */
  end(): void {
    for (const leave of this.leaving) leave();
  }
}
