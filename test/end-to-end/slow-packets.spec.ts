import { firstValueFrom, lastValueFrom } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import type { SessionOptions } from '../../src/client/options';
import type { ClientSession } from '../../src/client/session/session';
import { sharedObjects } from '../../src/client/session/shared-objects';
import type { ServerSession } from '../../src/server/session/session';
import type { Submit } from '../../src/server/session/session-message';
import type { SharedObject } from '../../src/objects/shared-object';
import { createServer } from '../../src/server/server';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { ObjectReleaseReason } from '../../src/wire/preview4/objects';
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
    toClient: Step[] = [],
  ): Promise<{ client: Client; proxy: FaultProxy; sessions: ServerSession[] }> {
    const server = createServer({ listen: endpoint({ port: 0 }), limits: { packetMs: PACKET_MS } });
    ends.push(() => server.close({ graceMs: 0 }));
    const sessions: ServerSession[] = [];
    server.sessions$.subscribe((session) => {
      sessions.push(session);
      session.respond(respond);
    });
    const [address] = await server.listening();
    const script = () => ({ toServer, toClient });
    const proxy = await FaultProxy.listen({ port: address!.port, script });
    ends.push(() => proxy.close());
    const client = await connect(endpoint({ port: proxy.port }), { revision: 'preview4' });
    ends.push(() => client.close());
    return { client, proxy, sessions };
  }

  function opened(client: Client, options: SessionOptions = {}): Promise<ClientSession> {
    return client.openSession({ reconnect: { minDelayMs: 10, maxDelayMs: 100 }, ...options });
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

  it.each([
    ['two that the server ends, in its words', SLOW, 2, `the server's limit packetMs (${PACKET_MS})`],
    ['five that are cut', CUT, 5, 'share less at a time'],
  ])('nor is an object told of after %s; all else goes on', async (_what, toServer, connections, text) => {
    const { client, proxy } = await over(toServer);
    const neighbour = await opened(client);
    const session = await opened(client, { objects: sharedObjects() });
    const [object, small] = [LONG.length, 9].map((length) =>
      session.objects!.declare({}, new Uint8Array(length)),
    ) as [SharedObject, SharedObject];
    await lastValueFrom(object.changes$, { defaultValue: undefined });
    expect(object.released).toEqual({
      by: 'here',
      reason: ObjectReleaseReason.Invalidated,
      text: expect.stringContaining(text) as string,
    });
    expect(await Promise.all([session, neighbour].map((each) => answered(each, 'later')))).toEqual([
      '5',
      '5',
    ]);
    expect(small.released).toBeUndefined();
    expect(proxy.accepted).toBe(connections + 1);
  });

  it('nor is an object of the server’s after five that are cut', async () => {
    const { client, proxy, sessions } = await over([], undefined, CUT);
    const session = await opened(client, { objects: sharedObjects() });
    expect(await answered(session, 'known')).toBe('5');
    const object = sessions[0]!.objects.declare({}, new Uint8Array(LONG.length));
    await lastValueFrom(object.changes$, { defaultValue: undefined });
    expect(object.released).toMatchObject({ by: 'here', reason: ObjectReleaseReason.Invalidated });
    expect(await answered(session, 'later')).toBe('5');
    expect(proxy.accepted).toBe(6);
  });

  it.each([
    ['cachePut', (session: ClientSession) => session.cachePut({}, new Uint8Array(LONG.length))],
    ['patch', (session: ClientSession) => session.patch({}, new Uint8Array(LONG.length))],
  ])('nor a %s after one, which rejects in the server’s words; all else goes on', async (_what, ask) => {
    const { client, proxy } = await over(SLOW);
    const [session, neighbour] = [await opened(client), await opened(client)];
    const others = [session, neighbour].map((each) => answered(each, 'small'));
    await expect(ask(session)).rejects.toMatchObject({
      kind: 'io',
      message: expect.stringContaining(`the server's limit packetMs (${PACKET_MS}) was exceeded`) as string,
    });
    expect(await Promise.all(others)).toEqual(['5', '5']);
    expect(await Promise.all([session, neighbour].map((each) => answered(each, 'later')))).toEqual([
      '5',
      '5',
    ]);
    expect(proxy.accepted).toBe(2);
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
