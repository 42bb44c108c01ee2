import { Subject, type Observable } from 'rxjs';
import { validateFlowRouting } from '../../protocol/flow/flow';
import { decodeAs } from '../../protocol/decode-as';
import { checkHeaderOnly, checkMetadataLength } from '../../protocol/packet-checks';
import { readResultMetadata } from '../../protocol/operation/result-packet';
import { unexpectedMessage } from '../../protocol/runtime-error';
import type { Message, MessageOf } from '../../wire/message';
import { MessageType, messageTypeName } from '../../wire/message-type';
import { ErrorScope } from '../../wire/messages/error-message';
import type { FlowUpdateMetadata } from '../../wire/messages/flow-update';
import { ResultPushMetadata } from '../../wire/messages/result-push';
import type { Packet } from '../../wire/packet';
import type { Revision } from '../../wire/revision';
import type { Submissions } from '../submissions/submissions';
import type { SessionClosing } from './session-closing';
import type { SessionRequests } from './session-requests';

/** Whom a session's packets are for. */
export interface Addressees {
  readonly submissions: Submissions;
  readonly requests: SessionRequests;
  readonly closing: SessionClosing;
}

/** What the server sends of a session: checked, counted where it is a result, and handed to whom it is for. */
export class SessionInbox {
  readonly flowUpdates$: Observable<FlowUpdateMetadata>;
  readonly hints$: Observable<Message<typeof MessageType.ResultHint>>;
  private readonly flowUpdates = new Subject<FlowUpdateMetadata>();
  private readonly hints = new Subject<Message<typeof MessageType.ResultHint>>();
  private received = 0;
  private acks = 0;

  constructor(
    private readonly addressees: Addressees,
    private readonly revision: Revision,
  ) {
    this.flowUpdates$ = this.flowUpdates.asObservable();
    this.hints$ = this.hints.asObservable();
  }

  /** Results of the session that have arrived, over whatever link: what a resume tells the server. */
  get receivedResults(): number {
    return this.received;
  }

  /** Results and acks that have arrived, over whatever link. */
  get answers(): number {
    return this.received + this.acks;
  }

  /** Takes a packet. Throws an `NnrpError` or a `RuntimeError` that says what is wrong. */
  receive(packet: Packet): void {
    const { submissions, requests, closing } = this.addressees;
    switch (packet.header.messageType) {
      case MessageType.ResultPush:
        this.received += 1;
        this.onResult(packet);
        return;
      case MessageType.ResultDrop:
        this.received += 1;
        checkHeaderOnly(packet, 'client');
        this.requireSent(packet);
        submissions.fail(packet.header.frameId, 'dropped');
        return;
      case MessageType.FlowUpdate:
        this.onFlow(decodeAs(packet, MessageType.FlowUpdate, 'client', this.revision));
        return;
      case MessageType.ResultHint:
        this.hints.next(decodeAs(packet, MessageType.ResultHint, 'client', this.revision));
        return;
      case MessageType.SessionPatchAck:
        requests.onPatchAck(decodeAs(packet, MessageType.SessionPatchAck, 'client', this.revision));
        this.acks += 1;
        return;
      case MessageType.CacheAck:
        requests.onCacheAck(decodeAs(packet, MessageType.CacheAck, 'client', this.revision));
        this.acks += 1;
        return;
      case MessageType.SessionMigrateAck:
        requests.onMigrateAck(decodeAs(packet, MessageType.SessionMigrateAck, 'client', this.revision));
        this.acks += 1;
        return;
      case MessageType.SessionCloseAck:
        closing.onCloseAck(decodeAs(packet, MessageType.SessionCloseAck, 'client', this.revision));
        return;
      case MessageType.SessionClose:
        closing.onServerClose(decodeAs(packet, MessageType.SessionClose, 'client', this.revision));
        return;
      case MessageType.Error:
        this.onError(decodeAs(packet, MessageType.Error, 'client', this.revision));
        return;
      default:
        throw unexpectedMessage(`client received unexpected ${messageTypeName(packet.header.messageType)}`);
    }
  }

  /** The connection's credit has changed, which the session shares. */
  noteFlow(update: FlowUpdateMetadata): void {
    this.flowUpdates.next(update);
  }

  /** The session is over. */
  end(): void {
    this.flowUpdates.complete();
    this.hints.complete();
  }

  private onFlow({ header, metadata }: MessageOf<typeof MessageType.FlowUpdate>): void {
    validateFlowRouting(header, metadata);
    this.addressees.submissions.applyFlow(metadata);
    this.flowUpdates.next(metadata);
  }

  private onResult(packet: Packet): void {
    checkMetadataLength(packet, ResultPushMetadata.length, 'client');
    const { header, body } = packet;
    const metadata = readResultMetadata(packet.metadata);
    this.requireSent(packet);
    this.addressees.submissions.take({ type: 'push', frameId: header.frameId, metadata, body });
  }

  private onError({ metadata, body }: MessageOf<typeof MessageType.Error>): void {
    const { errorScope, relatedFrameId, errorCode } = metadata;
    // It stands for the result, and is counted like one.
    if (errorScope === ErrorScope.Frame) this.received += 1;
    const detail = new TextDecoder().decode(body);
    this.addressees.submissions.fail(relatedFrameId, 'refused', errorCode, detail);
  }

  /** A result may be late, for an operation that was cancelled; it may not be for one never submitted. */
  private requireSent({ header }: Packet): void {
    if (this.addressees.submissions.wasSent(header.frameId)) return;
    throw unexpectedMessage(
      `client received ${messageTypeName(header.messageType)} of operation ${header.frameId}, which it never submitted`,
    );
  }
}
