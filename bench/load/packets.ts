import { sessionOpen } from '../../src/client/options';
import { marked } from '../../src/protocol/revision/mark';
import { encodeSessionExtension } from '../../src/protocol/session/session-extension';
import type { RevisionName } from '../../src/wire/message';
import { MessageType } from '../../src/wire/message-type';
import { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import { ClientHelloMetadata } from '../../src/wire/messages/hello';
import { PAYLOAD_KINDS } from '../../src/wire/messages/payload-kind';
import { SessionOpenMetadata } from '../../src/wire/messages/session-open';
import { encodePacket } from '../../src/wire/encode-packet';
import { packet } from '../../src/wire/packet';
import { preview4 } from '../../src/wire/preview4';
import { FRAME_ID, HEADER, HELLO_ACK_METADATA, OPERATION_ID } from '../bare/packets';

const empty = new Uint8Array(0);

/** What is said before the first session, and how many bytes answer it. */
export interface Greeting {
  readonly hello: Uint8Array;
  readonly ackBytes: number;
}

/** That of a client of this project; in preview3 there is none. */
export function greeting(revision: RevisionName = 'preview3'): Greeting | undefined {
  if (revision === 'preview3') return undefined;
  const metadata = ClientHelloMetadata.of({
    minVersionMajor: 1,
    maxVersionMajor: 1,
    supportedWireFormatBitmap: 1,
    supportedProfileBitmap: 3,
    supportedPayloadKindBitmap: PAYLOAD_KINDS,
    maxLaneCount: 1,
  });
  const hello = packet({ messageType: MessageType.ClientHello }, ClientHelloMetadata.encode(metadata));
  return { hello: encodePacket(marked(hello, revision)), ackBytes: HEADER + HELLO_ACK_METADATA };
}

/** A SESSION_OPEN without anything that is optional; or of a client that comes back, and says what it has received. */
export function openPacket(sessionId: number, { isResumable = false } = {}): Uint8Array {
  const extension = isResumable ? encodeSessionExtension({}) : empty;
  const blocks = { resumeToken: empty, auth: empty, extension };
  const open = sessionOpen({ requestedSessionId: sessionId, allowResume: isResumable }, blocks);
  const metadata = SessionOpenMetadata.encode(open);
  return encodePacket(packet({ messageType: MessageType.SessionOpen }, metadata, extension));
}

/** A FRAME_SUBMIT whose session and frame are still to be written. */
export function submitPacket(bodyBytes: number, revision: RevisionName = 'preview3'): Uint8Array {
  const metadata =
    revision === 'preview3'
      ? FrameSubmitMetadata.encode(FrameSubmitMetadata.of())
      : preview4.records.FrameSubmitMetadata.encode(
          preview4.records.FrameSubmitMetadata.of({ operationId: 1n }),
        );
  return encodePacket(packet({ messageType: MessageType.FrameSubmit }, metadata, new Uint8Array(bodyBytes)));
}

/** Writes the frame of the submit that starts at `at`; in preview4 its operation has the same name. */
export function writeFrame(
  bytes: Buffer,
  at: number,
  frameId: number,
  revision: RevisionName = 'preview3',
): void {
  bytes.writeUInt32LE(frameId, at + FRAME_ID);
  if (revision === 'preview4') bytes.writeUInt32LE(frameId, at + OPERATION_ID);
}

export function pingPacket(): Uint8Array {
  return encodePacket(packet({ messageType: MessageType.Ping }));
}
