/** What asks for a WebSocket at `/`. */
export const UPGRADE = Buffer.from(
  [
    'GET / HTTP/1.1',
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n'),
);

/** A frame of a client's; its mask is 0, which changes nothing (RFC 6455, section 5.2). */
export function maskedFrame(
  payload: Uint8Array,
  { opcode = 2, isLast = true }: { opcode?: number; isLast?: boolean } = {},
): Uint8Array {
  const head = Buffer.alloc(14);
  head[0] = opcode | (isLast ? 0x80 : 0);
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

/** A ping without a payload: its length may not be written the long way. */
export const PING_FRAME = Uint8Array.of(0x89, 0x80, 0, 0, 0, 0);
