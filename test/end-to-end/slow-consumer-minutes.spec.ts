import type { SessionOptions } from '../../src/client/options';
import type { ResultPush } from '../../src/protocol/operation/result';
import { settled } from '../support/async';
import { endServed, Served } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

const PART_BYTES = 64 * 1024;

afterEach(endServed);

/** A server that answers without an end, and a loop that takes what it is told to; both with virtual clocks. */
async function stage(options?: SessionOptions) {
  const time = new VirtualTime();
  const served = new Served({ scheduler: time });
  served.server.sessions$.subscribe((session) => {
    session.respond(async function* () {
      for (;;) yield await Promise.resolve(new Uint8Array(PART_BYTES));
    });
  });
  const client = await served.connect({ scheduler: time });
  const session = await client.openSession(options);
  const results = session.submit({})[Symbol.asyncIterator]() as AsyncIterator<ResultPush>;
  /** Lets seconds pass, in each of which so many results are taken. */
  const pass = async (seconds: number, taken: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      for (let count = 0; count < taken; count++) await results.next();
      for (let turn = 0; turn < 40; turn++) await settled();
      time.advance(1000);
    }
  };
  return { served, client, results, pass };
}

describe('a loop that is slow for minutes', () => {
  it('is not cut where it stands still, and the server can hold its operation', async () => {
    const { served, client, pass } = await stage();
    await pass(1, 1);
    await pass(120, 0);
    expect(client.usage.bufferedBytes).toBeLessThan(8 * 1024 * 1024);
    await pass(5, 20);
    expect(served.limits).toEqual([]);
    expect(client.usage).toMatchObject({ links: 1, operationsInFlight: 1 });
    expect(served.server.usage).toMatchObject({ connections: 1, operationsInFlight: 1 });
  });

  it('is not cut where it is slow, and the server cannot', async () => {
    const { served, client, pass } = await stage({ announce: false });
    await pass(120, 2);
    expect(served.limits).toEqual([]);
    expect(client.usage).toMatchObject({ links: 1, operationsInFlight: 1 });
    expect(client.usage.bufferedBytes).toBeLessThan(5 * 1024 * 1024);
  });

  it('is ended where it stands still for slowConsumerMs, and says so', async () => {
    const { served, client, results, pass } = await stage({ slowConsumerMs: 20_000 });
    await pass(1, 1);
    await pass(18, 0);
    expect(client.usage.operationsInFlight).toBe(1);
    await pass(2, 0);
    expect(client.usage).toMatchObject({ operationsInFlight: 0, bufferedBytes: 0 });
    expect(served.server.usage).toMatchObject({ connections: 1, operationsInFlight: 0 });
    await expect(results.next()).rejects.toMatchObject({ reason: 'slow-consumer', frameId: 1 });
  });
});
