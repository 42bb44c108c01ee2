import { NEVER } from 'rxjs';
import { LIMIT_CODE } from '../../../src/server/connection/error-packet';
import type { ServerOptions } from '../../../src/server/options';
import { open } from '../../../src/testing';
import type { OpenPacket } from '../../../src/testing/packets/session-open';
import {
  ErrorMetadata,
  ErrorScope,
  type ErrorMetadata as ErrorFields,
} from '../../../src/wire/messages/error-message';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { Served } from '../../support/served';
import { VirtualTime } from '../../support/virtual-time';

export const SESSION = 42;

/** A server whose clock only a test moves; nobody is pinged. */
export function serveInVirtualTime(options: Partial<ServerOptions> = {}): {
  served: Served;
  time: VirtualTime;
} {
  const time = new VirtualTime();
  return { served: new Served({ scheduler: time, keepAlive: { idleMs: 0 }, ...options }), time };
}

/** A peer by hand, with a session of its own. */
export async function openedPeer(served: Served, opening: OpenPacket = open(SESSION)): Promise<Peer> {
  const peer = await Peer.connect(served.endpoint);
  peer.send(opening);
  await peer.next();
  return peer;
}

/** Sends, and lets the server answer. */
export async function sendAll(peer: Peer, packets: readonly Packet[]): Promise<void> {
  peer.send(...packets);
  await settled();
}

/** So many packets, of numbers from 1 up. */
export function many(count: number, packetsOf: (number: number) => Packet | Packet[]): Packet[] {
  return Array.from({ length: count }, (_, index) => packetsOf(index + 1)).flat();
}

/** All that has come and was not taken. */
export async function arrived(peer: Peer): Promise<Packet[]> {
  await settled();
  const packets: Packet[] = [];
  while (peer.waiting > 0) packets.push((await peer.next()) as Packet);
  return packets;
}

/** The ERRORs among packets. */
export function errorsOf(packets: readonly Packet[]): ErrorFields[] {
  return packets
    .filter(({ header }) => header.messageType === MessageType.Error)
    .map(({ metadata }) => ErrorMetadata.decode(metadata));
}

/** The last word to a peer that has met a limit. */
export const FAREWELL: unknown = expect.objectContaining({
  errorCode: LIMIT_CODE,
  errorScope: ErrorScope.Connection,
  isFatal: true,
});

/** That goes on reading while its answers wait, which is another limit's to stop. */
export function serveReading(options: Partial<ServerOptions> = {}) {
  return serveInVirtualTime({ ...options, limits: { maxQueuedReplies: Infinity, ...options.limits } });
}

/** A server whose peer has an operation in flight for each of the cancels. */
export function serve(options: Partial<ServerOptions> = {}) {
  const context = serveReading({ supportedCacheObjects: [CacheObjectKind.CameraBlock], ...options });
  context.served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
  return context;
}

export function stillServes(served: Served): boolean {
  return served.server.connectionCount === 1 && served.server.sessionCount === 1;
}
