import { SocketAddress } from 'node:net';
import { hostAndPort } from '../place';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED_LENGTH = 16;

/** Of addresses and what else a proxy says: more than any sends, and little enough for a stranger to send. */
const MAX_REST_LENGTH = 2048;

const LOCAL = 0x20;
const PROXY = 0x21;

/** Of stream sockets; a proxy that knows no more says 0. */
const UNSPECIFIED = 0x00;
const TCP4 = 0x11;
const TCP6 = 0x21;
const UNIX = 0x31;

/** The beginning of a connection, as far as it has come. */
export type ProxyHeader =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'broken'; readonly reason: string }
  /** `client` is undefined where the proxy speaks for itself, or does not say who its client is. */
  | { readonly kind: 'whole'; readonly length: number; readonly client: string | undefined };

const UNFINISHED: ProxyHeader = { kind: 'unfinished' };

/**
 * Reads a header of the PROXY protocol, version 2. It is judged as it comes, so that no more of it is gathered
 * than one may have.
 *
 *   signature (12) | version, command | family | length (u16) | addresses | what else there is, skipped
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const begun = bytes.subarray(0, SIGNATURE.length);
  if (!begun.equals(SIGNATURE.subarray(0, begun.length)))
    return broken('it does not begin with a header of version 2, as what `trustProxy` names must');
  if (bytes.length < FIXED_LENGTH) return UNFINISHED;
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const rest = bytes.readUInt16BE(14);
  if (command !== LOCAL && command !== PROXY) return broken(`its command 0x${command.toString(16)} is none`);
  if (rest > MAX_REST_LENGTH) return broken(`its header has ${rest} bytes, ${MAX_REST_LENGTH} is the most`);
  const needed = addressLength(family);
  if (command === PROXY && needed === undefined) {
    return broken(`its family 0x${family.toString(16)} is not that of a stream`);
  }
  if (command === PROXY && rest < (needed ?? 0)) return broken('its header is too short for its addresses');
  const length = FIXED_LENGTH + rest;
  if (bytes.length < length) return UNFINISHED;
  const client = command === PROXY ? clientOf(family, bytes.subarray(FIXED_LENGTH, length)) : undefined;
  return { kind: 'whole', length, client };
}

/** Bytes of both addresses and ports. */
function addressLength(family: number): number | undefined {
  switch (family) {
    case UNSPECIFIED:
      return 0;
    case TCP4:
      return 12;
    case TCP6:
      return 36;
    case UNIX:
      return 216;
    default:
      return undefined;
  }
}

function clientOf(family: number, bytes: Buffer): string | undefined {
  if (family === TCP4) return hostAndPort([...bytes.subarray(0, 4)].join('.'), bytes.readUInt16BE(8));
  if (family !== TCP6) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
  return hostAndPort(address, bytes.readUInt16BE(32));
}

function broken(reason: string): ProxyHeader {
  return { kind: 'broken', reason };
}
