import { lastValueFrom, of, toArray } from 'rxjs';
import { connect } from '../../src/client/client';
import { createServer } from '../../src/server/server';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { FaultProxy } from '../support/fault-proxy/fault-proxy';
import type { Step } from '../support/fault-proxy/step';

const KIB = 1024;

/** 160 KiB a second: a packet takes four times as long as a dead peer is waited for. */
const SLOW: Step[] = Array.from({ length: 32 }, (): Step[] => [
  { kind: 'pass', bytes: 8 * KIB },
  { kind: 'wait', ms: 50 },
]).flat();
const BODY = new Uint8Array(256 * KIB).fill(7);
const keepAlive = { idleMs: 200, timeoutMs: 200 };

const ends: (() => Promise<void>)[] = [];

afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

describe.each([
  ['TCP', tcp],
  ['WebSocket', webSocket],
])('one packet over a slow link, by %s', (_name, endpoint) => {
  it.each([
    ['from the server', { toServer: [], toClient: SLOW }, new Uint8Array(1), BODY],
    ['from the client', { toServer: SLOW, toClient: [] }, BODY, new Uint8Array(1)],
  ])(
    'arrives over one connection %s, whose ends take each other for alive',
    async (_way, slow, asked, answered) => {
      const server = createServer({ listen: endpoint({ port: 0 }), keepAlive });
      ends.push(() => server.close({ graceMs: 0 }));
      server.sessions$.subscribe((session) => session.respond(() => of(answered)));
      const [address] = await server.listening();
      const proxy = await FaultProxy.listen({ port: address!.port, script: () => slow });
      ends.push(() => proxy.close());
      const client = await connect(endpoint({ port: proxy.port }), { keepAlive });
      ends.push(() => client.close());
      const session = await client.openSession();
      const start = performance.now();
      const parts = await lastValueFrom(session.submit({ body: asked }).pipe(toArray()));
      expect(parts.reduce((bytes, { body }) => bytes + body.length, 0)).toBe(answered.length);
      // It was slow.
      expect(performance.now() - start).toBeGreaterThan(1000);
      expect(proxy.accepted).toBe(1);
    },
  );
});
