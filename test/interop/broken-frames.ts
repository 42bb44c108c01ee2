import { bytesOf, pingPacket } from '../support/packets';

/** Bytes that are no packet: what comes after them cannot be trusted, so they cost the connection. */
export interface BrokenFrame {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** As this library says it. */
  readonly here: string;
  /** As the Rust runtime says it. */
  readonly there: string;
}

/** A PING with one byte changed. */
function ping(at: number, value: number): Uint8Array {
  const bytes = bytesOf(pingPacket());
  bytes[at] = value;
  return bytes;
}

/** A packet of a type that no revision has: here it costs itself alone, at the Rust runtime its connection. */
export const UNKNOWN_TYPE = {
  bytes: ping(6, 0x7f),
  here: 'protocol: message type 0x7f is unknown',
  there: 'Protocol UnknownMessageType: unknown message type: 0x7f',
};

export const BROKEN_FRAMES: readonly BrokenFrame[] = [
  {
    what: 'another magic',
    bytes: ping(3, 0x51),
    here: 'protocol: not an NNRP packet: it does not start with the bytes "NNRP"; does the other end speak HTTP, WebSocket or TLS?',
    there: 'Protocol InvalidMagic: invalid packet magic',
  },
  {
    what: 'HTTP',
    bytes: new TextEncoder().encode('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n'),
    here: 'protocol: not an NNRP packet: it does not start with the bytes "NNRP"; does the other end speak HTTP, WebSocket or TLS?',
    there: 'Protocol InvalidMagic: invalid packet magic',
  },
  {
    what: 'another version',
    bytes: ping(4, 2),
    here: 'protocol: protocol version 2 is not supported, only 1 is',
    there: 'Protocol UnsupportedVersionMajor: unsupported version major: 2',
  },
  {
    what: 'another wire format',
    bytes: ping(5, 1),
    here: 'protocol: wire format 1 is not supported, only 0 is',
    there: 'Protocol UnsupportedWireFormat: unsupported wire format: 1',
  },
  {
    what: 'another header length',
    bytes: ping(7, 41),
    here: 'protocol: header length 41 is invalid, it must be 40',
    there: 'Protocol InvalidHeaderLength: invalid header length: 41',
  },
  {
    what: 'flags that nobody knows',
    bytes: ping(8, 0x40),
    here: 'protocol: common_header.flags has reserved bits set: 0x40, allowed are 0x3f',
    there: 'Protocol ReservedBitsSet: reserved bits are set: value 0x40, allowed mask 0x3f',
  },
];
