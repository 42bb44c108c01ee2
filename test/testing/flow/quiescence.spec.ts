import { NEVER, Subject } from 'rxjs';
import { connect, createServer, memory } from '../../../src';
import { expectQuiescent, ping } from '../../../src/testing';
import { memoryPair } from '../../../src/transport/memory';
import { until } from '../../support/until';

describe('expectQuiescent outside a flow', () => {
  it('fails while a server and a client have work, and passes after it', async () => {
    const endpoint = memory();
    const server = createServer({ listen: endpoint });
    server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const client = await connect(endpoint);
    const session = await client.openSession();
    expectQuiescent(server, client);
    const asked = session.submit({}).subscribe();
    await until(() => server.usage.operationsInFlight === 1, 'the operation');
    expect(() => expectQuiescent(server, client)).toThrow(
      [
        'not everything has come to rest',
        '  the server still has operations with the application: 1',
        '  the client still has operations in flight: 1',
      ].join('\n'),
    );
    asked.unsubscribe();
    await until(() => server.usage.operationsInFlight === 0, 'the cancel');
    expectQuiescent(server, client);
    await client.close();
    await server.close();
  });

  it('asks transports and subjects', () => {
    const [left] = memoryPair();
    left.send(ping());
    expect(() => expectQuiescent(left)).toThrow(
      'the transport to memory:right still has bytes that its peer has not taken: 40',
    );
    const subject = new Subject();
    expectQuiescent(subject);
    subject.subscribe();
    expect(() => expectQuiescent(subject)).toThrow('a subject still has subscribers');
  });

  it('counts each thing that is left', () => {
    const usage = {
      connections: 1,
      sessions: 1,
      operationsInFlight: 2,
      slotsKept: 0,
      operationsQueued: 3,
      outboxResults: 4,
      outboxBytes: 5,
      heldBytes: 0,
      retainedBytes: 0,
      queuedBytes: 6,
    };
    const told = (): void => expectQuiescent({ usage });
    for (const count of ['2', '3', '4', '6']) expect(told).toThrow(new RegExp(`: ${count}$`, 'm'));
    const idle = {
      links: 1,
      sessions: 1,
      operationsInFlight: 0,
      operationsWaiting: 2,
      bufferedBytes: 0,
      acksAwaited: 3,
      queuedBytes: 4,
    };
    const client = (): void => expectQuiescent({ usage: idle });
    for (const count of ['2', '3', '4']) expect(client).toThrow(new RegExp(`: ${count}$`, 'm'));
  });
});
