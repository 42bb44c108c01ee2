import { firstValueFrom } from 'rxjs';
import { connect, decodeText, tcp } from '../../../src';
import { cuttable } from '../../support/cuttable';
import { pause } from '../../support/until';
import { figure } from '../support/figure';
import { scaled } from '../support/scale';
import { startClients, startServer } from '../support/stage';
import { endWorkers } from '../support/worker-process';

const GRACE_MS = scaled(10_000, 1_500);
/** What a connection has to end in, see `closeTimeoutMs`. */
const CLOSE_MS = 5_000;
const CONNECTIONS = 10;
const WINDOW = 50;
const options = { maxInFlightOperations: WINDOW, grantedOperationCredit: WINDOW };

describe('a server that is told to end', () => {
  afterEach(endWorkers);

  it('with 500 operations in flight ends them all within its grace, and itself soon after', async () => {
    const server = await startServer({ handler: 'stubborn', graceMs: GRACE_MS, options });
    const { port } = server.ready;
    const session = { maxInFlightOperations: WINDOW };
    const clients = await startClients({ port, connections: CONNECTIONS, session });
    // It will not say good-bye, nor anything else.
    const frozen = await startClients({ port, connections: 1, session });
    void frozen.ask('run', { operations: WINDOW, window: WINDOW, expected: 'echo' }).catch(() => undefined);
    const running = clients.ask('run', {
      operations: CONNECTIONS * WINDOW,
      window: WINDOW,
      expected: 'echo',
    });
    let inFlight = 0;
    while (inFlight < (CONNECTIONS + 1) * WINDOW) {
      await pause(2);
      ({ operationsInFlight: inFlight } = await server.ask('usage'));
    }
    figure({ name: 'operations in flight', value: inFlight, unit: 'operations', atLeast: 500 });
    frozen.signal('SIGSTOP');
    const start = performance.now();
    server.signal('SIGTERM');
    const { completed, others, notOnce } = await running;
    const total = completed + Object.values(others).reduce((sum, each) => sum + each, 0);
    figure({
      name: 'all operations ended after SIGTERM',
      value: performance.now() - start,
      unit: 'ms',
      atMost: GRACE_MS + 500,
    });
    const { code, at } = await server.exited;
    figure({
      name: 'process ended after SIGTERM',
      value: at - start,
      unit: 'ms',
      atMost: GRACE_MS + CLOSE_MS + 500,
    });
    expect({ total, notOnce, code }).toEqual({ total: CONNECTIONS * WINDOW, notOnce: 0, code: 0 });
    // Those whose handler answers did so. Of the others the client heard from the server, or from its own
    // clock, which is that of the server's close.
    const { 'dropped, given-up': dropped = 0, 'session-closed, unknown': closed = 0 } = others;
    expect({ completed, given: dropped + closed }).toEqual({
      completed: (CONNECTIONS * WINDOW) / 2,
      given: (CONNECTIONS * WINDOW) / 2,
    });
  });

  it.each([
    ['a finished answer', 700],
    ['an answer that is under way', 0],
  ])('while a client is away, with %s, lets it fetch that', async (_, laterMs) => {
    const server = await startServer({ handler: 'slowly', graceMs: 10_000 });
    const place = cuttable(tcp({ port: server.ready.port }));
    const client = await connect(place, { reconnect: { minDelayMs: 1000, jitter: 0 } });
    const session = await client.openSession({ requestedSessionId: 0 });
    const answer = firstValueFrom(session.submit({ body: 'an answer' }).pipe(decodeText()));
    while ((await server.ask('usage')).operationsInFlight === 0) await pause(2);
    place.cut();
    await pause(laterMs);
    const start = performance.now();
    server.signal('SIGTERM');
    expect(await answer).toBe('an answer');
    const { code, at } = await server.exited;
    // Of the second that the client is away a part is over.
    figure({ name: 'process ended after SIGTERM', value: at - start, unit: 'ms', atMost: 2000 });
    expect(code).toBe(0);
    await client.close();
  });
});
