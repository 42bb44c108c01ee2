import { NEVER } from 'rxjs';
import { connect } from '../../src/client/client';
import { createServer } from '../../src/server/server';
import { open, submit } from '../../src/testing';
import { tcp } from '../../src/transport/tcp/tcp';
import { encodePacket } from '../../src/wire/encode-packet';
import { FaultProxy } from '../support/fault-proxy/fault-proxy';
import { RawSocket } from '../support/raw-socket';
import { told } from '../support/served';
import { pause, until } from '../support/until';

const HOUR_MS = 3_600_000;
/** That each of those has who are watched, in milliseconds. */
const WAIT_MS = 600;
/** More than the sockets between two ends have room for. */
const UNREAD_BYTES = 14 * 1024 * 1024;
const realNow = Date.now;
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  Date.now = realNow;
  await Promise.all(ends.splice(0).map((end) => end()));
});

/** NTP, a machine that is restored, or whoever sets it. */
function stepDate(ms: number): void {
  Date.now = () => realNow() + ms;
}

async function connected(keepAlive: { readonly idleMs: number; readonly timeoutMs: number }) {
  const server = createServer({ listen: tcp({ port: 0 }), keepAlive, limits: { handshakeMs: 500 } });
  server.sessions$.subscribe((session) => session.respond(() => NEVER));
  const [address] = await server.listening();
  const proxy = await FaultProxy.listen({ port: address!.port });
  const client = await connect(tcp({ port: proxy.port }), { keepAlive });
  const session = await client.openSession();
  ends.push(async () => {
    proxy.cut('silence');
    await client.close();
    await server.close({ graceMs: 0 });
    await proxy.close();
  });
  return { server, proxy, states: told(session.state$) };
}

describe.each([-HOUR_MS, HOUR_MS])('a date that is stepped by %d ms', (step) => {
  it('cuts no live connection, and hides no dead one', async () => {
    const { server, proxy, states } = await connected({ idleMs: 200, timeoutMs: 200 });
    stepDate(step);
    await pause(700);
    expect([states, server.sessionCount]).toEqual([['open'], 1]);
    proxy.cut('silence');
    // Before either asks, after, and while it waits.
    for (const offset of [0, step, 2 * step]) {
      stepDate(offset);
      await pause(100);
    }
    await until(() => states.includes('closed') && server.sessionCount === 0, 'both ends to notice');
  });

  it('leaves a stranger, a reader and a session that waits the time that they have', async () => {
    const limits = { handshakeMs: WAIT_MS, unreadMs: WAIT_MS, maxLastingUnreadBytes: 2 * UNREAD_BYTES };
    const server = createServer({ listen: tcp({ port: 0 }), resumeWindowMs: WAIT_MS, limits });
    ends.push(() => server.close({ graceMs: 0 }));
    const states: (readonly unknown[])[] = [];
    server.sessions$.subscribe((session) => {
      states.push(told(session.state$));
      session.respond(() => new Uint8Array(UNREAD_BYTES));
    });
    const tripped: string[] = [];
    server.limits$.subscribe(({ limit }) => tripped.push(limit));
    const [address] = await server.listening();
    const { port } = address!;
    const stranger = await RawSocket.connect(port);
    const reader = (await RawSocket.connect(port)).write(encodePacket(open(1)));
    await reader.nextPacket();
    reader.pause().write(encodePacket(submit(1, 1)));
    const proxy = await FaultProxy.listen({ port });
    ends.push(() => proxy.close());
    const client = await connect(tcp({ port: proxy.port }));
    ends.push(() => client.close());
    await client.openSession({ reconnect: {} });
    await until(() => states.length === 2, 'both sessions');
    const since = performance.now();
    stepDate(step);
    await proxy.close();
    await stranger.ended();
    await until(() => tripped.includes('unreadMs'), 'the reader to be cut');
    await until(() => states[1]?.includes('expired') === true, 'the session to expire');
    // Each has its time, which began a little before the step, and no hour more.
    expect(performance.now() - since).toBeGreaterThan(WAIT_MS / 2);
    expect(states[1]).toEqual(['open', 'reconnecting', 'expired', '|']);
    reader.destroy();
    stranger.destroy();
  });
});
