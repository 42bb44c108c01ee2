import { concatMap, finalize, firstValueFrom, interval, map, NEVER, take, tap, toArray } from 'rxjs';
import type { Client, ClientSession, Server, ServerSession, SessionOptions, Submit } from '../../../src';
import { CloseStatus } from '../../../src/wire/messages/session-close';
import { FaultProxy } from '../../support/fault-proxy/fault-proxy';
import { until } from '../../support/until';
import { current, previousLibrary, type Library } from './library';

const previous = previousLibrary();

type Handler = Parameters<ServerSession['respond']>[0];

/** A server and a client of it, each of a version, with what they say of each other. */
class Pair {
  private readonly endings: (() => Promise<unknown>)[] = [];
  /** What either end has to say against the other: nothing. */
  readonly complaints: string[] = [];
  proxy!: FaultProxy;
  server!: Server;
  client!: Client;
  served: ServerSession | undefined;

  constructor(
    private readonly versions: { readonly server: Library; readonly client: Library },
    private readonly transport: 'tcp' | 'webSocket',
  ) {}

  async start(handler: Handler, options: object = {}): Promise<void> {
    const { server: serving, client: asking } = this.versions;
    this.server = serving.createServer({ listen: serving[this.transport]({ port: 0 }), ...options });
    this.endings.push(() => this.server.close({ graceMs: 0 }));
    this.server.violations$.subscribe(({ error }) => this.complaints.push(`server: ${error.message}`));
    this.server.failures$.subscribe(({ message }) => this.complaints.push(`server failed: ${message}`));
    this.server.limits$.subscribe(({ limit }) => this.complaints.push(`server limited: ${limit}`));
    this.server.sessions$.subscribe((session) => {
      this.served = session;
      session.respond(handler);
    });
    const [address] = await this.server.listening();
    this.proxy = await FaultProxy.listen({ port: address!.port });
    this.endings.push(() => this.proxy.close());
    this.client = await asking.connect(asking[this.transport]({ port: this.proxy.port }));
    this.endings.push(() => this.client.close());
    this.client.violations$.subscribe(({ message }) => this.complaints.push(`client: ${message}`));
    this.client.errors$.subscribe(() => this.complaints.push('client: an ERROR came'));
    this.client.ended$.subscribe({ error: () => undefined });
  }

  open(options?: SessionOptions): Promise<ClientSession> {
    return this.client.openSession({ requestedSessionId: 0, ...options });
  }

  /** The tokens of an answer, each in a string. */
  tokens(session: ClientSession, body: string) {
    return session.submit({ body }).pipe(concatMap((result) => this.versions.client.decodeTokens(result)));
  }

  async end(): Promise<void> {
    for (const end of this.endings.reverse()) await end();
  }
}

const counted = (count: number) => Array.from({ length: count }, (_, index) => `${index} `);
const counting = (count: number) =>
  interval(1).pipe(
    take(count),
    map((index) => `${index} `),
  );
const textOf = ({ body }: Submit): string => Buffer.from(body).toString();

describe.each(['tcp', 'webSocket'] as const)('over %s', (transport) => {
  describe.each([
    ['the previous version’s client', () => ({ server: current, client: previous.library })],
    ['the previous version’s server', () => ({ server: previous.library, client: current })],
  ] as const)('%s', (_, versions) => {
    let pair: Pair;

    beforeEach(() => {
      pair = new Pair(versions(), transport);
    });

    afterEach(async () => {
      await pair.end();
      expect(pair.complaints).toEqual([]);
    });

    it('opens, asks and closes', async () => {
      await pair.start((submit) => `you said ${textOf(submit)}`);
      const session = await pair.open();
      expect(await firstValueFrom(pair.tokens(session, 'x').pipe(toArray()))).toEqual(['you said x']);
      expect((await session.patch({ profileId: 2 })).metadata.ackStatus).toBeDefined();
      expect((await session.close())?.closeStatus).toBe(CloseStatus.Closed);
      await until(() => pair.server.sessionCount === 0, 'the end of the session');
      await pair.client.close();
      await until(() => pair.server.connectionCount === 0, 'the end of the connection');
    });

    it('streams many answers at once', async () => {
      await pair.start(() => counting(200));
      const session = await pair.open();
      const answers = ['a', 'b', 'c', 'd', 'e', 'f'].map((body) =>
        pair.tokens(session, body).pipe(toArray()),
      );
      const all = await Promise.all(answers.map((answer) => firstValueFrom(answer)));
      expect(all).toEqual(answers.map(() => counted(200)));
    });

    it('carries large bodies both ways', async () => {
      await pair.start((submit) => submit.complete(submit.body));
      const body = new Uint8Array(200_000).map((__, index) => index * 7);
      const session = await pair.open();
      const answer = await firstValueFrom(session.submit({ body }));
      expect(Buffer.compare(answer.body, body)).toBe(0);
    });

    it('cancels', async () => {
      let torn = 0;
      await pair.start(() => NEVER.pipe(finalize(() => (torn += 1))));
      const session = await pair.open();
      const asked = session.submit({ body: 'x' }).subscribe();
      await until(() => pair.served?.operations.length === 1, 'the operation');
      asked.unsubscribe();
      await until(() => torn === 1, 'the end of the handler');
      expect(pair.served?.operations).toEqual([]);
    });

    it('is cut, and goes on where it was, with nothing lost, doubled or run again', async () => {
      let runs = 0;
      await pair.start(() => {
        runs += 1;
        return counting(290);
      });
      const session = await pair.open({ reconnect: { minDelayMs: 5, maxDelayMs: 20 } });
      const states: string[] = [];
      session.state$.subscribe((state) => states.push(state));
      let parts = 0;
      const heard = pair.tokens(session, 'count').pipe(
        tap(() => {
          parts += 1;
          if (parts % 60 === 0) pair.proxy.cut(parts % 120 === 0 ? 'reset' : 'fin');
        }),
        toArray(),
      );
      expect(await firstValueFrom(heard)).toEqual(counted(290));
      expect(runs).toBe(1);
      expect(states).toContain('resumed');
      expect((await session.close())?.closeStatus).toBe(CloseStatus.Closed);
    });

    it('is told why where its session is refused', async () => {
      const { AuthFailed } = current.SessionErrorCode;
      await pair.start(() => NEVER, { policy: () => AuthFailed });
      await expect(pair.open()).rejects.toMatchObject({
        name: 'SessionRejectedError',
        errorCode: AuthFailed,
      });
    });

    it('hears of a close that the server begins', async () => {
      await pair.start((submit) => textOf(submit));
      const session = await pair.open();
      await firstValueFrom(session.submit({ body: 'x' }));
      const states = firstValueFrom(session.state$.pipe(toArray()));
      await pair.server.close({ graceMs: 1000 });
      expect((await states).at(-1)).toBe('closed');
    });

    it('asks for signs of life, and gives them', async () => {
      const keepAlive = { idleMs: 60, timeoutMs: 2000 };
      await pair.start((submit) => textOf(submit), { keepAlive });
      const session = await pair.open();
      await firstValueFrom(interval(400));
      expect((await firstValueFrom(session.submit({ body: 'x' }))).body).toBeDefined();
    });
  });
});
