import {
  firstValueFrom,
  from,
  filter,
  interval,
  map,
  mergeMap,
  NEVER,
  take,
  tap,
  timer,
  toArray,
} from 'rxjs';
import {
  connect,
  createServer,
  decodeTokens,
  memory,
  tcp,
  webSocket,
  type Client,
  type Server,
  type ServerOptions,
} from '../../src';
import { cuttable, type CuttableEndpoint } from '../support/cuttable';
import { pause, until } from '../support/until';

const RECONNECT = { minDelayMs: 5, maxDelayMs: 20 };

describe.each(['tcp', 'websocket', 'memory'] as const)('a cut connection over %s', (kind) => {
  let server: Server;
  let client: Client;
  let endpoint: CuttableEndpoint;

  async function start(options: Partial<ServerOptions> = {}): Promise<void> {
    const shared = memory();
    const listen = kind === 'tcp' ? tcp({ port: 0 }) : kind === 'websocket' ? webSocket({ port: 0 }) : shared;
    server = createServer({ listen, ...options });
    const [address] = await server.listening();
    const port = address!.port;
    endpoint = cuttable(kind === 'tcp' ? tcp({ port }) : kind === 'websocket' ? webSocket({ port }) : shared);
    client = await connect(endpoint);
  }

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  it('is made again, and a streamed answer neither lacks nor doubles a part', async () => {
    await start();
    let started = 0;
    server.sessions$.subscribe((session) => {
      session.respond(() => {
        started += 1;
        return interval(1).pipe(
          take(100),
          map((tick) => `${tick}`),
        );
      });
    });
    const session = await client.openSession({ reconnect: RECONNECT });
    const states: string[] = [];
    session.state$.subscribe((state) => states.push(state));
    let parts = 0;
    const results = await firstValueFrom(
      session.submit({ body: 'count' }).pipe(
        tap(() => {
          parts += 1;
          if (parts % 30 === 0) endpoint.cut();
        }),
        toArray(),
      ),
    );
    expect(results.flatMap(decodeTokens)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
    expect(started).toBe(1);
    expect(endpoint.transports.length).toBeGreaterThan(2);
    expect(states.filter((state) => state === 'resumed').length).toBe(endpoint.transports.length - 1);
    expect(server.sessionCount).toBe(1);
  });

  it('sends submits that the server never received, once', async () => {
    await start({ maxInFlightOperations: 64, grantedOperationCredit: 64 });
    const seen: string[] = [];
    server.sessions$.subscribe((session) => {
      session.respond((submit) => {
        seen.push(Buffer.from(submit.body).toString());
        return from([`answer ${seen.length}`]);
      });
    });
    const session = await client.openSession({ reconnect: RECONNECT, maxInFlightOperations: 64 });
    const asked = from(Array.from({ length: 40 }, (_, index) => String(index))).pipe(
      mergeMap((body) => {
        if (Number(body) % 10 === 5) endpoint.cut();
        return session.submit({ body }).pipe(filter(({ metadata }) => metadata.resultClass === 0));
      }),
      toArray(),
    );
    expect(await firstValueFrom(asked)).toHaveLength(40);
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  it('cancels what was unsubscribed while it was away', async () => {
    await start();
    const ended: Promise<string> = new Promise((resolve) => {
      server.sessions$.subscribe((session) => {
        session.respond((submit) => {
          submit.ended$.subscribe(resolve);
          return NEVER;
        });
      });
    });
    const session = await client.openSession({ reconnect: RECONNECT });
    const asked = session.submit({ body: 'x' }).subscribe();
    await firstValueFrom(timer(20));
    endpoint.cut();
    asked.unsubscribe();
    expect(await ended).toBe('cancelled');
  });

  it('goes on with thousands of operations in flight, and ends what was given up', async () => {
    const count = 5000;
    const many = { maxInFlightOperations: 0xffff, grantedOperationCredit: 0xffff };
    await start({ ...many, limits: { maxInFlightPerConnection: Infinity } });
    let started = 0;
    const ends: string[] = [];
    const limits: string[] = [];
    server.limits$.subscribe(({ limit }) => limits.push(limit));
    server.sessions$.subscribe((session) => {
      session.respond((submit) => {
        started += 1;
        submit.ended$.subscribe((end) => ends.push(end));
        return NEVER;
      });
    });
    const session = await client.openSession({ reconnect: RECONNECT, maxInFlightOperations: 0xffff });
    const asked = Array.from({ length: count }, () =>
      session.submit({}).subscribe({ error: () => undefined }),
    );
    await until(() => started === count, 'all of them', 10_000);
    endpoint.cut();
    for (const given of asked.slice(0, 10)) given.unsubscribe();
    await until(() => ends.length === 10, 'what was given up to end');
    await pause(20);
    expect(ends).toEqual(Array.from({ length: 10 }, () => 'cancelled'));
    expect(limits).toEqual([]);
  });

  it('ends the session where nobody comes back in time', async () => {
    await start({ resumeWindowMs: 30 });
    const states: string[] = [];
    const over = new Promise<void>((resolve) => {
      server.sessions$.subscribe((session) => {
        session.state$.subscribe({ next: (state) => states.push(state), complete: resolve });
      });
    });
    await client.openSession({ allowResume: true });
    endpoint.cut();
    await over;
    expect(states).toEqual(['open', 'reconnecting', 'expired']);
    expect(server.sessionCount).toBe(0);
  });
});

describe('moving a session', () => {
  it('goes from TCP to WebSocket in the middle of an answer', async () => {
    const server = createServer({ listen: [tcp({ port: 0 }), webSocket({ port: 0 })], migrateGraceMs: 10 });
    server.sessions$.subscribe((session) => {
      session.respond(() =>
        interval(1).pipe(
          take(60),
          map((tick) => `${tick}`),
        ),
      );
    });
    const [first, second] = await server.listening();
    const client = await connect(tcp({ port: first!.port }));
    const session = await client.openSession({ allowResume: true });
    let parts = 0;
    let moved: Promise<void> | undefined;
    const results = await firstValueFrom(
      session.submit({ body: 'count' }).pipe(
        tap(() => {
          parts += 1;
          if (parts === 20) moved = session.moveTo(webSocket({ port: second!.port }));
        }),
        toArray(),
      ),
    );
    await moved;
    expect(results.flatMap(decodeTokens)).toEqual(Array.from({ length: 60 }, (_, index) => String(index)));
    expect(client.transport).toBe('websocket');
    await client.close();
    await server.close();
  });
});
