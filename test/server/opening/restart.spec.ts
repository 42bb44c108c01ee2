import * as net from 'node:net';
import { NEVER } from 'rxjs';
import { connect } from '../../../src/client/client';
import type { ReconnectOptions } from '../../../src/client/options';
import type { ClientSession } from '../../../src/client/session/session';
import type { LimitTripped } from '../../../src/server/limits/limit-tripped';
import { createServer, type Server } from '../../../src/server/server';
import { tcp } from '../../../src/transport/tcp/tcp';
import { until } from '../../support/until';

/** A place that lives on while the servers behind it change. */
async function front(): Promise<{ port: number; to(port: number): void; cut(): void; close(): void }> {
  let target = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((outside) => {
    const inside = net.connect(target, '127.0.0.1');
    outside.pipe(inside).pipe(outside);
    for (const socket of [outside, inside]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        outside.destroy();
        inside.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    port: (server.address() as net.AddressInfo).port,
    to: (port) => (target = port),
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}

async function serve(limits: LimitTripped[]): Promise<{ server: Server; port: number }> {
  const server = createServer({ listen: tcp({ port: 0 }) });
  server.limits$.subscribe((tripped) => limits.push(tripped));
  server.sessions$.subscribe((session) => session.respond(() => NEVER));
  const [address] = await server.listening();
  return { server, port: address!.port };
}

interface Restarted {
  readonly limits: readonly LimitTripped[];
  readonly sessions: readonly ClientSession[];
  /** The server that there is now. */
  readonly server: Server;
  /** Opens 64 sessions more. */
  open(): Promise<ClientSession[]>;
  close(): Promise<void>;
  /** Milliseconds since the other server was gone. */
  sinceCut(): number;
}

/** A gateway with 64 sessions, an operation in flight in each, whose server is another one now. */
async function restarted(reconnect: ReconnectOptions): Promise<Restarted> {
  const limits: LimitTripped[] = [];
  const place = await front();
  const before = await serve(limits);
  place.to(before.port);
  const client = await connect(tcp({ port: place.port }));
  const open = (): Promise<ClientSession[]> =>
    Promise.all(Array.from({ length: 64 }, () => client.openSession({ reconnect })));
  const sessions = await open();
  const ends: unknown[] = [];
  for (const session of sessions) {
    session.submit({ body: 'x' }).subscribe({ error: (error: unknown) => ends.push(error) });
  }
  await until(() => before.server.usage.operationsInFlight > 0, 'the operations');
  const after = await serve(limits);
  place.to(after.port);
  const cutAt = performance.now();
  place.cut();
  await until(() => ends.length === 64, 'the end of each operation', 10_000);
  const close = async (): Promise<void> => {
    await client.close();
    await Promise.all([before, after].map(({ server }) => server.close({ graceMs: 0 })));
    place.close();
  };
  return { limits, sessions, open, close, server: after.server, sinceCut: () => performance.now() - cutAt };
}

describe('a server that begins anew', () => {
  it('has an outcome for each session of a gateway within two seconds, and new ones at once', async () => {
    const { limits, open, close, sinceCut } = await restarted({ reopen: false });
    expect(sinceCut()).toBeLessThan(2000);
    const again = await open();
    expect(sinceCut()).toBeLessThan(3000);
    expect(new Set(again.map(({ sessionId }) => sessionId)).size).toBe(64);
    expect(limits).toEqual([]);
    await close();
  }, 20_000);

  it('has a new session in the place of each within two seconds, where they are opened anew', async () => {
    const { limits, sessions, server, close, sinceCut } = await restarted({});
    const answers: unknown[] = [];
    for (const session of sessions) {
      session.submit({ body: 'x' }).subscribe({ error: (error: unknown) => answers.push(error) });
    }
    await until(() => server.usage.operationsInFlight === 64, 'an operation of each');
    expect(sinceCut()).toBeLessThan(2000);
    expect(new Set(sessions.map(({ sessionId }) => sessionId)).size).toBe(64);
    expect(sessions.map(({ ended }) => ended)).toEqual(sessions.map(() => undefined));
    expect({ answers, limits }).toEqual({ answers: [], limits: [] });
    await close();
  }, 20_000);

  it('chooses ids that begin elsewhere', async () => {
    const ids: number[] = [];
    for (let process = 0; process < 4; process++) {
      const { server, port } = await serve([]);
      const client = await connect(tcp({ port }));
      ids.push((await client.openSession()).sessionId);
      await client.close();
      await server.close({ graceMs: 0 });
    }
    expect(new Set(ids).size).toBe(4);
    expect(Math.max(...ids)).toBeGreaterThan(1_000_000);
  });
});
