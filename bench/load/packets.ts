import { sessionOpen } from '../../src/client/options';
import { MessageType } from '../../src/wire/message-type';
import { FrameSubmitMetadata } from '../../src/wire/messages/frame-submit';
import { SessionOpenMetadata } from '../../src/wire/messages/session-open';
import { encodePacket } from '../../src/wire/encode-packet';
import { packet } from '../../src/wire/packet';

const empty = new Uint8Array(0);

/** A SESSION_OPEN without anything that is optional. */
export function openPacket(sessionId: number): Uint8Array {
  const blocks = { resumeToken: empty, auth: empty, extension: empty };
  const open = sessionOpen({ requestedSessionId: sessionId }, blocks);
  return encodePacket(packet({ messageType: MessageType.SessionOpen }, SessionOpenMetadata.encode(open)));
}

/** A FRAME_SUBMIT whose session and frame are still to be written. */
export function submitPacket(bodyBytes: number): Uint8Array {
  const metadata = FrameSubmitMetadata.encode(FrameSubmitMetadata.of());
  return encodePacket(packet({ messageType: MessageType.FrameSubmit }, metadata, new Uint8Array(bodyBytes)));
}

export function pingPacket(): Uint8Array {
  return encodePacket(packet({ messageType: MessageType.Ping }));
}
