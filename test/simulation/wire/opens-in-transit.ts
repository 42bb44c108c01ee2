import { decodeSessionExtension } from '../../../src/protocol/session/session-extension';
import { SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';

/** A SESSION_OPEN that waits for its ack. */
export interface OpenInTransit {
  readonly requestedSessionId: number;
  readonly tag: bigint;
  /** Empty where it asks for no resume. */
  readonly tokenHex: string;
  readonly receivedResults: number | undefined;
  /** 0 where it does not say. */
  readonly resumeAttempt: number;
  readonly isAnnounced: boolean;
  /** Who it says that it is. */
  readonly auth: string;
}

/** SESSION_OPENs by connection, in their order: an ack does not say which of them it answers. */
export class OpensInTransit {
  private readonly byConnection = new Map<number, OpenInTransit[]>();

  add(connectionId: number, packet: Packet): void {
    const opens = this.byConnection.get(connectionId);
    if (opens === undefined) this.byConnection.set(connectionId, [openIn(packet)]);
    else opens.push(openIn(packet));
  }

  /** Takes the first of a connection. */
  take(connectionId: number): OpenInTransit | undefined {
    return this.byConnection.get(connectionId)?.shift();
  }
}

function openIn(packet: Packet): OpenInTransit {
  const open = SessionOpenMetadata.decode(packet.metadata);
  const { requestedSessionId, clientSessionTag, resumeTokenBytes, authBytes } = open;
  const extension = decodeSessionExtension(packet.body.subarray(resumeTokenBytes + authBytes));
  return {
    requestedSessionId,
    tag: clientSessionTag,
    tokenHex: hexOf(packet.body.subarray(0, resumeTokenBytes)),
    receivedResults: extension?.receivedResults,
    resumeAttempt: extension?.resumeAttempt ?? 0,
    isAnnounced: extension !== undefined,
    auth: new TextDecoder().decode(packet.body.subarray(resumeTokenBytes, resumeTokenBytes + authBytes)),
  };
}

export function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
