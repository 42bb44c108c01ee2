import { delay, EMPTY, Observable, of, throwError } from 'rxjs';
import { connect } from '../../src/client/client';
import { connectError } from '../../src/transport/network-errors';
import { memory, memoryPair } from '../../src/transport/memory';
import { tcp } from '../../src/transport/tcp/tcp';
import type { Transport } from '../../src/transport/transport';
import { settled } from '../support/async';
import { freePort } from '../support/free-port';
import { VirtualTime } from '../support/virtual-time';
import { connectUnasked, endpointOf, NOTHING, played } from './support';

describe('connect', () => {
  it('refuses an endpoint of another kind than it is configured for', async () => {
    await expect(connect(memory(), { transport: 'tcp' })).rejects.toMatchObject({
      name: 'RuntimeError',
      kind: 'unsupported-transport',
      reach: 'connection',
      origin: 'application',
      message: 'the client is configured for tcp and was given an endpoint of kind memory',
    });
  });

  it('says where nobody listens, and what to look at', async () => {
    const port = await freePort();
    await expect(connect(tcp({ port }))).rejects.toMatchObject({
      kind: 'io',
      reach: 'connection',
      message: `cannot connect to 127.0.0.1:${port}: nothing listens there; is the server running?`,
    });
    await expect(connect(memory())).rejects.toThrow('cannot connect to memory:: nothing listens there');
  });

  it('waits for an answer for ten seconds, or as long as it is told, and lets go then', async () => {
    for (const [options, ms] of [
      [{}, 10_000],
      [{ connectTimeoutMs: 250 }, 250],
    ] as const) {
      const time = new VirtualTime();
      let isLetGo = false;
      const silent$ = new Observable<Transport>(() => () => {
        isLetGo = true;
      });
      let outcome: unknown;
      connect(endpointOf(silent$), { ...options, scheduler: time }).catch((error: unknown) => {
        outcome = error;
      });
      time.advance(ms - 1);
      await settled();
      expect([outcome, isLetGo]).toEqual([undefined, false]);
      time.advance(1);
      await settled();
      expect(isLetGo).toBe(true);
      expect(outcome).toMatchObject({
        kind: 'io',
        reach: 'connection',
        origin: 'local',
        message: `cannot connect to memory:test: no answer within ${ms} ms`,
      });
      expect(time.pendingCount).toBe(0);
    }
  });

  it('waits for as long as it takes where it is told so', async () => {
    const [left] = memoryPair();
    const client = await connectUnasked(endpointOf(of(left).pipe(delay(20))), { connectTimeoutMs: Infinity });
    expect(client.usage.links).toBe(1);
    await client.close();
  });

  it('passes on why the transport could not', async () => {
    const fault = connectError('there', new Error('no way'));
    await expect(connect(endpointOf(throwError(() => fault)))).rejects.toBe(fault);
  });

  it('fails where the transport gives none', async () => {
    await expect(connect(endpointOf(EMPTY))).rejects.toMatchObject({
      kind: 'io',
      message: 'the connection to memory:test has ended; connect again',
    });
  });

  it('knows its peer', async () => {
    const { client } = await played();
    expect(client).toMatchObject({
      peer: 'memory:right',
      transport: 'memory',
      usage: { ...NOTHING, links: 1 },
    });
    await client.close();
  });
});
