import { setTimeout } from 'node:timers/promises';
import { lastValueFrom, toArray } from 'rxjs';
import { accept, refuse } from '../../../src';
import { connect } from '../../../src/client/client';
import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { tcp } from '../../../src/transport/tcp/tcp';
import { CacheAckStatus, CacheObjectKind } from '../../../src/wire/messages/cache';
import { SessionMigrateMetadata } from '../../../src/wire/messages/session-migrate';
import { PatchAckStatus } from '../../../src/wire/messages/session-patch';
import { FaultProxy } from '../../support/fault-proxy/fault-proxy';
import { told } from '../../support/served';
import { until } from '../../support/until';
import { stage } from '../stage';
import { peers } from './peers';
import { streamOrWait } from './stream-or-wait';

const on = stage();
const start = peers();

async function rustServer(): Promise<number> {
  return Number(await start.rust('server').next());
}

describe('preview4 of the reference', () => {
  it('has a client that is served: open, submit, stream, cancel, resume, close', async () => {
    const { server, port, sessions } = await on.serve();
    const rust = start.rust('client', String(port));
    (await sessions.next()).respond(streamOrWait);
    expect(await rust.rest()).toEqual([
      'opened',
      'part 1 of 101: one',
      'part 2 of 101: two',
      'result',
      'dropped 3 of 102',
      'resumed',
      'part 1 of 103: one',
      'part 2 of 103: two',
      'result',
      'closed',
    ]);
    expect(server.sessionCount).toBe(0);
  });

  it('has a client that is served all else: refused, PING, cache, patch, migrate, 1 MiB', async () => {
    const { server, port, sessions } = await on.serve({
      supportedCacheObjects: [CacheObjectKind.PromptSegment],
      policy: ({ open }) => (open.requestedSessionId === 13 ? refuse('auth-failed', 'not you') : accept()),
    });
    const rust = start.rust('rest', String(port));
    const session = await sessions.next();
    session.patches$.subscribe((request) => request.ack());
    session.migrations$.subscribe((request) => request.ack());
    session.respond((submit) => submit.complete(submit.body));
    expect(await rust.rest()).toEqual([
      expect.stringMatching(/65537.*not you/),
      'pong',
      'Accepted for 5000 ms',
      'Accepted: tier 3',
      'migrates: 0',
      `result of ${1024 * 1024} bytes`,
      'closed',
    ]);
    expect(server.sessionCount).toBe(0);
  });

  it('has a server that answers: open, submit, stream, cancel, close', async () => {
    const client = await connect(tcp({ port: await rustServer() }), { revision: 'auto' });
    const session = await client.openSession();
    const results = await lastValueFrom(session.submit({ body: 'stream' }).pipe(toArray()));
    expect(results.map((result) => decodeTokens(result).join(''))).toEqual(['one', 'two', 'end']);
    const waiting = session.submit({ body: 'wait' }).subscribe();
    await setTimeout(50);
    waiting.unsubscribe();
    const after = await lastValueFrom(session.submit({ body: 'stream' }).pipe(toArray()));
    expect(after).toHaveLength(3);
    const violations: unknown[] = [];
    client.violations$.subscribe((violation) => violations.push(violation));
    await session.close();
    await client.close();
    expect(violations).toEqual([]);
  });

  it('has a server that takes objects, patches and migrations', async () => {
    const client = await connect(tcp({ port: await rustServer() }), { revision: 'auto' });
    const session = await client.openSession();
    // The runtime has to be told which of them is to come.
    const announce = (body: string) => lastValueFrom(session.submit({ body }));
    await announce('put');
    const put = {
      cacheNamespace: 7,
      cacheKeyHi: 2,
      cacheKeyLo: 9,
      objectKind: CacheObjectKind.PromptSegment,
    };
    expect(await session.cachePut({ ...put, ttlMs: 5000 }, new Uint8Array(8))).toMatchObject({
      status: CacheAckStatus.Accepted,
      acceptedTtlMs: 5000,
    });
    await announce('patch');
    const { metadata } = await session.patch({ patchMask: 2, qualityTier: 3 });
    expect(metadata).toMatchObject({ ackStatus: PatchAckStatus.Accepted, effectiveQualityTier: 3 });
    await announce('migrate');
    const request = SessionMigrateMetadata.of({
      oldTransportId: 2,
      newTransportId: 1,
      lastResultFrameId: 7n,
    });
    expect(await session.migrate(request)).toMatchObject({ acceptCode: 0, resumeFromFrameId: 8n });
    await client.close();
  });

  it('has a server that is come back to, and asked at length', async () => {
    const proxy = await FaultProxy.listen({ port: await rustServer() });
    const client = await connect(tcp({ port: proxy.port }), { revision: 'auto' });
    const session = await client.openSession({ reconnect: { minDelayMs: 50 } });
    const states = told(session.state$);
    expect(await lastValueFrom(session.submit({ body: 'stream' }).pipe(toArray()))).toHaveLength(3);
    proxy.cut('reset');
    await until(() => states.includes('resumed'), 'the session to be resumed');
    const body = new Uint8Array(1024 * 1024);
    expect(await lastValueFrom(session.submit({ body }).pipe(toArray()))).toHaveLength(3);
    await client.close();
    await proxy.close();
  });

  it('is told why it gets no auth block', async () => {
    const client = await connect(tcp({ port: await rustServer() }), { revision: 'auto' });
    await expect(client.openSession({ auth: 'secret' })).rejects.toThrow('takes no auth block');
    expect((await client.openSession()).sessionId).not.toBe(0);
    await client.close();
  });
});
