import { Observable } from 'rxjs';
import type { SubmitHandler } from '../../../operators/application/respond-to-submits';
import type { LimitTripped } from '../../../src/server/limits/limit-tripped';
import type { ServerOptions } from '../../../src/server/options';
import { createServer, type Server } from '../../../src/server/server';
import type { Submit } from '../../../src/server/session/session-message';
import { cancel, open, submit } from '../../../src/testing';
import { tcp } from '../../../src/transport/tcp/tcp';
import { MessageType } from '../../../src/wire/message-type';
import { encodePacket } from '../../../src/wire/encode-packet';
import { PacketDecoder } from '../../../src/wire/packet-decoder';
import { bestOf } from '../../support/best-of';
import { bytesOf } from '../../support/packets';
import { RawSocket } from '../../support/raw-socket';
import { until } from '../../support/until';
import { SESSION } from './support';

const never = new Promise<string>(() => {
  // Whoever waits for it waits in vain.
});

/** Over real sockets: what a peer can do to a server as fast as a network lets it. */

const COUNT = 100_000;
const SUBMIT = encodePacket(submit(SESSION, 1));
const CANCEL = encodePacket(cancel(SESSION, 1));
const FRAME_ID_AT = 24;

/** The packets again and again, each time of the next frame. */
function repeated(...packets: readonly Uint8Array[]): Uint8Array {
  const pattern = Buffer.concat(packets);
  const bytes = new Uint8Array(COUNT * pattern.length);
  const view = new DataView(bytes.buffer);
  for (let number = 0, at = 0; number < COUNT; number++) {
    for (const packet of packets) {
      bytes.set(packet, at);
      view.setUint32(at + FRAME_ID_AT, number + 1, true);
      at += packet.length;
    }
  }
  return bytes;
}

interface Flood {
  readonly server: Server;
  readonly limits: LimitTripped[];
  /** Milliseconds from the first byte of the flood to the end of the connection. */
  readonly tookMs: number;
  readonly received: Uint8Array;
}

const MAX_MS = 1000;
const QUICK = {
  harm: ({ tookMs }: Flood): number => tookMs,
  isGood: ({ tookMs }: Flood): boolean => tookMs < MAX_MS,
};

async function flood(
  bytes: Uint8Array,
  handler: SubmitHandler<Submit>,
  options: Partial<ServerOptions> = {},
): Promise<Flood> {
  const server = createServer({ listen: tcp({ port: 0 }), ...options });
  servers.push(server);
  const limits: LimitTripped[] = [];
  server.limits$.subscribe((tripped) => limits.push(tripped));
  server.sessions$.subscribe((session) => session.respond(handler));
  const [address] = await server.listening();
  const socket = await RawSocket.connect(address!.port);
  socket.write(bytesOf(open(SESSION)));
  await until(() => server.sessionCount === 1, 'the session');
  const since = performance.now();
  socket.write(bytes);
  await until(() => limits.length > 0, 'a limit');
  await socket.ended();
  const tookMs = performance.now() - since;
  socket.destroy();
  await until(() => server.connectionCount === 0, 'the end of the connection');
  return { server, limits, tookMs, received: socket.received };
}

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

function countOf(type: MessageType, bytes: Uint8Array): number {
  return [...new PacketDecoder().push(bytes)].filter(({ header }) => header.messageType === type).length;
}

describe('100,000 submits that are cancelled at once', () => {
  const flooded = repeated(SUBMIT, CANCEL);

  it.each<[string, () => SubmitHandler<Submit>]>([
    ['a promise', () => () => never],
    [
      'an async generator',
      () =>
        async function* () {
          yield await never;
        },
    ],
    ['an Observable', () => () => new Observable<string>()],
  ])('end the connection within a second, where handlers ignore it: %s', async (_, handlerOf) => {
    const attack = async (): Promise<Flood & { readonly started: number }> => {
      let started = 0;
      const handler = handlerOf();
      const flooding = await flood(flooded, (each, index) => {
        started += 1;
        return handler(each, index);
      });
      return { ...flooding, started };
    };
    const { server, limits, tookMs, started } = await bestOf(3, attack, QUICK);
    expect(limits).toMatchObject([
      { limit: 'cancels', sessionId: SESSION, consequence: 'connection-closed' },
    ]);
    expect(started).toBeGreaterThan(0);
    // 500 at once, 100 a second, and what was with the handler when that was used up.
    expect(started).toBeLessThanOrEqual(504 + tookMs / 10);
    expect(tookMs).toBeLessThan(MAX_MS);
    expect(server.usage).toMatchObject({
      connections: 0,
      sessions: 0,
      operationsInFlight: 0,
      operationsQueued: 0,
    });
  });
});

describe('100,000 submits that are refused', () => {
  it('end the connection within 200', async () => {
    const attack = async (): Promise<Flood> =>
      flood(repeated(SUBMIT), () => new Observable<string>(), { queue: { maxSubmits: 0 } });
    const { limits, tookMs, received } = await bestOf(3, attack, QUICK);
    expect(limits).toMatchObject([{ limit: 'refusals', consequence: 'connection-closed' }]);
    const refused = countOf(MessageType.ResultDrop, received);
    expect(refused).toBeGreaterThanOrEqual(100);
    expect(refused).toBeLessThanOrEqual(200);
    expect(countOf(MessageType.Error, received)).toBe(1);
    expect(tookMs).toBeLessThan(MAX_MS);
  });
});
