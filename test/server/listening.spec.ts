import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import { connect } from '../../src/client/client';
import { RuntimeError } from '../../src/protocol/runtime-error';
import type { ServerOptions } from '../../src/server/options';
import { createServer } from '../../src/server/server';
import { memory } from '../../src/transport/memory';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

/** A port that somebody else listens on. */
async function takenPort(): Promise<{ readonly port: number; free(): void }> {
  const other = net.createServer();
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  return { port: (other.address() as net.AddressInfo).port, free: () => other.close() };
}

describe('listening', () => {
  it('resolves with every address, in the order of the listeners', async () => {
    const server = createServer({ listen: [tcp({ port: 0 }), webSocket({ port: 0 }), memory()] });
    const addresses = await server.listening();
    expect(addresses.map(({ kind }) => kind)).toEqual(['tcp', 'websocket', 'memory']);
    const [first, second] = addresses;
    expect(first?.url).toBe(`tcp://127.0.0.1:${first?.port}`);
    expect(second?.url).toBe(`ws://127.0.0.1:${second?.port}/`);
    expect(first?.port).not.toBe(second?.port);
    expect(await server.listening()).toEqual(addresses);
    await server.close();
  });

  it('serves all of them as one', async () => {
    const server = createServer({ listen: [tcp({ port: 0 }), webSocket({ port: 0 })] });
    const [first, second] = await server.listening();
    const kinds: string[] = [];
    server.sessions$.subscribe(({ transport }) => kinds.push(transport));
    const clients = [
      await connect(tcp({ port: first!.port })),
      await connect(webSocket({ port: second!.port })),
    ];
    for (const client of clients) await client.openSession();
    expect(kinds).toEqual(['tcp', 'websocket']);
    expect(server.usage).toMatchObject({ connections: 2, sessions: 2 });
    for (const client of clients) await client.close();
    await server.close();
  });

  it('is told once of a web server that is shared and does not listen, with the remedy', async () => {
    const time = new VirtualTime();
    const shared = http.createServer();
    const listen = [webSocket({ server: shared }), memory()];
    const server = createServer({ listen, scheduler: time });
    const failures = told(server.failures$);
    time.advance(29_999);
    expect(failures).toEqual([]);
    time.advance(600_000);
    const message = expect.stringMatching(
      /websocket listener does not listen.*call its listen\(port\)/,
    ) as string;
    expect(failures).toMatchObject([{ kind: 'io', reach: 'server', message }]);
    await server.close();
  });

  it('is not told of what listens in time, fails, or is closed before', async () => {
    const time = new VirtualTime();
    const shared = http.createServer();
    const server = createServer({ listen: webSocket({ server: shared }), scheduler: time });
    const closed = createServer({ listen: webSocket({ server: http.createServer() }), scheduler: time });
    const failures = [server, closed].map(({ failures$ }) => told(failures$));
    await closed.close();
    shared.listen(0, '127.0.0.1');
    await once(shared, 'listening');
    time.advance(600_000);
    expect(failures).toEqual([[], ['|']]);
    await server.close();
    shared.close();
  });

  it('has no address where there is no listener', async () => {
    expect(await createServer({ listen: [] }).listening()).toEqual([]);
  });

  it('says which port is in use, where it is asked and to whoever watches sessions', async () => {
    const { port, free } = await takenPort();
    const server = createServer({ listen: tcp({ port }) });
    const seen = told(server.sessions$);
    const message = `cannot listen on 127.0.0.1:${port}: the port is in use; choose another, or 0 for any free one`;
    await expect(server.listening()).rejects.toMatchObject({ kind: 'io', reach: 'server', message });
    expect(seen).toMatchObject([{ kind: 'io', message }]);
    // And to who comes later.
    expect(told(server.sessions$)).toMatchObject([{ kind: 'io', message }]);
    await server.close();
    free();
  });

  it('fails as a whole where one of several does', async () => {
    const { port, free } = await takenPort();
    const server = createServer({ listen: [memory(), tcp({ port })] });
    await expect(server.listening()).rejects.toMatchObject({ kind: 'io' });
    await server.close();
    free();
  });

  it('refuses a listener of a kind that the server is not configured for', () => {
    const make = (transport: NonNullable<ServerOptions['transport']>) => () =>
      createServer({ listen: [memory(), tcp({ port: 0 })], transport });
    expect(make(['memory', 'websocket'])).toThrow(
      new RuntimeError(
        'unsupported-transport',
        'the server is configured for memory, websocket and was given a listener of kind tcp',
        { reach: 'server', origin: 'application' },
      ),
    );
    expect(make('tcp')).toThrow('configured for tcp and was given a listener of kind memory');
  });

  it('takes a listener of a kind that it is configured for', async () => {
    const server = createServer({ listen: memory(), transport: ['tcp', 'memory'] });
    expect(await server.listening()).toHaveLength(1);
    await server.close();
  });

  it('refuses tokens that could be guessed', () => {
    expect(() => createServer({ listen: memory(), resumeTokenBytes: 8 })).toThrow(RangeError);
  });
});
