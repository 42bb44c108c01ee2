import type { MessageType } from '../../wire/message-type';
import { EMPTY, packet } from '../../wire/packet';
import { UNASKED, type Speech } from '../link/speech';
import type { ClientLink } from '../link/link';

/** Where the packets of a session go: to the link that carries it, nowhere while none does. */
export class SessionCarrier {
  constructor(
    readonly sessionId: number,
    /** Undefined while there is none. */
    public link: ClientLink | undefined,
  ) {}

  /** Bytes of header and body that the server takes in one packet; Infinity where it has not said. */
  get largestPacket(): number {
    return this.link?.largestPacket ?? Infinity;
  }

  /** Throws an `NnrpError`, `MessageLengthOverflow`, where the server takes none so large. */
  send(messageType: MessageType, frameId = 0, metadata = EMPTY, body = EMPTY): void {
    this.link?.send(packet({ messageType, sessionId: this.sessionId, frameId }, metadata, body));
  }

  /** How the server is asked; of no matter while there is no link. */
  get speech(): Speech {
    return this.link?.speech ?? UNASKED;
  }

  /** Answers a PING of the session, as its link does its own: what waits of them is bounded. */
  answerPing(frameId: number): void {
    this.link?.answerPing({ sessionId: this.sessionId, frameId });
  }

  /** The server has answered the session over its link, with a result or an ack. */
  noteAnswer(): void {
    if (this.link !== undefined) this.link.wasAnswered = true;
  }

  /** Whether reading can be stopped, where there is a link. */
  get canHoldReading(): boolean {
    return this.link?.reading.canPause !== false;
  }

  /** Stops reading from the server until every holder has released. */
  holdReading(holder: object): void {
    this.link?.reading.hold(holder);
  }

  releaseReading(holder: object): void {
    this.link?.reading.release(holder);
  }
}
