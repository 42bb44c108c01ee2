import { NEVER } from 'rxjs';
import { connect } from '../../src/client/client';
import { createServer } from '../../src/server/server';
import { tcp } from '../../src/transport/tcp/tcp';
import { FaultProxy } from '../support/fault-proxy/fault-proxy';
import { told } from '../support/served';
import { pause, until } from '../support/until';

const HOUR_MS = 3_600_000;
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
});
