import type { ResultOutbox } from '../../../protocol/operation/result-outbox';
import type { RuntimeError } from '../../../protocol/runtime-error';
import { Suspect } from '../../../protocol/suspect';
import { sentBytes } from '../../../transport/outgoing/sent-bytes';
import type { Transport } from '../../../transport/transport';
import { HEADER_LENGTH } from '../../../wire/header';
import { MessageType } from '../../../wire/message-type';
import { packet, type Packet } from '../../../wire/packet';
import { answerTooLarge, answerUndeliverable } from '../../connection/error-packet';
import { bodyBytes, frameOf, kept, type Outgoing } from './outgoing';
import { resultTooLarge, resultUndeliverable } from './result-untaken';

/** The connection that carries the session. */
interface Carrying {
  readonly transport: Pick<Transport, 'takenBytes' | 'queuedBytes'>;
  /** Bytes of header and body that its client takes in one packet. */
  readonly largestPacket: number;
}

/** An operation that a result is not sent of: its client is told so instead, and takes nothing more of it. */
export interface RefusedOperation {
  readonly frameId: number;
  readonly failure: RuntimeError;
}

/** What takes the place of a result, under its number. */
interface StandIn {
  readonly word: Packet;
  readonly refused?: RefusedOperation;
}

/** What a client that came back was sent first. */
interface First {
  readonly number: number;
  readonly bytes: number;
  /** Bytes of all that its connection was sent before. */
  readonly before: number;
}

/**
 * Sends a client that comes back the results that it lacks, but for those that cannot arrive: one that is larger than the
 * client takes, and one that ends each connection which it is sent again over. A client says nothing of why a connection
 * ends, so that five have to, one after another, of which it has had the ack and not what came right behind.
 */
export class ResultReplay {
  private readonly suspect = new Suspect<number>();
  /** Undefined where how the connection ends says nothing of it. */
  private first: First | undefined;

  constructor(private readonly outbox: ResultOutbox<Outgoing>) {}

  /** The connection does not end of what was sent, or has brought nothing at all. */
  spare(): void {
    this.first = undefined;
  }

  /** The session leaves its connection, over which `bytes` of others had gone before it. */
  left(bytes: number): void {
    const { first } = this;
    if (first !== undefined) this.first = { ...first, before: first.before + bytes };
  }

  /** Has the results after number `known` sent over a connection. Returns the operations that are refused. */
  send(
    { transport, largestPacket }: Carrying,
    known: number,
    say: (result: Packet) => void,
  ): readonly RefusedOperation[] {
    const most = largestPacket - HEADER_LENGTH;
    const before = sentBytes(transport);
    const lacking = this.outbox.replayAfter(known);
    const fatal = this.isFatal(known + 1) ? lacking[0] : undefined;
    const over = fatal && frameOf(fatal.packet);
    const refused: RefusedOperation[] = [];
    this.first = undefined;
    for (const outgoing of lacking) {
      let standIn: StandIn | undefined;
      if (outgoing === fatal) standIn = undeliverable(outgoing.packet, most);
      else if (over !== undefined && frameOf(outgoing.packet) === over) standIn = unwanted(outgoing.packet);
      else if (most !== Infinity) standIn = tooLarge(outgoing.packet, most);
      const word = standIn === undefined ? outgoing.packet : this.replace(outgoing, standIn.word);
      say(word);
      this.first ??= { number: known + 1, bytes: bodyBytes(word), before };
      if (standIn?.refused !== undefined) refused.push(standIn.refused);
    }
    return refused;
  }

  /** Whether the result with this number, the first that the client lacks, is not to be sent again; asked each time. */
  private isFatal(number: number): boolean {
    const { first, suspect } = this;
    if (first !== undefined) {
      const { bytes, before } = first;
      const unreceived = { key: number, bytes, outweighs: bytes >= before };
      suspect.note(first.number === number ? unreceived : undefined, { lastWord: undefined });
    }
    const isFatal = suspect.isFatal(number);
    // What takes its place is another.
    if (isFatal) suspect.note(undefined, { lastWord: undefined });
    return isFatal;
  }

  /** It stands, also where the next connection takes more: the operation is over. */
  private replace(outgoing: Outgoing, word: Packet): Packet {
    const standIn = kept(word);
    this.outbox.replace(outgoing, standIn);
    return standIn.packet;
  }
}

function undeliverable({ header: { sessionId, frameId }, body }: Packet, most: number): StandIn {
  const failure = resultUndeliverable(sessionId, frameId, body.length);
  return { word: answerUndeliverable(sessionId, frameId, body.length, most), refused: { frameId, failure } };
}

/** Something has to come for a client that counts. */
function unwanted({ header: { sessionId, frameId } }: Packet): StandIn {
  return { word: packet({ messageType: MessageType.ResultDrop, sessionId, frameId }) };
}

function tooLarge(result: Packet, most: number): StandIn | undefined {
  const bytes = bodyBytes(result);
  if (bytes <= most) return undefined;
  const { sessionId, frameId } = result.header;
  const failure = resultTooLarge(sessionId, frameId);
  return { word: answerTooLarge(sessionId, frameId, bytes, most), refused: { frameId, failure } };
}
