import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BehaviorSubject, NEVER } from 'rxjs';
import { createServer, type Server } from '../../src/server/server';
import { Health, type ServerHealth } from '../../src/server/health';
import { memory } from '../../src/transport/memory';
import { tcp } from '../../src/transport/tcp/tcp';
import { connect } from '../../src/client/client';
import { settled } from '../support/async';
import { told } from '../support/served';

const alone = { store: undefined, ids: undefined };

describe('health$', () => {
  it('is ready once it listens, and not from its close on', async () => {
    const server = createServer({ listen: tcp({ port: 0 }) });
    const seen = told<ServerHealth>(server.health$);
    await server.listening();
    await settled();
    await server.close();
    expect(seen).toEqual([
      { ...alone, phase: 'starting', isReady: false },
      { ...alone, phase: 'serving', isReady: true },
      { ...alone, phase: 'draining', isReady: false },
      { ...alone, phase: 'closed', isReady: false },
      '|',
    ]);
    expect(told(server.health$)).toEqual([{ ...alone, phase: 'closed', isReady: false }, '|']);
  });

  it('has failed where a listener has', async () => {
    const taken = createServer({ listen: tcp({ port: 0 }) });
    const [address] = await taken.listening();
    const server = createServer({ listen: tcp({ port: address!.port }) });
    server.sessions$.subscribe({ error: () => undefined });
    await expect(server.listening()).rejects.toMatchObject({ kind: 'io' });
    await settled();
    expect(told(server.health$)).toEqual([{ ...alone, phase: 'failed', isReady: false }]);
    await Promise.all([server.close(), taken.close()]);
  });

  it('does not end the process by a subscriber that throws', async () => {
    const server = createServer({ listen: memory() });
    const failures = told(server.failures$);
    server.health$.subscribe(() => {
      throw new Error('mine');
    });
    expect(failures).toMatchObject([{ message: 'a subscriber of health$ failed: mine' }]);
    await server.close();
  });
});

it('says why a store is down, as far as is known, and nothing of one that is up', () => {
  const [store$, fault$] = [
    new BehaviorSubject<'up' | 'down'>('down'),
    new BehaviorSubject<string | undefined>(undefined),
  ];
  const health = new Health('degrade');
  const seen: unknown[] = [];
  health.health$.subscribe(({ store, storeFault }) => seen.push([store, storeFault]));
  const node = { ids: { hasAny$: NEVER }, directory: { health$: store$ }, fault$ };
  const following = health.follow(node);
  fault$.next('WRONGPASS');
  store$.next('up');
  fault$.next('a call was not answered');
  store$.next('down');
  following.unsubscribe();
  expect(seen).toEqual([
    [undefined, undefined],
    ['down', undefined],
    ['down', 'WRONGPASS'],
    ['up', undefined],
    ['down', 'a call was not answered'],
  ]);
});

describe('answerProbe', () => {
  let server: Server;
  let http: HttpServer;
  const ask = (method = 'GET'): Promise<Response> =>
    fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}/ready`, { method });

  beforeEach(async () => {
    const place = memory();
    server = createServer({ listen: place });
    server.sessions$.subscribe((session) => session.respond(() => NEVER));
    http = createHttpServer(server.answerProbe);
    await server.listening();
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const session = await (await connect(place)).openSession();
    session.submit({ body: 'x' }).subscribe({ error: () => undefined });
    await settled();
  });

  afterEach(async () => {
    await server.close({ graceMs: 0 });
    http.closeAllConnections();
    http.close();
  });

  it('says 200 while sessions are opened, then 503, and what there is to say', async () => {
    const ready = await ask();
    expect([ready.status, ready.headers.get('cache-control'), await ready.json()]).toEqual([
      200,
      'no-store',
      { phase: 'serving', isReady: true },
    ]);
    void server.close();
    const draining = await ask();
    expect([draining.status, await draining.json()]).toEqual([503, { phase: 'draining', isReady: false }]);
    await server.close({ graceMs: 0 });
    const closed = await ask();
    expect([closed.status, await closed.json()]).toEqual([503, { phase: 'closed', isReady: false }]);
  });

  it('is asked with GET or HEAD', async () => {
    const head = await ask('HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await ask('POST');
    expect([post.status, post.headers.get('allow'), await post.text()]).toEqual([405, 'GET, HEAD', '']);
  });
});
