import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { connect } from '../../src/client/client';
import { RuntimeError } from '../../src/protocol/runtime-error';
import { createServer } from '../../src/server/server';
import {
  Listener,
  type ConnectEndpoint,
  type ListenAddress,
  type ListenEndpoint,
  type ListenerSink,
} from '../../src/transport/endpoint';
import { memoryPair } from '../../src/transport/memory';
import { tcp } from '../../src/transport/tcp/tcp';
import type { Transport } from '../../src/transport/transport';
import { closedLater, expectFault, leavesNothingOpen, numbered, Reception, Recording } from './support';

leavesNothingOpen();

const ADDRESS: ListenAddress = { kind: 'quic', host: '::', port: 4433, url: 'quic://[::]:4433' };

/** A listener driven by hand. */
function manual(): { listener: Listener; sinks: ListenerSink[]; stops: () => number } {
  const sinks: ListenerSink[] = [];
  let stops = 0;
  const listener = new Listener('quic', (sink) => {
    sinks.push(sink);
    return () => (stops += 1);
  });
  return { listener, sinks, stops: () => stops };
}

describe('Listener', () => {
  it('binds with the subscription, and stops with its end', () => {
    const { listener, sinks, stops } = manual();
    expect(listener.kind).toBe('quic');
    expect(sinks).toHaveLength(0);
    const accepted = new Recording(listener);
    expect(sinks).toHaveLength(1);
    accepted.subscription.unsubscribe();
    expect(stops()).toBe(1);
    expect(accepted.ends).toBe(0);
  });

  it('emits the transports that are accepted', () => {
    const { listener, sinks } = manual();
    const accepted = new Recording<Transport>(listener);
    const [left, right] = memoryPair();
    sinks[0]!.accept(left);
    sinks[0]!.accept(right);
    expect(accepted.values).toEqual([left, right]);
    expect(accepted.isOver).toBe(false);
  });

  it('destroys what is accepted after it stopped', async () => {
    const { listener, sinks } = manual();
    new Recording(listener).subscription.unsubscribe();
    const [left, right] = memoryPair();
    sinks[0]!.accept(left);
    await new Recording(right.packets$).over();
  });

  it('tells its address before and after it is bound, to everyone', () => {
    const { listener, sinks } = manual();
    const early = new Recording(listener.address$);
    new Recording(listener);
    expect(early.values).toEqual([]);
    sinks[0]!.listening(ADDRESS);
    const late = new Recording(listener.address$);
    expect(early.values).toEqual([ADDRESS]);
    expect(late.values).toEqual([ADDRESS]);
    expect(early.isOver).toBe(false);
  });

  it('completes the address when it stops, bound or not', async () => {
    const { listener, sinks } = manual();
    const unbound = new Recording(listener.address$);
    new Recording(listener).subscription.unsubscribe();
    expect((await unbound.over()).values).toEqual([]);
    const again = new Recording(listener);
    sinks[1]!.listening(ADDRESS);
    const bound = new Recording(listener.address$);
    again.subscription.unsubscribe();
    expect(await bound.over()).toMatchObject({ values: [ADDRESS], error: undefined });
  });

  it('errors both streams, once, and stops', async () => {
    const { listener, sinks, stops } = manual();
    const address = new Recording(listener.address$);
    const accepted = new Recording(listener);
    const fault = new Error('no more');
    sinks[0]!.error(fault);
    sinks[0]!.error(new Error('again'));
    for (const recording of [address, accepted]) expect((await recording.over()).error).toBe(fault);
    expect(stops()).toBe(1);
    expect((await new Recording(listener.address$).over()).error).toBe(fault);
  });

  it('does not need anyone to listen to its errors', async () => {
    const { listener, sinks } = manual();
    const accepted = new Recording(listener);
    accepted.subscription.unsubscribe();
    sinks[0]!.error(new Error('too late'));
    expect(accepted.ends).toBe(0);
    expect((await new Recording(listener.address$).over()).error).toBeUndefined();
  });

  it('errors both streams where it cannot even be tried', async () => {
    const fault = new Error('thrown');
    const listener = new Listener('quic', () => {
      throw fault;
    });
    const address = new Recording(listener.address$);
    const accepted = new Recording(listener);
    for (const recording of [address, accepted]) expect((await recording.over()).error).toBe(fault);
  });

  it('binds anew when it is subscribed to again, also after a failure', () => {
    const { listener, sinks } = manual();
    const ports = new Recording(listener.address$);
    new Recording(listener);
    sinks[0]!.error(new Error('in use'));
    expect(ports.error).toMatchObject({ message: 'in use' });
    const accepted = new Recording(listener);
    expect(sinks).toHaveLength(2);
    sinks[1]!.listening(ADDRESS);
    expect(new Recording(listener.address$).values).toEqual([ADDRESS]);
    expect(accepted.isOver).toBe(false);
  });
});

describe('a transport of one’s own', () => {
  /** A kind that this library does not have, over pairs in memory. */
  function quic(): ListenEndpoint & ConnectEndpoint {
    let sink: ListenerSink | undefined;
    return {
      kind: 'quic',
      url: ADDRESS.url,
      listen: () =>
        new Listener('quic', (given) => {
          sink = given;
          given.listening(ADDRESS);
          return () => {
            sink = undefined;
          };
        }),
      connect: () => {
        const [server, client] = memoryPair();
        sink?.accept(server);
        return new Listener('quic', (given) => {
          given.accept(client);
        });
      },
    };
  }

  it('serves and connects as those of this library do', async () => {
    const endpoint = quic();
    const server = closedLater(createServer({ listen: endpoint, transport: 'quic' }));
    expect(await server.listening()).toEqual([ADDRESS]);
    server.sessions$.subscribe((session) => {
      session.respond(() => ['one', 'two']);
    });
    const client = closedLater(await connect(endpoint, { transport: 'quic' }));
    const session = await client.openSession();
    const results = await lastValueFrom(session.submit({ body: 'x' }).pipe(toArray()));
    expect(results.length).toBeGreaterThanOrEqual(2);
  });

  it('is refused where another kind is expected', () => {
    const refused = (): unknown => createServer({ transport: 'quic', listen: tcp({ port: 0 }) });
    expect(refused).toThrow(RuntimeError);
    try {
      refused();
    } catch (error) {
      expectFault(error, { kind: 'unsupported-transport', reach: 'server', origin: 'application' });
      expect((error as Error).message).toContain('quic');
      expect((error as Error).message).toContain('tcp');
    }
  });

  it('is told of a listener that fails, on the server’s streams', async () => {
    const taken = closedLater(new Reception(tcp({ port: 0 }).listen()));
    const { port } = await taken.address();
    const server = closedLater(createServer({ listen: tcp({ port }) }));
    const sessions = new Recording(server.sessions$);
    await expect(server.listening()).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: the port is in use`,
    );
    expectFault((await sessions.over()).error, { kind: 'io', reach: 'server' });
  });

  it('accepts a peer that sends at once', async () => {
    const endpoint = quic();
    const reception = new Reception(endpoint.listen());
    const client = await firstValueFrom(endpoint.connect());
    client.send(numbered(1));
    const [server] = reception.transports;
    await new Recording(server!.packets$).count(1);
  });
});
