import { decodeAs } from '../../../protocol/decode-as';
import type { Message, MessageOf } from '../../../wire/message';
import { MessageType } from '../../../wire/message-type';
import { EMPTY, packet, type Packet } from '../../../wire/packet';
import type { Revision } from '../../../wire/revision';
import type { SessionOperations } from '../submits/session-operations';
import type { ReceivedSubmit } from '../submits/submit';
import { takeAdvice } from './advice';
import { OperationNames } from './operation-names';

/** The session whose client says such things. */
export interface ControlledSession {
  readonly sessionId: number;
  readonly operations: SessionOperations;
  /** Sends an answer that the peer has provoked. */
  readonly outlet: { answer(packet: Packet): void };
  /** The client takes an operation back, at `now`. */
  cancel(cancel: Message<typeof MessageType.FrameCancel>, now: number): void;
}

/** What only preview4 lets a client say of a session and its operations. */
export class SessionControls {
  private readonly names = new OperationNames();

  constructor(private readonly session: ControlledSession) {}

  /** Throws an `NnrpError`, `OperationAlreadyExists`, where a submit has the name of another that is under way. */
  checkName(submit: ReceivedSubmit): void {
    this.names.check(submit);
  }

  /** Takes note of a submit that was taken in. */
  named(submit: ReceivedSubmit): void {
    this.names.add(submit);
  }

  /**
   * Takes a packet that came at `now`; false where it is of no type that is taken here. Throws an `NnrpError` or a
   * `RuntimeError` that says what is wrong with it.
   */
  receive(packet: Packet, revision: Revision, now: number): boolean {
    switch (packet.header.messageType) {
      case MessageType.Ping:
        this.session.outlet.answer(pongOf(packet));
        return true;
      case MessageType.Cancel:
        this.onCancel(decodeAs(packet, MessageType.Cancel, 'server', revision), now);
        return true;
      case MessageType.Abort:
        this.onCancel(decodeAs(packet, MessageType.Abort, 'server', revision), now);
        return true;
      case MessageType.Supersede:
        this.onSupersede(decodeAs(packet, MessageType.Supersede, 'server', revision));
        return true;
      default:
        return takeAdvice(packet, revision);
    }
  }

  private onCancel(
    { header, metadata }: MessageOf<typeof MessageType.Cancel | typeof MessageType.Abort>,
    now: number,
  ): void {
    const { operations } = this.session;
    if (metadata.operationId === 0n) {
      for (const { operationId } of operations.all()) this.cancel(operationId, now);
      return;
    }
    this.names.checkBound(metadata.operationId, operations.get(header.frameId));
    this.cancel(header.frameId, now);
  }

  private onSupersede({ header, metadata }: MessageOf<typeof MessageType.Supersede>): void {
    const submit = this.session.operations.get(header.frameId);
    this.names.checkBound(metadata.oldOperationId, submit);
    submit?.supersede();
  }

  /** The same as FRAME_CANCEL, which the application has for all of them. */
  private cancel(frameId: number, now: number): void {
    const { sessionId } = this.session;
    const messageType = MessageType.FrameCancel;
    const { header } = packet({ messageType, sessionId, frameId });
    this.session.cancel({ messageType, sessionId, frameId, header, metadata: undefined, body: EMPTY }, now);
  }
}

/** Of a session, which clients of preview4 ask about. */
function pongOf({ header: { sessionId, frameId } }: Packet): Packet {
  return packet({ messageType: MessageType.Pong, sessionId, frameId });
}
