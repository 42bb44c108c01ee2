import { SMALL_BYTES, Suspect } from '../protocol/suspect';
import type { HeldObject } from './held-object';
import { misuse } from './misuse';
import type { ObjectsPort } from './objects-port';

/** What was sent of an object, and is large. */
interface Sent {
  readonly object: HeldObject;
  readonly bytes: number;
  /** Whether it is at least as much as all that was sent before it over the connection. */
  readonly outweighs: () => boolean;
  /** Whether it has arrived; undefined where nobody can say so. */
  readonly isReceived: (() => boolean) | undefined;
}

/**
 * Objects on their way to the other end. Each new connection's is told of them anew, whole: one that ends each connection
 * which it is sent over, as it takes longer than anything on the way lets it, is not for ever.
 */
export class ObjectsUnderWay {
  /** In the order in which they were sent; each once. */
  private sent: readonly Sent[] = [];
  private readonly suspect = new Suspect<bigint>();

  constructor(private readonly port: ObjectsPort) {}

  /** So many bytes of an object were sent just now. */
  add(object: HeldObject, bytes: number): void {
    const { connection } = this.port;
    if (bytes <= SMALL_BYTES || connection === undefined) return;
    this.sent = this.sent.filter(isUnderWay);
    // Bytes come in order: what was sent of it before comes first.
    if (this.sent.some((each) => each.object === object)) return;
    const { sentBytes, sentBefore = () => 0 } = connection;
    const outweighs = (): boolean => 2 * bytes >= sentBytes + sentBefore();
    this.sent = [...this.sent, { object, bytes, outweighs, isReceived: connection.receipt() }];
  }

  /** The connection is gone. */
  lost(): void {
    const first = this.sent.find(isUnderWay);
    this.sent = [];
    const { lost } = this.port;
    // Moved, or it may have come for all that anybody knows.
    if (lost === undefined || (first?.isReceived === undefined && lost.lastWord === undefined)) return;
    this.suspect.note(
      first && { key: first.object.objectId, bytes: first.bytes, outweighs: first.outweighs() },
      lost,
    );
  }

  /** Throws a `RuntimeError` where the other end is not to be told of an object again. */
  requireDeliverable({ objectId }: HeldObject): void {
    if (!this.suspect.isFatal(objectId)) return;
    const { text = '' } = this.suspect.lastWord ?? {};
    throw misuse(
      `connections have ended, one after another, while object ${objectId} was on its way; share less at a time${text && `: ${text}`}`,
    );
  }
}

function isUnderWay({ object, isReceived }: Sent): boolean {
  return object.released === undefined && isReceived?.() !== true;
}
