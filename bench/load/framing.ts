import { randomBytes } from 'node:crypto';

/** How packets travel on a socket, as cheaply as a load can say it. */
export interface Framing {
  /** What is said before the first packet. */
  readonly hello: string | undefined;
  /** What is said after the last. */
  readonly goodbye: Buffer | undefined;
  /** What stands before a packet of `length` bytes on its way to the server. */
  requestPrefix(length: number): Buffer;
  /** How many bytes stand before one on its way back. */
  responsePrefixLength(length: number): number;
}

const FIN_BINARY = 0x82;
const FIN_CLOSE = 0x88;
const MASKED = 0x80;

export const FRAMINGS: Readonly<Record<'tcp' | 'ws', Framing>> = {
  tcp: {
    hello: undefined,
    goodbye: undefined,
    requestPrefix: () => Buffer.alloc(0),
    responsePrefixLength: () => 0,
  },
  ws: {
    hello: [
      'GET / HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      '\r\n',
    ].join('\r\n'),
    // Close, masked, with status 1000.
    goodbye: Buffer.from([FIN_CLOSE, MASKED | 2, 0, 0, 0, 0, 0x03, 0xe8]),
    // A mask of zeros masks nothing: the load need not touch what it sends.
    requestPrefix: (length) => Buffer.concat([lengthPrefix(length, MASKED), Buffer.alloc(4)]),
    responsePrefixLength: (length) => lengthPrefix(length, 0).length,
  },
};

function lengthPrefix(length: number, mask: number): Buffer {
  if (length < 126) return Buffer.from([FIN_BINARY, mask | length]);
  if (length < 65536) return Buffer.from([FIN_BINARY, mask | 126, length >> 8, length & 0xff]);
  const prefix = Buffer.alloc(10);
  prefix[0] = FIN_BINARY;
  prefix[1] = mask | 127;
  prefix.writeBigUInt64BE(BigInt(length), 2);
  return prefix;
}
