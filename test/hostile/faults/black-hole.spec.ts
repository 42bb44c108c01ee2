import { FaultProxy } from '../../support/fault-proxy/fault-proxy';
import { pause, until } from '../../support/until';
import { figure } from '../support/figure';
import { scaled } from '../support/scale';
import { startClients, startServer } from '../support/stage';
import { endWorkers } from '../support/worker-process';

/** The defaults of both ends, and a tenth of them. */
const keepAlive = { idleMs: scaled(15_000, 1_500), timeoutMs: scaled(10_000, 1_000) };
const NOTICED_MS = keepAlive.idleMs + keepAlive.timeoutMs;
const TOLERANCE_MS = scaled(2_000, 400);

describe('a network that swallows everything', () => {
  const proxies: FaultProxy[] = [];

  async function proxyTo(port: number): Promise<FaultProxy> {
    const proxy = await FaultProxy.listen({ port });
    proxies.push(proxy);
    return proxy;
  }

  afterEach(async () => {
    await endWorkers();
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  });

  it('is noticed by the client, which takes its session up elsewhere', async () => {
    const server = await startServer({ handler: 'echo', options: { keepAlive } });
    const proxy = await proxyTo(server.ready.port);
    const client = await startClients({
      port: proxy.port,
      connections: 1,
      client: { keepAlive },
      session: { reconnect: {} },
    });
    const run = { operations: 20, window: 2, expected: 'echo' } as const;
    expect(await client.ask('run', run)).toMatchObject({ completed: 20 });
    const silencedAt = Date.now();
    proxy.cut('silence');
    // These are under way all the while.
    expect(await client.ask('run', run)).toMatchObject({ completed: 20, others: {}, notOnce: 0 });
    const [, lost, resumed] = await client.ask('changes');
    expect([lost?.state, resumed?.state]).toEqual(['reconnecting', 'resumed']);
    figure({
      name: 'a black hole is noticed by the client',
      value: lost!.at - silencedAt,
      unit: 'ms',
      atLeast: NOTICED_MS - TOLERANCE_MS,
      atMost: NOTICED_MS + TOLERANCE_MS,
    });
    figure({ name: 'and the session resumed', value: resumed!.at - lost!.at, unit: 'ms', atMost: 1_000 });
    expect(await server.ask('tally')).toMatchObject({ runs: 40, doubled: [] });
  });

  it('is noticed by the server, which keeps the session for its client', async () => {
    const server = await startServer({ handler: 'echo', options: { keepAlive } });
    const proxy = await proxyTo(server.ready.port);
    const client = await startClients({
      port: proxy.port,
      connections: 1,
      client: { keepAlive: { idleMs: 0 } },
      session: { allowResume: true },
    });
    expect(await client.ask('run', { operations: 20, window: 2, expected: 'echo' })).toMatchObject({
      completed: 20,
    });
    const silencedAt = Date.now();
    proxy.cut('silence');
    let connections = 1;
    while (connections > 0 && Date.now() - silencedAt < NOTICED_MS + 10_000) {
      await pause(20);
      ({ connections } = await server.ask('usage'));
    }
    figure({
      name: 'a black hole is noticed by the server',
      value: Date.now() - silencedAt,
      unit: 'ms',
      atLeast: NOTICED_MS - TOLERANCE_MS,
      atMost: NOTICED_MS + TOLERANCE_MS,
    });
    expect(await server.ask('usage')).toMatchObject({ connections: 0, sessions: 1 });
    await until(() => proxy.connections === 1, 'what the proxy has of it');
  });
});
