import { validateFlowRouting } from '../protocol/flow';
import { checkMigration } from '../protocol/migration';
import type { Result } from '../protocol/result';
import type { Transport } from '../transport/transport';
import { MessageType } from '../wire/message-type';
import {
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  type BackpressureLevel,
  type FlowUpdateReason,
} from '../wire/messages/flow-update';
import { ResultHintMetadata } from '../wire/messages/result-hint';
import { ResultPushMetadata } from '../wire/messages/result-push';
import { SessionCloseAckMetadata, type CloseStatus } from '../wire/messages/session-close';
import { SessionMigrateAckMetadata, type SessionMigrateMetadata } from '../wire/messages/session-migrate';
import { SessionPatchAckMetadata } from '../wire/messages/session-patch';
import { EMPTY, packet } from '../wire/packet';

/** Encodes what a session says, validated before it is written (protocol section 9). */
export class SessionSender {
  private creditEpoch = 0;

  constructor(
    private readonly sessionId: number,
    private readonly transport: Transport,
  ) {}

  result(result: Result): void {
    if (result.type === 'drop') {
      this.drop(result.frameId);
      return;
    }
    const metadata = ResultPushMetadata.encode(result.metadata);
    this.send(MessageType.ResultPush, result.frameId, metadata, result.body);
  }

  drop(frameId: number): void {
    this.send(MessageType.ResultDrop, frameId);
  }

  hint(frameId: number, hint: ResultHintMetadata): void {
    this.send(MessageType.ResultHint, frameId, ResultHintMetadata.encode(hint));
  }

  patchAck(ack: SessionPatchAckMetadata, body: Uint8Array): void {
    this.send(MessageType.SessionPatchAck, 0, SessionPatchAckMetadata.encode(ack), body);
  }

  /** Throws an `NnrpError` where the ack does not fit the request. */
  migrateAck(request: SessionMigrateMetadata, ack: SessionMigrateAckMetadata): void {
    checkMigration(request, ack);
    this.send(MessageType.SessionMigrateAck, 0, SessionMigrateAckMetadata.encode(ack));
  }

  closeAck(closeStatus: CloseStatus, lastOperationId: number): void {
    const ack = SessionCloseAckMetadata.of({ closeStatus, lastOperationId: BigInt(lastOperationId) });
    this.send(MessageType.SessionCloseAck, 0, SessionCloseAckMetadata.encode(ack));
  }

  /** A FLOW_UPDATE of session scope with the next epoch; `credit` is how many may be in flight. */
  sessionFlow(updateReason: FlowUpdateReason, backpressureLevel: BackpressureLevel, credit: number): void {
    this.creditEpoch += 1;
    this.flowUpdate(
      FlowUpdateMetadata.of({
        scopeKind: FlowScope.Session,
        updateReason,
        backpressureLevel,
        sessionCredit: credit,
        creditEpoch: this.creditEpoch,
        flowFlags: FlowFlag.CreditValid,
      }),
    );
  }

  /** Any FLOW_UPDATE. Throws an `NnrpError` where its scope and fields do not fit (protocol section 5). */
  flowUpdate(update: FlowUpdateMetadata): void {
    const sessionId = update.scopeKind === FlowScope.Connection ? 0 : this.sessionId;
    const whole = packet(
      { messageType: MessageType.FlowUpdate, sessionId },
      FlowUpdateMetadata.encode(update),
    );
    validateFlowRouting(whole.header, update);
    this.transport.send(whole);
  }

  private send(messageType: MessageType, frameId: number, metadata = EMPTY, body = EMPTY): void {
    this.transport.send(packet({ messageType, sessionId: this.sessionId, frameId }, metadata, body));
  }
}
