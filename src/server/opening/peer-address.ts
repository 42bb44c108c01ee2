import type { PeerName } from '../../transport/transport';

/**
 * Names a peer for limits that go by address: an IPv4 address; the /64 of an IPv6 address, since whoever
 * has one of it has all of it; the whole name where it is none of these.
 *
 *   127.0.0.1:4433           ▶ 127.0.0.1
 *   [2001:db8::7:1]:4433     ▶ 2001:db8:0:0
 *   [::ffff:127.0.0.1]:4433  ▶ 127.0.0.1
 */
export function addressOf(peer: PeerName): string {
  const host = peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1];
  if (mapped !== undefined) return mapped;
  return /^[\da-f:]+:[\da-f:.]*(%.*)?$/i.test(host) ? prefixOf(host) : host;
}

/** The first four groups of an IPv6 address, which may leave out groups of 0 once. */
function prefixOf(host: string): string {
  const [left = '', right] = host.split('%')[0]?.split('::') ?? [];
  const before = groupsOf(left);
  const after = right === undefined ? [] : groupsOf(right);
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':');
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
