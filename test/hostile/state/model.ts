import { PAYLOAD_KINDS, Profile } from '../../../src/wire/messages/payload-kind';
import { SessionErrorCode, SessionFlag, SessionStatus } from '../../../src/wire/messages/session-open';
import {
  MessageType,
  type Packet,
  type SessionOpenAckMetadata,
  type SessionOpenMetadata,
} from '../../../src/wire';
import { fieldsOf, isInTable } from './fields';
import { SessionModel, type ConnectionModel } from './session-model';
import { RESUME_WINDOW_MS } from './terms';

/**
 * What a packet comes to: it is taken, it is refused and answered with an ERROR, or it ends its
 * connection, refused or not.
 */
export interface Verdict {
  readonly isRefused: boolean;
  readonly endsConnection: boolean;
}

export const TAKEN: Verdict = { isRefused: false, endsConnection: false };
export const REFUSED: Verdict = { isRefused: true, endsConnection: false };
const ENDS: Verdict = { isRefused: false, endsConnection: true };
const REFUSED_AND_ENDS: Verdict = { isRefused: true, endsConnection: true };

/** What a SESSION_OPEN_ACK is to say; the id undefined where the server chooses. */
export interface ExpectedAck {
  readonly status: SessionStatus;
  readonly errorCode: number;
  readonly sessionId: number | undefined;
}

interface PendingOpen {
  readonly connection: ConnectionModel;
  readonly open: SessionOpenMetadata;
  readonly resumed: { readonly session: SessionModel; readonly used: 'current' | 'previous' } | undefined;
}

/**
 * The rules of protocol sections 2, 3, 8 and 9 as a state machine of their own, slow and plain: which
 * sessions and operations there are, and what is to become of a packet. Fields are read with the wire's
 * records, which have tests of their own; everything above them is written here a second time.
 */
export class ServerModel {
  private readonly registry = new Map<number, SessionModel>();
  /** What the ack must say that is to come. */
  expectedAck: ExpectedAck | undefined;
  private pending: PendingOpen | undefined;

  constructor(private readonly now: () => number) {}

  get sessionCount(): number {
    return this.registry.size;
  }

  get inFlightCount(): number {
    return this.sum((session) => session.inFlight.size);
  }

  get queuedCount(): number {
    return this.sum((session) => session.queue.length);
  }

  receive(connection: ConnectionModel, packet: Packet): Verdict {
    const { messageType, sessionId } = packet.header;
    // What the table of messages forbids reaches no session, and so says nothing of its token.
    if (sessionId !== 0 && !isInTable(packet)) return REFUSED;
    const session = connection.sessions.get(sessionId);
    if (messageType === MessageType.SessionOpen) return this.onOpen(connection, packet);
    if (session !== undefined) {
      const verdict = session.receive(packet, this.now());
      if (session.isOver) this.forget(session);
      return verdict ? TAKEN : REFUSED;
    }
    if (sessionId === 0) return this.onConnectionScope(connection, packet);
    return messageType === MessageType.SessionCloseAck && connection.left.has(sessionId) ? TAKEN : REFUSED;
  }

  /** The ack of the open that was just received: its id and its token are the server's to choose. */
  opened(ack: SessionOpenAckMetadata, body: Uint8Array): void {
    const { pending } = this;
    this.pending = undefined;
    if (pending === undefined) return;
    const { connection, open, resumed } = pending;
    const token = Buffer.from(body.subarray(0, ack.resumeTokenBytes)).toString('hex');
    if (resumed !== undefined) {
      const { session, used } = resumed;
      session.connection?.sessions.delete(session.sessionId);
      session.connection?.left.add(session.sessionId);
      session.resume(connection, token, used);
      connection.sessions.set(session.sessionId, session);
      return;
    }
    const { sessionId } = ack;
    if (sessionId === 0 || this.registry.has(sessionId)) throw new Error(`session ${sessionId} is not free`);
    const session = new SessionModel(sessionId, open, connection, token);
    this.registry.set(sessionId, session);
    connection.sessions.set(sessionId, session);
  }

  /** The connection is gone, without a CLOSE. */
  disconnected(connection: ConnectionModel): void {
    connection.isOver = true;
    for (const session of [...connection.sessions.values()]) {
      if (session.canWait) session.detach(this.now() + RESUME_WINDOW_MS);
      else this.end(session);
    }
    connection.sessions.clear();
  }

  /** Whose time is up by now. */
  expire(): void {
    for (const session of [...this.registry.values()]) {
      if (session.endsAt <= this.now()) this.end(session);
    }
  }

  private onConnectionScope(connection: ConnectionModel, packet: Packet): Verdict {
    const { messageType, metaLen, bodyLen } = packet.header;
    switch (messageType) {
      case MessageType.Ping:
      case MessageType.Pong:
        return metaLen === 0 && bodyLen === 0 ? TAKEN : REFUSED;
      case MessageType.TransportProbe:
        return fieldsOf(packet, messageType) === undefined ? REFUSED : TAKEN;
      case MessageType.ClientHello: {
        const hello = fieldsOf(packet, messageType);
        const isCommon =
          hello !== undefined &&
          (hello.supportedProfileBitmap & (1 << (Profile.Token - 1))) !== 0 &&
          (hello.supportedPayloadKindBitmap & PAYLOAD_KINDS) !== 0;
        if (isCommon) return TAKEN;
        this.disconnected(connection);
        return REFUSED_AND_ENDS;
      }
      case MessageType.Close:
        if (metaLen !== 0) return REFUSED;
        for (const session of [...connection.sessions.values()]) this.end(session);
        connection.isOver = true;
        return ENDS;
      default:
        return REFUSED;
    }
  }

  private onOpen(connection: ConnectionModel, packet: Packet): Verdict {
    const open = fieldsOf(packet, MessageType.SessionOpen);
    if (open === undefined) return REFUSED;
    const { requestedSessionId, resumeTokenBytes, sessionFlags } = open;
    const allowsResume = (sessionFlags & SessionFlag.AllowResume) !== 0;
    if (resumeTokenBytes > 0 && (!allowsResume || requestedSessionId === 0)) {
      this.disconnected(connection);
      return REFUSED_AND_ENDS;
    }
    const token = tokenOf(open, packet.body);
    if (token === undefined) return REFUSED;
    const known = this.registry.get(requestedSessionId);
    const used = known?.tokenUse(token);
    const code = openErrorOf(open, known, used);
    if (code !== SessionErrorCode.None) {
      this.expectedAck = { status: SessionStatus.Rejected, errorCode: code, sessionId: 0 };
      return TAKEN;
    }
    const isResume = resumeTokenBytes > 0 && known !== undefined && used !== undefined;
    const resumed = isResume ? { session: known, used } : undefined;
    this.pending = { connection, open, resumed };
    this.expectedAck = {
      status: isResume ? SessionStatus.Resumed : SessionStatus.Opened,
      errorCode: SessionErrorCode.None,
      sessionId: requestedSessionId === 0 ? undefined : requestedSessionId,
    };
    return TAKEN;
  }

  private end(session: SessionModel): void {
    session.isOver = true;
    this.forget(session);
  }

  private forget(session: SessionModel): void {
    this.registry.delete(session.sessionId);
    session.connection?.sessions.delete(session.sessionId);
    session.connection?.left.add(session.sessionId);
  }

  private sum(measure: (session: SessionModel) => number): number {
    return [...this.registry.values()].reduce((total, session) => total + measure(session), 0);
  }
}

/** The code that an open is answered with, 0 where it is accepted; in the order of protocol section 9. */
function openErrorOf(
  open: SessionOpenMetadata,
  known: SessionModel | undefined,
  used: 'current' | 'previous' | undefined,
): number {
  if (open.profileId !== Profile.Token) return SessionErrorCode.ProfileUnsupported;
  if (open.schemaId !== 0x1001 || open.schemaVersion !== 3) return SessionErrorCode.SchemaUnsupported;
  if (open.maxInFlightOperations > 4) return SessionErrorCode.SessionLimitReached;
  if (open.resumeTokenBytes > 0) {
    return known?.canWait === true && used !== undefined
      ? SessionErrorCode.None
      : SessionErrorCode.ResumeRejected;
  }
  return known === undefined ? SessionErrorCode.None : SessionErrorCode.SessionLimitReached;
}

/** The resume token of an open, as hex; undefined where the body is not of the blocks announced. */
function tokenOf(open: SessionOpenMetadata, body: Uint8Array): string | undefined {
  const { resumeTokenBytes, authBytes, sessionExtensionBytes } = open;
  const others = authBytes + sessionExtensionBytes;
  if (body.length === 0 || body.length === others) return '';
  if (body.length !== resumeTokenBytes + others) return undefined;
  return Buffer.from(body.subarray(0, resumeTokenBytes)).toString('hex');
}
