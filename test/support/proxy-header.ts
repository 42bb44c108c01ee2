const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

export interface HeaderParts {
  /** Version and command. Default 0x21: PROXY. */
  readonly command?: number;
  /** Default 0x11: TCP over IPv4. */
  readonly family?: number;
  readonly addresses?: Uint8Array;
  /** What it says of the length of what follows, where that is a lie. */
  readonly length?: number;
  /** What else there is. */
  readonly more?: Uint8Array;
}

/** A header of the PROXY protocol, version 2, as haproxy's `send-proxy-v2` makes it. */
export function proxyHeader({ command = 0x21, family = 0x11, ...parts }: HeaderParts = {}): Buffer {
  const { addresses = tcp4('203.0.113.7', 51_234), more = new Uint8Array(0) } = parts;
  const { length = addresses.length + more.length } = parts;
  return Buffer.concat([
    SIGNATURE,
    Uint8Array.of(command, family, length >> 8, length & 0xff),
    addresses,
    more,
  ]);
}

/** A client's IPv4 address and port, and a server's. */
export function tcp4(address: string, port: number): Uint8Array {
  return Uint8Array.of(...address.split('.').map(Number), 127, 0, 0, 1, port >> 8, port & 0xff, 0x11, 0x51);
}

/** The same of IPv6, of 16 bytes in hex. */
export function tcp6(address: string, port: number): Uint8Array {
  return Buffer.concat([
    Buffer.from(address, 'hex'),
    new Uint8Array(16),
    Uint8Array.of(port >> 8, port & 0xff, 0x11, 0x51),
  ]);
}
