import { readResultMetadata } from '../../protocol/operation/result-packet';
import { checkHeaderOnly, checkMetadataLength } from '../../protocol/packet-checks';
import { unexpectedMessage } from '../../protocol/runtime-error';
import type { MessageOf } from '../../wire/message';
import { messageTypeName, type MessageType } from '../../wire/message-type';
import { ErrorScope } from '../../wire/messages/error-message';
import { ResultPushMetadata } from '../../wire/messages/result-push';
import type { Packet } from '../../wire/packet';
import type { Submissions } from '../submissions/submissions';
import type { SessionOutlet } from './session-outlet';

/**
 * What the server sends of operations: RESULT_PUSH, RESULT_DROP, and ERROR in the place of a result. Counted as it
 * comes: a resume tells the server how much has.
 */
export class Results {
  private count = 0;

  constructor(
    private readonly submissions: Submissions,
    private readonly outlet: SessionOutlet,
  ) {}

  /** Results of the session that have arrived, over whatever link. */
  get received(): number {
    return this.count;
  }

  onPush(packet: Packet): void {
    this.counted();
    checkMetadataLength(packet, ResultPushMetadata.length, 'client');
    const { header, body } = packet;
    const metadata = readResultMetadata(packet.metadata);
    this.requireSent(packet);
    this.submissions.take({ type: 'push', frameId: header.frameId, metadata, body });
  }

  onDrop(packet: Packet): void {
    this.counted();
    checkHeaderOnly(packet, 'client');
    this.requireSent(packet);
    this.submissions.fail(packet.header.frameId, 'dropped');
  }

  onError({ metadata, body }: MessageOf<typeof MessageType.Error>): void {
    const { errorScope, relatedFrameId, errorCode } = metadata;
    // It stands for the result, and is counted like one.
    if (errorScope === ErrorScope.Frame) this.counted();
    this.submissions.fail(relatedFrameId, 'refused', errorCode, new TextDecoder().decode(body));
  }

  private counted(): void {
    this.count += 1;
    this.outlet.noteAnswer();
  }

  /** A result may be late, for an operation that was cancelled; it may not be for one never submitted. */
  private requireSent({ header }: Packet): void {
    if (this.submissions.wasSent(header.frameId)) return;
    throw unexpectedMessage(
      `client received ${messageTypeName(header.messageType)} of operation ${header.frameId}, which it never submitted`,
    );
  }
}
