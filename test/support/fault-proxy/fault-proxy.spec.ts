import { Random } from '../../simulation/random';
import { RawListener, RawSocket } from '../raw-socket';
import { pause, until } from '../until';
import { FaultProxy } from './fault-proxy';
import { randomScript } from './random-script';
import type { Script, Step } from './step';

const SENT = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

describe('the fault proxy', () => {
  let listener: RawListener;
  let proxy: FaultProxy;

  /** Both ends of a connection through a proxy with this script. */
  async function connected(script: Partial<Script> = {}): Promise<{ client: RawSocket; server: RawSocket }> {
    listener = await RawListener.listen();
    proxy = await FaultProxy.listen({
      port: listener.port,
      script: () => ({ toServer: [], toClient: [], ...script }),
    });
    const client = await RawSocket.connect(proxy.port);
    const server = (await listener.accept()).read();
    return { client, server };
  }

  afterEach(async () => {
    await proxy.close();
    listener.close();
  });

  it('passes what is sent, and ends as the ends do', async () => {
    const { client, server } = await connected();
    client.finish(SENT);
    expect(await server.receives(SENT.length)).toEqual(SENT);
    expect(await server.ended()).toBe('end');
    server.finish(SENT.subarray(0, 10));
    expect(await client.receives(10)).toEqual(SENT.subarray(0, 10));
    expect(await client.ended()).toBe('end');
    await until(() => proxy.connections === 0, 'the end of the connection');
    expect(proxy.totalCuts).toBe(0);
  });

  it('passes a reset on', async () => {
    const { client, server } = await connected();
    client.reset();
    expect(await server.ended()).toBe('reset');
  });

  it('splits what was sent together', async () => {
    const piece: Step[] = [
      { kind: 'pass', bytes: 2 },
      { kind: 'wait', ms: 5 },
    ];
    const pieces = Array.from({ length: 5 }, () => piece).flat();
    const { client, server } = await connected({ toServer: pieces });
    const sizes: number[] = [];
    server.socket.on('data', (chunk) => sizes.push(chunk.length));
    client.write(SENT.subarray(0, 100));
    expect(await server.receives(100)).toEqual(SENT.subarray(0, 100));
    expect(sizes).toEqual([2, 2, 2, 2, 2, 90]);
  });

  it('joins what was sent apart, and does not wait for ever', async () => {
    const { client, server } = await connected({
      toServer: [
        { kind: 'gather', bytes: 6, atMostMs: 10_000 },
        { kind: 'gather', bytes: 6, atMostMs: 20 },
      ],
    });
    const sizes: number[] = [];
    server.socket.on('data', (chunk) => sizes.push(chunk.length));
    for (let at = 0; at < 8; at += 2) {
      client.write(SENT.subarray(at, at + 2));
      await pause(10);
    }
    expect(await server.receives(8)).toEqual(SENT.subarray(0, 8));
    expect(sizes).toEqual([6, 2]);
  });

  it('holds back for as long as it is told', async () => {
    const { client, server } = await connected({
      toServer: [
        { kind: 'pass', bytes: 10 },
        { kind: 'wait', ms: 80 },
      ],
    });
    const start = performance.now();
    client.finish(SENT);
    await server.receives(10);
    expect(server.receivedLength).toBe(10);
    await server.receives(SENT.length);
    expect(performance.now() - start).toBeGreaterThan(75);
    expect(await server.ended()).toBe('end');
  });

  it('turns bits over in one byte', async () => {
    const { client, server } = await connected({
      toServer: [
        { kind: 'pass', bytes: 3 },
        { kind: 'corrupt', mask: 0x81 },
      ],
    });
    client.write(SENT);
    const received = await server.receives(SENT.length);
    const expected = SENT.slice();
    expected[3] = 3 ^ 0x81;
    expect(received).toEqual(expected);
  });

  it.each([
    ['fin', 'end'],
    ['reset', 'reset'],
  ] as const)('cuts with a %s after so many bytes', async (how, seen) => {
    const { client, server } = await connected({
      toServer: [
        { kind: 'pass', bytes: 7 },
        // A reset that arrives together with bytes looks like an end to whoever reads them.
        { kind: 'wait', ms: 20 },
        { kind: 'cut', how },
      ],
    });
    client.write(SENT);
    expect(await client.ended()).toBe(seen);
    expect(await server.ended()).toBe(seen);
    expect(server.received).toEqual(SENT.subarray(0, 7));
    expect(proxy.cuts[how]).toBe(1);
    client.destroy();
    server.destroy();
    await until(() => proxy.connections === 0, 'the end of the connection');
  });

  it('silences a connection, so that neither end hears of the other', async () => {
    const { client, server } = await connected();
    client.write(SENT);
    await server.receives(SENT.length);
    proxy.cut('silence');
    client.write(SENT);
    server.write(SENT);
    client.reset();
    await pause(50);
    expect(server.receivedLength).toBe(SENT.length);
    expect(client.receivedLength).toBe(0);
    expect(server.socket.readableEnded || server.socket.destroyed).toBe(false);
    // Who comes next gets through.
    const other = await RawSocket.connect(proxy.port);
    other.write(SENT);
    expect(await (await listener.accept()).read().receives(SENT.length)).toEqual(SENT);
  });

  it('keeps order and bytes under a script of its own invention', async () => {
    const { client, server } = await connected(randomScript(new Random(7)));
    const long = new Random(1).bytes(200_000);
    client.finish(long);
    server.finish(long);
    await until(() => server.receivedLength + client.receivedLength === 2 * long.length, 'all bytes', 20_000);
    expect(Buffer.compare(server.received, long)).toBe(0);
    expect(Buffer.compare(client.received, long)).toBe(0);
  });
});

describe('a random script', () => {
  const steps = (seed: number, lane: 'toServer' | 'toClient'): Step[] =>
    take(randomScript(new Random(seed), { cutWithin: 5000 })[lane], 200);

  it('is what its seed determines', () => {
    expect(steps(3, 'toServer')).toEqual(steps(3, 'toServer'));
    expect(steps(3, 'toServer')).not.toEqual(steps(4, 'toServer'));
  });

  it('cuts one direction of every connection, within the bytes that it was given', () => {
    for (let seed = 0; seed < 200; seed++) {
      const script = randomScript(new Random(seed), { cutWithin: 5000 });
      const cut = [...take(script.toServer, 20_000), ...take(script.toClient, 20_000)].filter(
        ({ kind }) => kind === 'cut',
      );
      expect(cut).toHaveLength(1);
    }
  });
});

function take<T>(items: Iterable<T>, most: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === most) break;
    taken.push(item);
  }
  return taken;
}
