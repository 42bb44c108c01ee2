import { BehaviorSubject, defer, of, type Observable } from 'rxjs';
import { ResultOutbox, type OutboxLimits } from '../../../protocol/operation/result-outbox';
import { CarriedPressure } from '../../../transport/outgoing/carried-pressure';
import type { PeerName, TransportKind } from '../../../transport/transport';
import type { DetachedShare } from '../../opening/detached-totals';
import { NnrpError } from '../../../wire/errors';
import { HEADER_LENGTH } from '../../../wire/header';
import type { Packet } from '../../../wire/packet';
import type { Texts } from '../../../wire/text-packet';
import type { SubmitEnd } from '../session-message';
import type { Attachment } from './attachment';
import { gatheredBytes, GatheredTexts } from './gathered-texts';
import { frameOf, kept, type Outgoing } from './outgoing';
import type { LoggedOperation } from '../../log/logged-parts';
import type { LoggedSession } from '../../log/logged-session';
import { ResultReplay, type RefusedOperation } from './result-replay';
import type { RetainedAnswers } from './retained-answers';
import { Withheld, type SaidAs } from './withheld';

/** From which fullness of the outbox on the peer is asked for proof of receipt, or from how many results on. */
const ASK_AT = 1 / 4;
const ASK_RESULTS = 256;
/** From which fullness on a session asks its application to wait: one that is detached, or may not say what it has to. */
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
 *
 * What goes to a transport passes `say`: while the session may be another node's, it is withheld there.
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
  /** Made where the client first comes back. */
  private madeReplay: ResultReplay | undefined;
  /** Made for whoever asks first, as is the other. */
  private pressure: CarriedPressure | undefined;
  private waitingPressure: BehaviorSubject<boolean> | undefined;
  /** While no connection carries the session. */
  private gathered: GatheredTexts | undefined;
  /** What it may not say yet. */
  private withheld: Withheld | undefined;
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

  /** Bytes that the client has yet to take, those that are withheld among them. */
  get queuedBytes(): number {
    return (this.attachment?.transport.queuedBytes ?? 0) + (this.withheld?.byteLength ?? 0);
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
    if (this.attachment !== undefined) this.say(this.attachment, packet, 'word');
  }

  /** Sends an answer to a request, which only matters to the connection that it came over. */
  answer(packet: Packet): void {
    if (this.attachment !== undefined) this.say(this.attachment, packet, 'answer');
  }

  /** The session is this node's: what was withheld is said. Also of one that has ended since: its client may wait for that. */
  release(): void {
    const { withheld } = this;
    if (withheld === undefined) return;
    this.withheld = undefined;
    withheld.say();
    if (this.attachment === undefined) return;
    this.outbox?.markSent();
    this.outbox?.trim();
    this.pressure?.moveTo(this.pressureSource());
  }

  /** The session leaves its connection; that of another node, which takes no word of it then, behind what is withheld. */
  leave(core: { readonly sessionId: number }): void {
    const { attachment, withheld } = this;
    if (attachment?.isRelayed === true && withheld !== undefined) withheld.leave(attachment, core);
    else attachment?.released(core);
  }

  /** Whose session it is has it from another node: its connection ends, and nothing more is said. */
  lose(): void {
    this.attachment?.transport.destroy();
    this.withheld?.end();
    this.withheld = undefined;
  }

  /** Says something, now or once it is known that the session is this node's; whether it was now. */
  private say(to: Attachment, packet: Packet, as: SaidAs): boolean {
    const { log } = this;
    if (log === undefined || (this.withheld === undefined && !log.isInDoubt)) {
      if (as === 'answer') to.answer(packet);
      else to.transport.send(packet);
      return true;
    }
    const isFirst = this.withheld === undefined;
    this.withheld ??= new Withheld(this.outbox?.roomBytes ?? 0);
    if (isFirst) this.pressure?.moveTo(this.pressureSource());
    if (this.withheld.add(to, packet, as) === 'full') log.cut();
    return false;
  }

  /** Sends a result, or keeps it where its client is away, and there is room. */
  sendResult(packet: Packet): 'sent' | 'kept' | 'full' {
    const { attachment, outbox } = this;
    // A client that cannot say what it has received gets at most once what it may have received.
    if (outbox === undefined || attachment?.isAnnounced === false) {
      this.send(packet);
      return attachment === undefined ? 'full' : 'sent';
    }
    const outgoing = kept(packet);
    const isSaid = attachment !== undefined && this.say(attachment, outgoing.packet, 'result');
    outbox.add(outgoing);
    this.log?.note();
    this.retained?.add(frameOf(packet), outgoing);
    if (!isSaid) {
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
    this.madeReplay?.left(this.attachment?.sentBefore ?? 0);
    if (this.attachment !== undefined) this.gathered = new GatheredTexts(gatheredBytes(this.attachment));
    this.attachment = undefined;
    this.withheld?.dropResults();
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

  /** How the connection ends, or the last one has, says nothing of what was sent over it. */
  spare(): void {
    this.madeReplay?.spare();
  }

  /**
   * Goes on over another connection: sends what a client that has `received` results lacks, or, to one
   * that cannot say, what was never handed to a transport. Returns the operations of which a result was not sent.
   */
  attach(attachment: Attachment, received: number | undefined): readonly RefusedOperation[] {
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
  attachAnew(attachment: Attachment, given: readonly Outgoing[]): readonly RefusedOperation[] {
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
  private replay(
    attachment: Attachment,
    outbox: ResultOutbox<Outgoing>,
    known: number,
  ): readonly RefusedOperation[] {
    const replay = (this.madeReplay ??= new ResultReplay(outbox));
    const refused = replay.send(attachment, known, (result) => this.say(attachment, result, 'result'));
    for (const { frameId } of refused) this.retained?.forget(frameId);
    if (refused.length > 0) this.log?.rewritten();
    if (this.withheld === undefined) outbox.markSent();
    else replay.spare();
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
    const { attachment, withheld } = this;
    if (attachment !== undefined && withheld === undefined) return attachment.transport.pressure$;
    this.waitingPressure = new BehaviorSubject((this.outbox?.fullness ?? 0) >= PRESSURE_AT);
    return this.waitingPressure;
  }
}
