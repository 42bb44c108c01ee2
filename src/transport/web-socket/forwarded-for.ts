import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { unmapped, type TrustedProxies } from '../tcp/trusted-proxies';

/** Proxies behind each other, at most. */
const MAX_HOPS = 16;

/** The sender of a request. */
export type Forwarded =
  /** The peer of the socket. */
  | { readonly kind: 'direct' }
  | { readonly kind: 'client'; readonly peer: string }
  /** A proxy that is to say who its client is does not. */
  | { readonly kind: 'broken' };

/**
 * Finds the sender of a request, by X-Forwarded-For where a proxy that is trusted sends it. Each proxy appends whom
 * it has the request from, so it is read from its end: the first that is no proxy of ours is the client, and
 * what stands before it is only what that one says.
 */
export function forwardedFor(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  proxies: TrustedProxies | undefined,
): Forwarded {
  if (proxies?.has(socket.remoteAddress) !== true) return { kind: 'direct' };
  const header = headers['x-forwarded-for'];
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  let client: string | undefined;
  for (let end = text.length, hops = 0; end >= 0 && hops < MAX_HOPS; hops += 1) {
    const start = text.lastIndexOf(',', end - 1);
    const address = addressOf(text.slice(start + 1, end).trim());
    if (address === undefined) return { kind: 'broken' };
    client = address;
    if (!proxies.has(address) || start === -1) break;
    end = start;
  }
  if (client === undefined) return { kind: 'broken' };
  return { kind: 'client', peer: client.includes(':') ? `[${client}]` : client };
}

/** Some proxies add the port: `203.0.113.7:4433`, `[2001:db8::7]:4433`. */
function addressOf(entry: string): string | undefined {
  const host = /^\[(.*)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry;
  return isIP(host) === 0 ? undefined : unmapped(host);
}
