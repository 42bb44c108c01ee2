import type { TimestampProvider } from 'rxjs';
import { TOO_LARGE_CODE } from '../../../src/server/connection/error-packet';
import { EndCode } from '../../../src/protocol/operation/end-code';
import { acceptsOperations } from '../../../src/protocol/session/session-lifecycle';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { ErrorMetadata, ErrorScope } from '../../../src/wire/messages/error-message';
import { ResultClass, ResultPushMetadata } from '../../../src/wire/messages/result-push';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { CloseReason, SessionCloseMetadata } from '../../../src/wire/messages/session-close';
import { encodePacket } from '../../../src/wire/encode-packet';
import { DropReason, ResultDropReasonMetadata } from '../../../src/wire/preview4/results';
import type { Packet } from '../../../src/wire/packet';
import { couldGoOn, serverDigest } from '../innards';
import type { Ledger } from '../ledger';
import { hexOf, OpensInTransit, type OpenInTransit } from './opens-in-transit';
import { statusName } from './packet-text';
import { isOverForServer, type OperationRecord, type SessionRecord } from '../records';
import { operationIn } from '../actors/submit-fields';
import { hears, sends } from './hearing';

/** What a session's client counts as results. */
const RESULTS: readonly MessageType[] = [
  MessageType.ResultPush,
  MessageType.PartialResult,
  MessageType.ResultDrop,
  MessageType.ResultDropReason,
  MessageType.Error,
];

/** Those that a client which holds an operation is not to be sent. */
const ANSWERS: readonly MessageType[] = [MessageType.ResultPush, MessageType.PartialResult];

export interface ServerWireOptions {
  /** Whether sessions are their clients', whoever has the token. */
  readonly hasOwners: boolean;
  readonly wallClock: TimestampProvider;
}

/** Reads along at the server's end of every connection. */
export class ServerWire {
  private readonly opens = new OpensInTransit();

  constructor(
    private readonly ledger: Ledger,
    private readonly options: ServerWireOptions,
  ) {}

  /** `to` is who is at the other end. */
  sends(connectionId: number, packet: Packet, to: string): void {
    const { messageType, sessionId } = packet.header;
    if (messageType === MessageType.SessionOpenAck) {
      this.acknowledges(connectionId, packet, to);
      return;
    }
    // An ERROR answers a packet, whatever connection it came by, or stands for a result.
    if (sessionId === 0 || (messageType === MessageType.Error && !isRefusal(packet))) return;
    const session = this.ledger.sessionsById.get(sessionId);
    if (session === undefined) return;
    if (messageType === MessageType.SessionClose) this.noteRevocation(session, packet);
    if (session.attachedTo !== connectionId) {
      this.ledger.facts.push({ kind: 'misdirected', session, packet: messageTypeName(messageType) });
    } else if (RESULTS.includes(messageType)) {
      this.sendsResult(session, packet);
    }
  }

  /** Returns what must not change where the packet comes by a connection that its session has left. */
  receives(connectionId: number, packet: Packet): string | undefined {
    const { messageType, sessionId } = packet.header;
    if (messageType === MessageType.SessionOpen) this.opens.add(connectionId, packet);
    const session = this.ledger.sessionsById.get(sessionId);
    if (sessionId === 0 || session?.server === undefined) return undefined;
    if (messageType === MessageType.FrameSubmit) this.notePlaceOfSubmit(session, packet);
    if (isOverForServer(session)) return undefined;
    if (session.attachedTo !== connectionId) return serverDigest(session.server);
    hears(this.ledger, session, packet);
    // The client has the newest token: none before it counts any more.
    const newest = session.tokens.at(-1);
    for (const token of session.tokens) token.isAccepted = token === newest;
    return undefined;
  }

  /** Who closes a session says so first; else its time is over. */
  private noteRevocation(session: SessionRecord, { metadata }: Packet): void {
    const { closeReason } = SessionCloseMetadata.decode(metadata);
    if (closeReason !== CloseReason.AuthRevoked || session.closing !== undefined) return;
    this.ledger.count('sessions that ran out');
    const leftMs = (session.expiresAt ?? Infinity) - this.options.wallClock.now();
    if (leftMs > 0) this.ledger.facts.push({ kind: 'revoked-early', session, leftMs });
  }

  private notePlaceOfSubmit(session: SessionRecord, packet: Packet): void {
    const operation = operationIn(this.ledger, packet);
    if (operation === undefined || session.server === undefined) return;
    operation.isTooLate = isOverForServer(session) || !acceptsOperations(session.server.state);
    operation.isEarly = !session.isServed;
  }

  /** Results are numbered: what goes out under a number for the second time must be the same. */
  private sendsResult(session: SessionRecord, packet: Packet): void {
    if (session.cursor === undefined) return;
    const bytes = encodePacket(packet);
    const former = session.results[session.cursor];
    if (former === undefined) {
      session.results.push(bytes);
      this.noteResult(session, packet);
    } else {
      this.ledger.count('replayed results');
      const isSame = former.length === bytes.length && former.every((byte, at) => byte === bytes[at]);
      const number = session.cursor + 1;
      // Where it goes on takes less than where it was.
      if (!isSame && isTooLarge(packet)) session.results[session.cursor] = bytes;
      else if (!isSame) this.ledger.facts.push({ kind: 'replayed-differently', session, number });
    }
    session.cursor += 1;
  }

  private noteResult(session: SessionRecord, packet: Packet): void {
    const { messageType, frameId } = packet.header;
    for (const operation of session.operations) {
      if (operation.frameId !== frameId) continue;
      if (ANSWERS.includes(messageType)) sends(this.ledger, operation, packet);
      else this.noteLate(operation, packet);
      if (endsOperation(packet)) this.noteLastResult(operation, packet);
    }
  }

  /** It has ended for its deadline, unless its handler has said so. */
  private noteLate(operation: OperationRecord, packet: Packet): void {
    const { heard, plan } = operation;
    if (!isLate(packet) || plan.ending === 'expire' || heard.hasPassed) return;
    const leftMs = heard.deadlineAt - this.options.wallClock.now();
    if (leftMs > 0) this.ledger.facts.push({ kind: 'ended-early', operation, leftMs });
  }

  private noteLastResult(operation: OperationRecord, packet: Packet): void {
    // It stands for one of several that were made while the client was away, and the others follow.
    if (isTooLarge(packet)) return;
    const isFirst = !operation.hasLastResult;
    operation.hasLastResult = true;
    this.ledger.facts.push({
      kind: 'terminal-sent',
      operation,
      packet: messageTypeName(packet.header.messageType),
      isFirst,
    });
  }

  private acknowledges(connectionId: number, packet: Packet, to: string): void {
    const { ledger } = this;
    const open = this.opens.take(connectionId);
    if (open === undefined) {
      ledger.violated(0, 'the server acknowledged a SESSION_OPEN that nobody sent');
      return;
    }
    const ack = SessionOpenAckMetadata.decode(packet.metadata);
    ledger.count(`open: ${statusName(ack.sessionStatus)}${open.tokenHex === '' ? '' : ' (resume)'}`);
    const tokenHex = hexOf(packet.body.subarray(0, ack.resumeTokenBytes));
    if (ack.sessionStatus === SessionStatus.Opened) {
      const session = ledger.taken(open.tag, ({ sessionId }) => sessionId !== 0);
      if (session === undefined) return;
      if (session.isAnew) ledger.count('sessions opened anew');
      session.sessionId = ack.sessionId;
      session.attachedTo = connectionId;
      session.cursor = open.isAnnounced ? 0 : undefined;
      if (tokenHex !== '') session.tokens.push({ hex: tokenHex, isAccepted: true });
      ledger.sessionsById.set(ack.sessionId, session);
    } else if (ack.sessionStatus === SessionStatus.Resumed) {
      const session = ledger.sessionsById.get(ack.sessionId);
      if (session === undefined) return;
      const used = session.tokens.find(({ hex }) => hex === open.tokenHex);
      const isEntitled = used?.isAccepted === true && this.isOwner(session, open);
      ledger.facts.push({ kind: 'resumed', session, isEntitled, byWhom: to });
      for (const token of session.tokens) token.isAccepted = token === used && token.isAccepted;
      session.tokens.push({ hex: tokenHex, isAccepted: true });
      session.attachedTo = connectionId;
      session.cursor = open.receivedResults;
      session.lastAttempt = Math.max(session.lastAttempt, open.resumeAttempt);
    } else if (ack.sessionErrorCode === SessionErrorCode.ResumeRejected) {
      this.noteSentAway(open);
    }
  }

  private isOwner(session: SessionRecord, { auth }: OpenInTransit): boolean {
    return !this.options.hasOwners || session.actor === auth;
  }

  private noteSentAway(open: OpenInTransit): void {
    const session = this.ledger.sessionsById.get(open.requestedSessionId);
    if (session?.server === undefined || isOverForServer(session)) return;
    const isToken = session.tokens.some(({ hex, isAccepted }) => isAccepted && hex === open.tokenHex);
    if (!isToken || !acceptsOperations(session.server.state)) return;
    if (!this.isOwner(session, open)) {
      this.ledger.count('right tokens of others refused');
      return;
    }
    const { receivedResults } = open;
    if (open.resumeAttempt > 0 && open.resumeAttempt <= session.lastAttempt) {
      this.ledger.count('resumes that came too late');
    } else if (
      receivedResults !== undefined &&
      !couldGoOn(session.server, session.results, receivedResults)
    ) {
      this.ledger.count('resumes refused for a gap');
    } else {
      this.ledger.facts.push({ kind: 'sent-away', session });
    }
  }
}

/** Whether a packet to a client ends an operation. */
export function endsOperation({ header, metadata }: Packet): boolean {
  switch (header.messageType) {
    case MessageType.ResultPush:
      return ResultPushMetadata.decode(metadata).resultClass !== ResultClass.Partial;
    case MessageType.ResultDrop:
    case MessageType.ResultDropReason:
    case MessageType.Error:
      return true;
    default:
      return false;
  }
}

/** Whether a packet stands for a result that the client does not take. */
function isTooLarge({ header, metadata }: Packet): boolean {
  const isError = header.messageType === MessageType.Error;
  return isError && ErrorMetadata.decode(metadata).errorCode === TOO_LARGE_CODE;
}

/** Whether a packet says that an answer would be too late. */
function isLate({ header, metadata }: Packet): boolean {
  if (header.messageType === MessageType.ResultDropReason)
    return ResultDropReasonMetadata.decode(metadata).dropReasonCode === DropReason.DeadlineExpired;
  return (
    header.messageType === MessageType.Error && ErrorMetadata.decode(metadata).errorCode === EndCode.Late
  );
}

/** Whether an ERROR stands for the result of an operation. */
function isRefusal({ metadata }: Packet): boolean {
  return ErrorMetadata.decode(metadata).errorScope === ErrorScope.Frame;
}
