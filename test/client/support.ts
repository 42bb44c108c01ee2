import { defer, of, type Observable } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import type { ClientOptions } from '../../src/client/options';
import { memoryPair } from '../../src/transport/memory';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import type { Transport } from '../../src/transport/transport';
import { ErrorMetadata, ErrorScope } from '../../src/wire/messages/error-message';
import { MessageType } from '../../src/wire/message-type';
import { packet, type Packet } from '../../src/wire/packet';
import { SessionOpenAckMetadata } from '../../src/wire/messages/session-open';
import { openAckPacket, text } from '../support/packets';
import { settled } from '../support/async';
import { Peer } from '../support/peer';

export const NOTHING = {
  links: 0,
  sessions: 0,
  operationsInFlight: 0,
  operationsWaiting: 0,
  bufferedBytes: 0,
  acksAwaited: 0,
  queuedBytes: 0,
};

export function endpointOf(connect$: Observable<Transport>): ConnectEndpoint {
  return { kind: 'memory', url: 'memory:test', connect: () => connect$ };
}

/** Connects to a server that is played by hand, in preview3, unless another revision is asked for: no hello is said. */
export function connectUnasked(endpoint: ConnectEndpoint, options?: ClientOptions): Promise<Client> {
  return connect(endpoint, { revision: 'preview3', ...options });
}

/** A client of a server that is played by hand. */
export async function played(
  options?: ClientOptions,
): Promise<{ readonly client: Client; readonly peer: Peer }> {
  const [left, right] = memoryPair();
  const client = await connectUnasked(endpointOf(of(left)), options);
  return { client, peer: new Peer(right) };
}

/** A place where a server is played by hand, on one connection after the other. */
export class PlayedPlace {
  readonly peers: Peer[] = [];
  readonly endpoint = endpointOf(
    defer(() => {
      const [left, right] = memoryPair();
      this.peers.push(new Peer(right));
      return of(left);
    }),
  );
}

/** A client that its server has answered so when it said hello. */
export async function greeted(
  ack: Packet,
  revision: 'auto' | 'preview4' = 'auto',
  options: ClientOptions = {},
) {
  const place = new PlayedPlace();
  const connecting = connect(place.endpoint, { ...options, revision });
  await settled();
  const [peer] = place.peers;
  await peer!.next();
  peer!.send(ack);
  return { place, peer: peer!, client: await connecting };
}

/** A transport whose packets are others. */
export function withPackets(transport: Transport, packets$: Observable<Packet>): Transport {
  return Object.create(transport, { packets$: { value: packets$ } }) as Transport;
}

export function accept(sessionId: number): Packet {
  return openAckPacket({
    sessionId,
    metadata: SessionOpenAckMetadata.of({ sessionId, grantedOperationCredit: 4, maxInFlightOperations: 4 }),
  });
}

export function errorOf(sessionId: number, frameId: number, diagnostic: string): Packet {
  const metadata = ErrorMetadata.of({
    errorCode: 0x30001,
    errorScope: frameId === 0 ? ErrorScope.Connection : ErrorScope.Frame,
    relatedFrameId: frameId,
    diagnosticBytes: diagnostic.length,
  });
  return packet(
    { messageType: MessageType.Error, sessionId, frameId },
    ErrorMetadata.encode(metadata),
    text(diagnostic),
  );
}
