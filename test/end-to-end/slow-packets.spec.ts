import { firstValueFrom } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import type { ClientSession } from '../../src/client/session/session';
import type { Submit } from '../../src/server/session/session-message';
import { createServer } from '../../src/server/server';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { FaultProxy } from '../support/fault-proxy/fault-proxy';
import type { Step } from '../support/fault-proxy/step';

const KIB = 1024;
const PACKET_MS = 300;
const LONG = 'x'.repeat(256 * KIB);

/** 160 KiB a second: `LONG` takes five times as long as the server lets it. */
const SLOW: Step[] = Array.from({ length: 64 }, (): Step[] => [
  { kind: 'pass', bytes: 8 * KIB },
  { kind: 'wait', ms: 50 },
]).flat();
/** Nobody says why. */
const CUT: Step[] = [
  { kind: 'pass', bytes: 64 * KIB },
  { kind: 'cut', how: 'reset' },
];

const told: unknown = expect.objectContaining({
  reason: 'undeliverable',
  outcome: 'given-up',
  text: `the server's limit packetMs (${PACKET_MS}) was exceeded`,
});
const untold: unknown = expect.objectContaining({
  reason: 'undeliverable',
  outcome: 'given-up',
  text: '',
});

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each([
  ['TCP', tcp],
  ['WebSocket', webSocket],
])('a submit that no connection carries to its end, by %s', (_name, endpoint) => {
  /** A server whose handlers say how long a body was, and a client of it behind a proxy. */
  async function over(
    toServer: Step[],
    respond = async (submit: Submit) => `${submit.body.length}`,
  ): Promise<{ client: Client; proxy: FaultProxy }> {
    const server = createServer({ listen: endpoint({ port: 0 }), limits: { packetMs: PACKET_MS } });
    ends.push(() => server.close({ graceMs: 0 }));
    server.sessions$.subscribe((session) => session.respond(respond));
    const [address] = await server.listening();
    const script = () => ({ toServer, toClient: [] });
    const proxy = await FaultProxy.listen({ port: address!.port, script });
    ends.push(() => proxy.close());
    const client = await connect(endpoint({ port: proxy.port }));
    ends.push(() => client.close());
    return { client, proxy };
  }

  function opened(client: Client): Promise<ClientSession> {
    return client.openSession({ reconnect: { minDelayMs: 10, maxDelayMs: 100 } });
  }

  async function answered(session: ClientSession, body: string): Promise<string> {
    return (await session.submit({ body }).whole()).text;
  }

  it.each([
    ['two that the server ends, in its words', SLOW, 2, told],
    ['five that are cut', CUT, 5, untold],
  ])('ends after %s; all else goes on', async (_what, toServer, connections, failure) => {
    const { client, proxy } = await over(toServer);
    const neighbour = await opened(client);
    const session = await opened(client);
    const states: string[] = [];
    for (const { state$ } of [neighbour, session]) state$.subscribe((state) => states.push(state));
    const long = answered(session, LONG);
    // Behind it on the same connection.
    const others = [session, neighbour].map((each) => answered(each, 'small'));
    await expect(long).rejects.toEqual(failure);
    expect(await Promise.all(others)).toEqual(['5', '5']);
    expect(await Promise.all([session, neighbour].map((each) => answered(each, 'later')))).toEqual([
      '5',
      '5',
    ]);
    expect(proxy.accepted).toBe(connections + 1);
    expect(states).not.toContain('reopened');
  });

  it('ends the operation whose tool it answers, whose handler hears of it', async () => {
    let signal: AbortSignal | undefined;
    const { client, proxy } = await over(SLOW, async (submit) => {
      ({ signal } = submit);
      return String(await submit.tool({ name: 'long' })).slice(0, 1);
    });
    const session = await opened(client);
    const answer = session.submit({ body: 'x' });
    answer.tools$.subscribe((call) => {
      call.answer(LONG);
    });
    await expect(answer.whole()).rejects.toEqual(told);
    expect(proxy.accepted).toBe(3);
    await session.patch({});
    expect(signal?.aborted).toBe(true);
    expect(await firstValueFrom(session.credit$)).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});
