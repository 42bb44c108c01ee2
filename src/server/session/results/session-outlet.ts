import { BehaviorSubject, defer, of, type Observable } from 'rxjs';
import type { ObjectsConnection } from '../../../objects/objects-port';
import type { CreditEpoch } from '../../../protocol/flow/credit-epoch';
import { ResultOutbox, type OutboxLimits } from '../../../protocol/operation/result-outbox';
import { CarriedPressure } from '../../../transport/outgoing/carried-pressure';
import type { PeerName, Transport, TransportKind } from '../../../transport/transport';
import type { DetachedShare } from '../../opening/detached-totals';
import type { SlotPool } from '../../limits/slot-pool';
import { answerTooLarge } from '../../connection/error-packet';
import { NnrpError } from '../../../wire/errors';
import { HEADER_LENGTH } from '../../../wire/header';
import type { Packet } from '../../../wire/packet';
import type { Revision } from '../../../wire/revision';
import type { Texts } from '../../../wire/text-packet';
import type { SubmitEnd } from '../session-message';
import { gatheredBytes, GatheredTexts } from './gathered-texts';
import { bodyBytes, frameOf, kept, type Outgoing } from './outgoing';
import type { LoggedOperation } from '../../log/logged-parts';
import type { LoggedSession } from '../../log/logged-session';
import type { RetainedAnswers } from './retained-answers';

/** The connection that carries a session at present. */
export interface Attachment {
  readonly transport: Transport;
  /** What its peer speaks. */
  readonly revision: Revision;
  /** Whether the peer may be of the reference, and knows no extension block of this project. */
  readonly isReference: boolean;
  /** Whether another node of the cluster has it. */
  readonly isRelayed: boolean;
  /** Whether the peer is a client of this project: it answers PING and counts results. */
  readonly isAnnounced: boolean;
  /** Bytes of header and body that the peer takes in one packet; Infinity where it has not said. */
  readonly largestPacket: number;
  /** Of FLOW_UPDATEs of connection scope. */
  readonly creditEpoch: CreditEpoch;
  /** Of operations of all sessions that it carries. */
  readonly slots: SlotPool;
  /** Sends an answer that the peer has provoked: while too many of them wait, it is not read. */
  answer(packet: Packet): void;
  /** Whether the peer may have a session that is of this revision, by guess or as its operations have shown. */
  takesUp(revision: Revision, certainty: { readonly isCertain: boolean }): boolean;
  /** Asks the peer to prove what it has received; once at a time. */
  requestProof(): void;
  /** By which one that is announced is asked whether it has received something; undefined where another node would have to. */
  readonly proof: Pick<ObjectsConnection, 'receipt'> | undefined;
  /** The session has left this connection. */
  released(core: { readonly sessionId: number }): void;
  /** Ends the connection, whose peer is silent, unless that would cost another session, or what the peer is to read yet. */
  giveUp(core: { readonly sessionId: number }): void;
}

/** From which fullness of the outbox on the peer is asked for proof of receipt, or from how many results on. */
const ASK_AT = 1 / 4;
const ASK_RESULTS = 256;
/** From which fullness on a detached session asks its application to wait. */
const PRESSURE_AT = 1 / 2;

/** What is kept of a session's results, where anything is. */
interface OutletStores {
  readonly outbox: OutboxLimits | undefined;
  readonly retained?: RetainedAnswers | undefined;
}

/**
 * A session's way out: straight to the transport while there is one, into the outbox while there is
 * none. Results of a session that may be resumed stay in the outbox until their receipt is proved.
 *
 *                          ┌─ attached ─▶ transport
 *   results ─▶ outbox? ────┤
 *                          └─ detached ─▶ wait, in bounds
 *   all else ──────────────── attached ─▶ transport, else forgotten
 */
export class SessionOutlet {
  /** What clients with a ticket get whole; undefined where nothing is kept for them. */
  readonly retained: RetainedAnswers | undefined;
  /** Where its results are copied to, for the node that comes after this one; undefined where none are. */
  log: LoggedSession | undefined;
  private attachment: Attachment | undefined;
  /** Of what waits at all sessions of the server, while this one is away. */
  private share: DetachedShare | undefined;
  private readonly outbox: ResultOutbox<Outgoing> | undefined;
  /** Made for whoever asks first, as is the other. */
  private pressure: CarriedPressure | undefined;
  private waitingPressure: BehaviorSubject<boolean> | undefined;
  /** While no connection carries the session. */
  private gathered: GatheredTexts | undefined;
  private isClosed = false;
  private lastPeer: PeerName;
  private lastKind: TransportKind;

  constructor(attachment: Attachment, { outbox, retained }: OutletStores) {
    this.retained = retained;
    this.outbox = outbox === undefined ? undefined : new ResultOutbox(outbox);
    this.attachment = attachment;
    this.lastPeer = attachment.transport.peer;
    this.lastKind = attachment.transport.kind;
  }

  /** The connection that carries the session, undefined while it waits for its client. */
  get current(): Attachment | undefined {
    return this.attachment;
  }

  /** The peer, or the last one. */
  get peer(): PeerName {
    return this.lastPeer;
  }

  get kind(): TransportKind {
    return this.lastKind;
  }

  /** Whether results wait that the client does not take. */
  get pressure$(): Observable<boolean> {
    return defer(() => {
      if (this.isClosed) return of(false);
      return (this.pressure ??= new CarriedPressure(this.pressureSource())).pressure$;
    });
  }

  /** Results that wait for a client or for proof of their receipt. */
  get heldResults(): number {
    return this.outbox?.size ?? 0;
  }

  get heldBytes(): number {
    return this.outbox?.byteLength ?? 0;
  }

  /** The number of the newest result, sent or not. */
  get lastResult(): number {
    return this.outbox?.lastNumber ?? 0;
  }

  /** What is held of the session's results, from number `received` on. */
  heldAfter(received: number): readonly Outgoing[] {
    return this.outbox?.replayAfter(received) ?? [];
  }

  /** How many results of the session there have been, as a client that counts them counts. */
  get sentResults(): number {
    return this.outbox?.lastSentNumber ?? 0;
  }

  /** Bytes of body that the client takes in one packet, at present. */
  get largestBody(): number {
    return (this.attachment?.largestPacket ?? Infinity) - HEADER_LENGTH;
  }

  /** Throws an `NnrpError`, `MessageLengthOverflow`, where the client takes no body so large at present. */
  requireFit({ length }: Uint8Array): void {
    if (length <= this.largestBody) return;
    const limit = HEADER_LENGTH + this.largestBody;
    throw new NnrpError({ kind: 'MessageLengthOverflow', declared: HEADER_LENGTH + length, limit });
  }

  /** Bytes of body that texts are gathered to. */
  get gatheredBody(): number {
    return this.attachment === undefined ? Infinity : gatheredBytes(this.attachment) - HEADER_LENGTH;
  }

  /** A submit has come. */
  began(submit: LoggedOperation): void {
    this.retained?.begin(submit);
    this.log?.began(submit);
  }

  /** An operation has ended. */
  ended(frameId: number, end: SubmitEnd): void {
    this.retained?.ended(frameId, end);
    this.log?.changed(frameId);
  }

  /** Sends what only matters now. */
  send(packet: Packet): void {
    this.attachment?.transport.send(packet);
  }

  /** Sends an answer to a request, which only matters to the connection that it came over. */
  answer(packet: Packet): void {
    this.attachment?.answer(packet);
  }

  /** Sends a result, or keeps it where its client is away, and there is room. */
  sendResult(packet: Packet): 'sent' | 'kept' | 'full' {
    const { attachment, outbox } = this;
    // A client that cannot say what it has received gets at most once what it may have received.
    if (outbox === undefined || attachment?.isAnnounced === false) {
      attachment?.transport.send(packet);
      return attachment === undefined ? 'full' : 'sent';
    }
    const outgoing = kept(packet);
    attachment?.transport.send(outgoing.packet);
    outbox.add(outgoing);
    this.log?.note();
    this.retained?.add(frameOf(packet), outgoing);
    if (attachment === undefined) {
      this.gathered?.note(frameOf(packet), outgoing);
      return this.keptMore(outbox, outgoing.byteLength);
    }
    outbox.markSent();
    outbox.trim();
    if (outbox.size >= ASK_RESULTS || outbox.fullness >= ASK_AT) attachment.requestProof();
    return 'sent';
  }

  /**
   * Keeps text with that of its operation that waits already, which no transport was handed: a client that is away
   * gets all of it as a few results. Undefined where there is none that has room for it.
   */
  join(frameId: number, text: Texts): 'kept' | 'full' | undefined {
    const { outbox } = this;
    const bytes = this.gathered?.join(frameId, text) ?? 0;
    if (bytes === 0 || outbox === undefined) return undefined;
    outbox.grown(bytes);
    this.log?.note();
    this.retained?.grown(frameId, bytes);
    return this.keptMore(outbox, bytes);
  }

  private keptMore(outbox: ResultOutbox<Outgoing>, bytes: number): 'kept' | 'full' {
    const isPressed = outbox.fullness >= PRESSURE_AT;
    if (isPressed !== this.waitingPressure?.value) this.waitingPressure?.next(isPressed);
    return outbox.fullness > 1 || this.share?.grow(bytes) === false ? 'full' : 'kept';
  }

  /** The session cannot go on waiting without a gap. */
  endWait(): void {
    this.share?.lost.next(undefined);
  }

  /** Whether so many results more, of so many bytes in all, can be kept. */
  hasRoom(results: number, bytes: number): boolean {
    return this.outbox?.hasRoom(results, bytes) !== false;
  }

  /** What no transport was handed. */
  unsent(): readonly Outgoing[] {
    return this.outbox?.unsent() ?? [];
  }

  /** Bytes of it, by operation. */
  unsentBytes(): Map<number, number> {
    const bytes = new Map<number, number>();
    for (const { packet, byteLength } of this.unsent()) {
      const frameId = frameOf(packet);
      bytes.set(frameId, (bytes.get(frameId) ?? 0) + byteLength);
    }
    return bytes;
  }

  /** Forgets what no transport was handed of an operation. */
  discardUnsent(frameId: number): void {
    const before = this.heldBytes;
    this.gathered?.delete(frameId);
    this.retained?.forget(frameId);
    this.outbox?.keepUnsent(({ packet }) => frameOf(packet) !== frameId);
    this.log?.rewritten();
    this.share?.shrink(before - this.heldBytes);
  }

  /** The client has received results up to this number. */
  acknowledge(count: number): void {
    this.outbox?.acknowledge(count);
  }

  /** The log, which is to have the whole of answers, has results up to this number. */
  logged(count: number): void {
    // While the client is away, room is for what it lacks.
    if (this.attachment !== undefined) this.outbox?.needAfter(count);
  }

  /** The connection is gone; results wait from now on, and count for `share`. */
  detach(share?: DetachedShare): void {
    this.leaveShare();
    if (this.attachment !== undefined) this.gathered = new GatheredTexts(gatheredBytes(this.attachment));
    this.attachment = undefined;
    this.share = share;
    this.outbox?.needAfter(Infinity);
    if (this.retained !== undefined) this.log?.note();
    this.pressure?.moveTo(this.pressureSource());
  }

  /** The number of the newest result that is not held any more. */
  get releasedResults(): number {
    return this.outbox?.lastReleasedNumber ?? 0;
  }

  /** What waits stays as it is: nothing is joined to it any more. */
  seal(): void {
    this.gathered?.clear();
  }

  /** Begins with the results behind number `released` that another node had, which had sent those up to `sent`. */
  restore(released: number, results: readonly Outgoing[], sent: number): void {
    this.outbox?.restore(released, results, sent);
  }

  /** Whether a client that has `received` results can go on without a gap. */
  canResume(received: number | undefined): boolean {
    return this.outbox !== undefined && (received === undefined || this.outbox.canReplayAfter(received));
  }

  /**
   * Goes on over another connection: sends what a client that has `received` results lacks, or, to one
   * that cannot say, what was never handed to a transport. Returns the operations of which a result was larger
   * than it takes there: it is told so instead, and takes nothing more of them.
   */
  attach(attachment: Attachment, received: number | undefined): readonly number[] {
    const { outbox } = this;
    this.moveTo(attachment);
    if (outbox === undefined) return [];
    const known = received ?? outbox.lastSentNumber;
    outbox.acknowledge(known);
    const refused = this.replay(attachment, outbox, known);
    if (!attachment.isAnnounced) outbox.acknowledge(outbox.lastNumber);
    outbox.trim();
    return refused;
  }

  /**
   * Goes on with a client that knows nothing of the session: what it is given takes the place of all that is held, and
   * is numbered on from there. Returns as {@link attach} does.
   */
  attachAnew(attachment: Attachment, given: readonly Outgoing[]): readonly number[] {
    const { outbox } = this;
    this.moveTo(attachment);
    if (outbox === undefined) return [];
    const known = outbox.lastNumber;
    outbox.restart(given);
    this.log?.rewritten();
    const refused = this.replay(attachment, outbox, known);
    outbox.trim();
    return refused;
  }

  private moveTo(attachment: Attachment): void {
    this.leaveShare();
    this.attachment = attachment;
    this.gathered = undefined;
    this.lastPeer = attachment.transport.peer;
    this.lastKind = attachment.transport.kind;
    this.log?.attached();
    this.pressure?.moveTo(this.pressureSource());
  }

  /** Sends the results after number `known`. Returns the operations that are refused, as {@link attach} does. */
  private replay(attachment: Attachment, outbox: ResultOutbox<Outgoing>, known: number): readonly number[] {
    const { largestBody } = this;
    const refused: number[] = [];
    for (const outgoing of outbox.replayAfter(known)) {
      const { packet } = outgoing;
      const bytes = largestBody === Infinity ? 0 : bodyBytes(packet);
      if (bytes <= largestBody) {
        attachment.transport.send(packet);
        continue;
      }
      const { sessionId, frameId } = packet.header;
      const refusal = kept(answerTooLarge(sessionId, frameId, bytes, largestBody));
      // It stands, also where this connection is lost and the next one takes more: the operation is over.
      outbox.replace(outgoing, refusal);
      this.retained?.forget(frameId);
      attachment.transport.send(refusal.packet);
      refused.push(frameId);
    }
    outbox.markSent();
    return refused;
  }

  private leaveShare(): void {
    this.share?.leave();
    this.share = undefined;
  }

  /** Nothing goes out any more. */
  close(): void {
    this.leaveShare();
    this.attachment = undefined;
    this.gathered = undefined;
    this.outbox?.clear();
    this.retained?.clear();
    this.isClosed = true;
    this.pressure?.end();
  }

  private pressureSource(): Observable<boolean> {
    if (this.attachment !== undefined) return this.attachment.transport.pressure$;
    this.waitingPressure = new BehaviorSubject((this.outbox?.fullness ?? 0) >= PRESSURE_AT);
    return this.waitingPressure;
  }
}
