import {
  concatMap,
  endWith,
  firstValueFrom,
  from,
  interval,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  take,
  toArray,
} from 'rxjs';
import {
  connect,
  createServer,
  decodeTokens,
  memory,
  OperationError,
  SessionErrorCode,
  SessionRejectedError,
  tcp,
  tls,
  webSocket,
  type Client,
  type ConnectEndpoint,
  type ListenEndpoint,
  type Server,
} from '../../src';
import { Authority, type Issued } from '../support/certificates';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

type Kind = 'tcp' | 'websocket' | 'memory' | 'tls' | 'wss';

let authority: Authority;
let serverCertificate: Issued;

beforeAll(async () => {
  authority = await Authority.make('Lab CA');
  serverCertificate = await authority.issue({ name: 'server' });
});

/** One transport at a port; a port of 0 is for listening. */
function endpointOf(kind: Exclude<Kind, 'memory'>, port: number): ListenEndpoint & ConnectEndpoint {
  const secure = { ...(port === 0 ? serverCertificate : {}), ca: authority.cert };
  switch (kind) {
    case 'tcp':
      return tcp({ port });
    case 'websocket':
      return webSocket({ port });
    case 'tls':
      return tls({ port, ...secure });
    case 'wss':
      return webSocket({ port, tls: secure });
  }
}

/** A server on a free port of one transport, and how to reach it. */
async function serve(kind: Kind, options: Partial<Parameters<typeof createServer>[0]> = {}) {
  const shared = memory();
  const server = createServer({ listen: kind === 'memory' ? shared : endpointOf(kind, 0), ...options });
  const [address] = await server.listening();
  const endpoint: ConnectEndpoint = kind === 'memory' ? shared : endpointOf(kind, address!.port);
  return { server, endpoint };
}

describe.each<Kind>(['tcp', 'websocket', 'memory', 'tls', 'wss'])('over %s', (kind) => {
  let server: Server;
  let client: Client;

  async function start(options: Partial<Parameters<typeof createServer>[0]> = {}): Promise<void> {
    const started = await serve(kind, options);
    server = started.server;
    client = await connect(started.endpoint);
  }

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  it('streams an answer part by part and completes', async () => {
    await start();
    server.sessions$.subscribe((session) => {
      session.respond((submit) => from([`you said ${text(submit.body)}`, ',', ' thanks']));
    });
    const session = await client.openSession();
    const results = await firstValueFrom(session.submit({ body: 'hello' }).pipe(toArray()));
    expect(results.flatMap(decodeTokens).join('')).toBe('you said hello, thanks');
    expect(results.map(({ metadata }) => metadata.resultClass)).toEqual([1, 1, 1, 0]);
  });

  it('answers by hand: submits in, results through the subject', async () => {
    await start();
    server.sessions$.subscribe((session) => {
      session.submits$
        .pipe(
          mergeMap((submit) =>
            from([1, 2, 3]).pipe(
              map((part) => submit.partial(Uint8Array.of(part))),
              endWith(submit.complete(Uint8Array.of(4))),
            ),
          ),
        )
        .subscribe(session.results);
    });
    const session = await client.openSession();
    const bodies = session.submit({ body: 'x' }).pipe(
      map(({ body }) => [...body]),
      toArray(),
    );
    expect(await firstValueFrom(bodies)).toEqual([[1], [2], [3], [4]]);
  });

  it('unsubscribes the handler when the client unsubscribes', async () => {
    await start();
    const cancelled = new Promise<void>((resolve) => {
      server.sessions$.subscribe((session) => {
        session.respond(() => interval(1).pipe(map((tick) => `${tick}`)));
        session.cancels$.subscribe(() => resolve());
      });
    });
    const session = await client.openSession();
    const parts = await lastValueFrom(session.submit({ body: 'count' }).pipe(take(3), toArray()));
    expect(parts).toHaveLength(3);
    await cancelled;
  });

  it('rejects a session that the policy refuses', async () => {
    await start({ policy: () => SessionErrorCode.AuthFailed });
    await expect(client.openSession()).rejects.toThrow(
      new SessionRejectedError(1, SessionErrorCode.AuthFailed),
    );
  });

  it('tells the client that its operation is lost with the session', async () => {
    await start();
    server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const session = await client.openSession();
    const outcome = firstValueFrom(session.submit({ body: 'x' }));
    const closed = server.close({ graceMs: 0 });
    await expect(outcome).rejects.toThrow(OperationError);
    await closed;
  });

  it('carries many sessions on one connection', async () => {
    await start();
    server.sessions$.subscribe((session) => {
      session.respond((submit) => from([`${session.sessionId}:${text(submit.body)}`]));
    });
    const sessions = await Promise.all(
      [11, 12, 13].map((id) => client.openSession({ requestedSessionId: id })),
    );
    const answers = await Promise.all(
      sessions.map((session) => firstValueFrom(session.submit({ body: 'x' }).pipe(concatMap(decodeTokens)))),
    );
    expect(answers).toEqual(['11:x', '12:x', '13:x']);
    const ack = await sessions[1]!.close();
    expect(ack?.lastOperationId).toBe(1n);
    expect(server.sessionCount).toBe(2);
  });

  it('carries a body of 1 MiB in both directions', async () => {
    await start();
    server.sessions$.subscribe((session) => session.respond((submit) => [submit.complete(submit.body)]));
    const session = await client.openSession();
    const body = Uint8Array.from({ length: 1024 * 1024 }, (_, index) => index * 31);
    const result = await firstValueFrom(session.submit({ body }));
    expect(Buffer.compare(result.body, body)).toBe(0);
  });
});
