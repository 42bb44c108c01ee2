import { pause } from '../../support/until';
import { scaled } from '../support/scale';
import { startClients, startServer } from '../support/stage';
import { endWorkers } from '../support/worker-process';

/** Longer than a peer may be silent for the end that is stopped, and shorter than for the other. */
const STOPPED_MS = scaled(10_000, 3_000);
const KEEP_ALIVE = { idleMs: 500, timeoutMs: 500 };
const CONNECTIONS = 4;
const OPERATIONS = scaled(20_000, 2_000);
const WINDOW = 8;

describe('a process that is stopped for seconds', () => {
  afterEach(endWorkers);

  it.each(['server', 'clients'] as const)('cuts nobody once it goes on: the %s', async (who) => {
    const isServer = who === 'server';
    // The other end has the patience that it has by default.
    const server = await startServer({
      handler: 'parts',
      options: isServer ? { keepAlive: KEEP_ALIVE } : {},
    });
    const clients = await startClients({
      port: server.ready.port,
      connections: CONNECTIONS,
      client: isServer ? {} : { keepAlive: KEEP_ALIVE },
      session: { reconnect: {} },
    });
    const running = clients.ask('run', { operations: OPERATIONS, window: WINDOW, expected: 'parts' });
    const stopped = isServer ? server : clients;
    await pause(500);
    stopped.signal('SIGSTOP');
    await pause(STOPPED_MS);
    stopped.signal('SIGCONT');
    const { completed, others, notOnce, violations } = await running;
    expect({ completed, others, notOnce, violations }).toEqual({
      completed: OPERATIONS,
      others: {},
      notOnce: 0,
      violations: [],
    });
    const states = (await clients.ask('changes')).map(({ state }) => state);
    expect(states).toEqual(['open']);
    const { doubled, limits, violations: ofClients } = await server.ask('tally');
    expect({ doubled, limits, ofClients }).toEqual({ doubled: [], limits: {}, ofClients: [] });
  });

  it.each(['server', 'clients'] as const)(
    'loses nothing where the other end gave it up: the %s',
    async (who) => {
      const server = await startServer({ handler: 'parts', options: { keepAlive: KEEP_ALIVE } });
      const clients = await startClients({
        port: server.ready.port,
        connections: CONNECTIONS,
        client: { keepAlive: KEEP_ALIVE },
        session: { reconnect: { minDelayMs: 10 } },
      });
      const running = clients.ask('run', { operations: OPERATIONS, window: WINDOW, expected: 'parts' });
      const stopped = who === 'server' ? server : clients;
      await pause(500);
      stopped.signal('SIGSTOP');
      await pause(STOPPED_MS);
      stopped.signal('SIGCONT');
      const { completed, others, notOnce } = await running;
      expect({ completed, others, notOnce }).toEqual({ completed: OPERATIONS, others: {}, notOnce: 0 });
      expect((await server.ask('tally')).doubled).toEqual([]);
    },
  );
});
