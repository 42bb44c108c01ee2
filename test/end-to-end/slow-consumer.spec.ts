import {
  connect,
  createServer,
  tcp,
  webSocket,
  type Client,
  type ClientSession,
  type Server,
} from '../../src';
import { cuttable, type CuttableEndpoint } from '../support/cuttable';
import { pause, until } from '../support/until';

const PART_BYTES = 32 * 1024;
const PARTS = 1500;
/** Parts that are made before a loop that takes none stops their maker: what may wait, and what is on its way. */
const MOST_AHEAD = (24 * 1024 * 1024) / PART_BYTES;

/** Parts whose first bytes are their number, as fast as they are taken. */
class Maker {
  made = 0;

  async *parts(): AsyncGenerator<Uint8Array> {
    while (this.made < PARTS) {
      const part = new Uint8Array(PART_BYTES);
      new DataView(part.buffer).setUint32(0, this.made);
      this.made += 1;
      yield part;
    }
  }

  /** Waits until no more is made, and as much waits at the client as may. */
  async stopped(client: Client): Promise<void> {
    await until(() => client.usage.bufferedBytes > 4 * 1024 * 1024, 'what waits', 10_000);
    let last = -1;
    while (last !== this.made) {
      last = this.made;
      await pause(250);
    }
  }
}

describe.each(['tcp', 'websocket'] as const)('a loop that does not keep up, over %s', (kind) => {
  let server: Server;
  let client: Client;
  let endpoint: CuttableEndpoint;
  let maker: Maker;

  beforeEach(async () => {
    maker = new Maker();
    server = createServer({
      listen: kind === 'tcp' ? tcp({ port: 0 }) : webSocket({ port: 0 }),
      // What the operating systems of both ends hold of it is more than the default.
      outbox: { maxBytes: 64 * 1024 * 1024 },
    });
    server.sessions$.subscribe((session) => {
      session.respond(({ body }) => (body.length > 0 ? maker.parts() : ['quick']));
    });
    const [address] = await server.listening();
    const port = address!.port;
    endpoint = cuttable(kind === 'tcp' ? tcp({ port }) : webSocket({ port }));
    client = await connect(endpoint);
  });

  afterEach(async () => {
    await client.close();
    await server.close({ graceMs: 0 });
  });

  /** The numbers that are left, in order. */
  async function rest(results: AsyncIterable<{ readonly body: Uint8Array }>): Promise<number[]> {
    const numbers: number[] = [];
    for await (const { body } of results) {
      if (body.length > 0) numbers.push(new DataView(body.buffer, body.byteOffset).getUint32(0));
    }
    return numbers;
  }

  async function quick(session: ClientSession): Promise<number> {
    let results = 0;
    for await (const { body } of session.submit({})) results += Math.sign(body.length);
    return results;
  }

  const all = Array.from({ length: PARTS }, (_, index) => index);

  it('makes its own operation wait, and no other', async () => {
    const session = await client.openSession();
    const results = session.submit({ body: 'parts' })[Symbol.asyncIterator]();
    await results.next();
    await maker.stopped(client);
    expect(maker.made).toBeLessThan(MOST_AHEAD);
    expect(await quick(session)).toBe(1);
    expect(await rest(results)).toEqual(all.slice(1));
    expect(client.usage).toMatchObject({ bufferedBytes: 0, operationsInFlight: 0 });
  });

  it('loses and doubles nothing where the connection is cut meanwhile, and still makes it wait', async () => {
    const session = await client.openSession({ reconnect: { minDelayMs: 5, maxDelayMs: 20 } });
    const results = session.submit({ body: 'parts' })[Symbol.asyncIterator]();
    await results.next();
    await maker.stopped(client);
    for (let cut = 0; cut < 3; cut++) {
      const connections = endpoint.transports.length;
      endpoint.cut();
      await until(() => endpoint.transports.length > connections, 'another connection');
      await maker.stopped(client);
    }
    expect(maker.made).toBeLessThan(MOST_AHEAD);
    const left = rest(results);
    await until(() => maker.made > MOST_AHEAD, 'the loop to go on', 10_000);
    endpoint.cut();
    expect(await left).toEqual(all.slice(1));
  });

  it('makes all wait where the server does not know better, which goes on with it', async () => {
    const session = await client.openSession({ announce: false });
    const results = session.submit({ body: 'parts' })[Symbol.asyncIterator]();
    await results.next();
    await maker.stopped(client);
    expect(maker.made).toBeLessThan(MOST_AHEAD);
    expect(client.usage.bufferedBytes).toBeLessThan(5 * 1024 * 1024);
    expect(await rest(results)).toEqual(all.slice(1));
  });

  it('frees its operation when it is left', async () => {
    const session = await client.openSession();
    let parts = 0;
    for await (const { body } of session.submit({ body: 'parts' })) {
      await maker.stopped(client);
      expect(body).toHaveLength(PART_BYTES);
      if ((parts += 1) === 2) break;
    }
    await until(() => server.usage.operationsInFlight === 0, 'the cancel');
    expect(client.usage).toMatchObject({ bufferedBytes: 0, operationsInFlight: 0 });
  });
});
