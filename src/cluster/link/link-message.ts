import type { MessageType } from '../../wire/message-type';
import { EMPTY, packet, type Packet } from '../../wire/packet';

/** The version of what follows: links of another one are refused. */
export const LINK_VERSION = 1;

/**
 * What two nodes say to each other besides the packets of sessions, which pass as they are: in types of message that
 * no revision of the protocol has. `relay` has the client's connection, `owner` the session.
 */
export const LinkType = {
  /** Both: who this is, and the proof that it may; JSON. */
  Hello: 0xe0,
  /** relay: a SESSION_OPEN, and whose; the frame is the number of the attempt. */
  Open: 0xe1,
  /** owner: the answer to it. */
  Opened: 0xe2,
  /**
   * relay: the client has the answer to the attempt in the frame, and packets of the session are from its connection, which
   * was sent so many bytes before.
   */
  Begin: 0xe3,
  /** relay: nobody waits for the answer any more. */
  Forget: 0xe4,
  /** relay: the connection is gone. */
  Lost: 0xe5,
  /** relay: the client has closed the connection, and has no more use for its sessions. */
  Ended: 0xe6,
  /** owner: the session has left the connection. */
  Released: 0xe7,
  /** owner: the connection is to end, that its client comes back; 1 in the view: unless that costs another session. */
  Cut: 0xe8,
  /** owner: ask the client what it has received; the number of results so far. */
  AskProof: 0xe9,
  /** relay: the client has received so many. */
  Proved: 0xea,
  /** owner: what a packet has cost; its kind in the view, how often in the frame. */
  Toll: 0xeb,
  /** relay: so many bytes of the session have been taken by the client's connection. */
  Taken: 0xec,
  /** owner: read nothing from the client. */
  Pause: 0xed,
  /** owner: read on. */
  Resume: 0xee,
  /** owner: a packet of connection scope, or an answer, which is 1 in the view. */
  ToConnection: 0xef,
  /** relay: the client speaks another revision than was thought; which, in the view. */
  Revised: 0xf0,
} as const;
export type LinkType = (typeof LinkType)[keyof typeof LinkType];

/** Whether a packet is of the nodes themselves, and of no session. */
export function isOfLink({ header: { messageType } }: Packet): boolean {
  return messageType >= LinkType.Hello;
}

/** Numbers that a message may carry. */
export interface LinkFields {
  readonly sessionId?: number;
  readonly frameId?: number;
  readonly viewId?: number;
  /** A count that may outgrow 32 bits. */
  readonly count?: number;
}

export function linkPacket(type: LinkType, { count = 0, ...fields }: LinkFields, body = EMPTY): Packet {
  return packet(
    { ...fields, messageType: type as number as MessageType, traceId: BigInt(count) },
    EMPTY,
    body,
  );
}

export function countOf({ header: { traceId } }: Packet): number {
  return Number(traceId);
}

/** A record, and bytes behind it. */
export function withRecord(record: object, bytes: Uint8Array = EMPTY): Uint8Array {
  const head = new TextEncoder().encode(JSON.stringify(record));
  const whole = new Uint8Array(4 + head.length + bytes.length);
  new DataView(whole.buffer).setUint32(0, head.length, true);
  whole.set(head, 4);
  whole.set(bytes, 4 + head.length);
  return whole;
}

/** Throws where it is none. Of a node that has proved what it is: its fields are taken as they are. */
export function readRecord<T>(body: Uint8Array): { readonly record: T; readonly bytes: Uint8Array } {
  const length = new DataView(body.buffer, body.byteOffset, body.length).getUint32(0, true);
  const record = JSON.parse(new TextDecoder().decode(body.subarray(4, 4 + length))) as T;
  return { record, bytes: body.subarray(4 + length) };
}
