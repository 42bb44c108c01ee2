import { EndCode } from '../../../src/protocol/operation/end-code';
import { ErrorMetadata } from '../../../src/wire/messages/error-message';
import { SessionCloseMetadata } from '../../../src/wire/messages/session-close';
import { MessageType } from '../../../src/wire/message-type';
import { FlowScope, FlowUpdateMetadata } from '../../../src/wire/messages/flow-update';
import { SessionOpenAckMetadata, SessionStatus } from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';
import { PressureMetadata, RetryAfterMetadata } from '../../../src/wire/preview4/control/pressure';
import { RecoverableErrorMetadata } from '../../../src/wire/preview4/control/recoverable-error';
import { applyFlow, applyPressure, grantNow, outstandingOn } from './grants';
import { clientDigest, waitingFor } from '../innards';
import type { Ledger } from '../ledger';
import { OpensInTransit } from './opens-in-transit';
import { isOpenForClient, newGrant, type OperationRecord, type SessionRecord } from '../records';
import { endsOperation } from './server-wire';
import { operationIn } from '../actors/submit-fields';
import { nothingHeard } from './heard';
import { holdWordIn } from './hold-word';

/** Reads along at the clients' ends of every connection. */
export class ClientWire {
  private readonly opens = new OpensInTransit();

  constructor(
    private readonly ledger: Ledger,
    private readonly now: () => number,
  ) {}

  sends(connectionId: number, packet: Packet): void {
    const { messageType, sessionId, frameId } = packet.header;
    switch (messageType) {
      case MessageType.SessionOpen:
        this.opens.add(connectionId, packet);
        return;
      case MessageType.FrameCancel:
      case MessageType.Cancel:
        settle(this.sessionOn(connectionId, sessionId), frameId);
        return;
      case MessageType.FrameSubmit:
        this.submits(connectionId, packet);
        return;
      default:
        this.holds(connectionId, packet);
    }
  }

  /** Returns what must not change where the packet comes by a connection that its session has left. */
  receives(connectionId: number, packet: Packet, actor: string): string | undefined {
    const { messageType, sessionId, frameId } = packet.header;
    if (messageType === MessageType.FlowUpdate) this.takesFlow(connectionId, packet);
    else this.takesPressure(connectionId, packet);
    if (sessionId === 0 || messageType === MessageType.SessionOpenAck) return undefined;
    const session = this.sessionOn(connectionId, sessionId);
    if (session !== undefined) {
      if (endsOperation(packet)) settle(session, frameId);
      for (const operation of unbegunBy(packet, session)) {
        operation.isReturned = true;
        session.outstanding.delete(operation);
      }
      return undefined;
    }
    const elsewhere = this.ledger.sessionsById.get(sessionId);
    if (elsewhere?.client === undefined || elsewhere.actor !== actor) return undefined;
    return clientDigest(elsewhere.client);
  }

  /** The ack of a SESSION_OPEN: returns the session that is on this connection from now on. */
  acknowledged(connectionId: number, packet: Packet): SessionRecord | undefined {
    const open = this.opens.take(connectionId);
    const ack = SessionOpenAckMetadata.decode(packet.metadata);
    const { sessionStatus } = ack;
    const isAccepted = sessionStatus === SessionStatus.Opened || sessionStatus === SessionStatus.Resumed;
    const session = open === undefined ? undefined : this.sessionOf(open.tag, ack.sessionId);
    if (!isAccepted || session === undefined) return undefined;
    const held = this.ledger.heldBy(session.tag);
    // Of the first, whoever asked for it says that it has it.
    if (held?.client !== undefined) this.ledger.goesOver(session, held.client);
    session.link = connectionId;
    Object.assign(session.grant, newGrant(ack.grantedOperationCredit));
    session.maxInFlight = ack.maxInFlightOperations;
    // Said again where it is so.
    for (const operation of session.operations) operation.isToBeHeld = false;
    for (const operation of session.outstanding) {
      if (!isOpenForClient(operation) || isOverForPuller(operation)) session.outstanding.delete(operation);
    }
    return session;
  }

  /** The newest of a tag and an id: others may be at servers that are gone. */
  private sessionOf(tag: bigint, sessionId: number): SessionRecord | undefined {
    return this.ledger.sessions
      .filter((session) => session.tag === tag && session.sessionId === sessionId)
      .at(-1);
  }

  private holds(connectionId: number, packet: Packet): void {
    const word = holdWordIn(packet);
    if (word === undefined) return;
    const isToBeHeld = word.window === 0;
    this.ledger.count(isToBeHeld ? 'holds' : 'releases');
    const session = this.sessionOn(connectionId, packet.header.sessionId);
    for (const operation of session?.operations ?? []) {
      if (operation.frameId === word.frameId) operation.isToBeHeld = isToBeHeld;
    }
  }

  private submits(connectionId: number, packet: Packet): void {
    const { ledger } = this;
    const operation = operationIn(ledger, packet);
    if (operation === undefined) return;
    if (operation.isReturned) {
      ledger.count('submits sent in the place of another');
      Object.assign(operation, { isReturned: false, isForgotten: false, isTooLate: false, isEarly: false });
      Object.assign(operation, { hasLastResult: false });
      Object.assign(operation.heard, nothingHeard());
      operation.ends.length = 0;
    } else if (operation.frameId !== 0) {
      ledger.count('submits sent again');
      if (operation.isForgotten) ledger.facts.push({ kind: 'sent-anew', operation });
      return;
    }
    const { session } = operation;
    operation.frameId = packet.header.frameId;
    ledger.count('submits');
    if (!session.isObedient || !operation.isOfClient) return;
    this.forgetOver(connectionId);
    ledger.facts.push({
      kind: 'submitted',
      operation,
      outstanding: {
        session: session.outstanding.size,
        connection: outstandingOn(ledger, connectionId),
      },
      ...grantNow(session, ledger.connectionGrants.get(connectionId), this.now()),
    });
    session.outstanding.add(operation);
  }

  /** What has ended here without a packet, and has not been pulled so far. */
  private forgetOver(connectionId: number): void {
    for (const { link, outstanding } of this.ledger.sessions) {
      if (link !== connectionId) continue;
      for (const operation of outstanding) if (isOverForPuller(operation)) outstanding.delete(operation);
    }
  }

  private takesFlow(connectionId: number, packet: Packet): void {
    const { ledger } = this;
    const update = FlowUpdateMetadata.decode(packet.metadata);
    ledger.count('flow updates');
    if (update.scopeKind === FlowScope.Connection) {
      const grant = ledger.connectionGrants.get(connectionId) ?? newGrant(Infinity);
      ledger.connectionGrants.set(connectionId, grant);
      applyFlow(grant, update, this.now());
    } else if (update.scopeKind === FlowScope.Session) {
      const session = this.sessionOn(connectionId, packet.header.sessionId);
      if (session !== undefined) applyFlow(session.grant, update, this.now());
    }
  }

  /** The same in the words of preview4, all of which are of sessions here. */
  private takesPressure(connectionId: number, { header, metadata }: Packet): void {
    const { messageType, sessionId } = header;
    const grant = this.sessionOn(connectionId, sessionId)?.grant;
    if (grant === undefined) return;
    switch (messageType) {
      case MessageType.CreditUpdate:
      case MessageType.Backpressure:
        this.ledger.count('pressure');
        applyPressure(grant, messageType, PressureMetadata.decode(metadata), this.now());
        return;
      case MessageType.RetryAfter:
        grant.retryAt = this.now() + RetryAfterMetadata.decode(metadata).retryAfterMs;
        return;
      case MessageType.ErrorRecoverable:
        grant.retryAt = this.now() + RecoverableErrorMetadata.decode(metadata).retryAfterMs;
        return;
      default:
    }
  }

  /** By connection and id: ids are used again, and a client may not know yet that its session is over. */
  /** The newest: the id of one that was closed may be given again. */
  private sessionOn(connectionId: number, sessionId: number): SessionRecord | undefined {
    return this.ledger.sessions
      .filter((session) => session.link === connectionId && session.sessionId === sessionId)
      .at(-1);
  }
}

/** Whether nothing more comes for somebody who pulls, who may not know yet. */
function isOverForPuller({ pulled }: OperationRecord): boolean {
  return pulled !== undefined && !waitingFor(pulled).mayGrow;
}

/** An operation is not outstanding any more. */
/** What a server that closes says it has never begun: what it had not received, and what has waited there. */
function unbegunBy({ header, metadata }: Packet, { operations }: SessionRecord): OperationRecord[] {
  const { messageType, frameId } = header;
  const open = [...operations].filter(
    (each) => each.isOfClient && each.frameId !== 0 && isOpenForClient(each),
  );
  if (messageType === MessageType.SessionClose) {
    const { lastOperationId } = SessionCloseMetadata.decode(metadata);
    return open.filter((each) => each.frameId > lastOperationId);
  }
  if (messageType !== MessageType.Error || ErrorMetadata.decode(metadata).errorCode !== EndCode.Draining)
    return [];
  return open.filter((each) => each.frameId === frameId);
}

function settle(session: SessionRecord | undefined, frameId: number): void {
  for (const operation of session?.outstanding ?? []) {
    if (operation.frameId === frameId) session?.outstanding.delete(operation);
  }
}
