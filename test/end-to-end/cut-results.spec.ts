import { defer, lastValueFrom } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import type { ClientSession } from '../../src/client/session/session';
import { sharedObjects } from '../../src/client/session/shared-objects';
import { memoryCluster } from '../../src/cluster/memory-cluster';
import { EndCode } from '../../src/protocol/operation/end-code';
import type { Submit } from '../../src/server/session/session-message';
import type { ServerSession } from '../../src/server/session/session';
import { createServer, type Server } from '../../src/server/server';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { ObjectReleaseReason } from '../../src/wire/preview4/objects';
import { cuttable } from '../support/cuttable';
import { FaultProxy } from '../support/fault-proxy/fault-proxy';
import type { Script, Step } from '../support/fault-proxy/step';
import { pause, until } from '../support/until';

const KIB = 1024;
const LONG = 256 * KIB;
/** Longer than what a weak end says nothing of, and short enough to pass. */
const MIDDLING = 40 * KIB;
const RECONNECT = { minDelayMs: 5, maxDelayMs: 50 };

/** Lets 64 KiB through to the client, and nobody says why no more. */
const PASS: Step = { kind: 'pass', bytes: 64 * KIB };
const CUT: Step = { kind: 'cut', how: 'reset' };
const cutting: Script = { toServer: [], toClient: [PASS, CUT] };

const undeliverable: unknown = expect.objectContaining({
  reason: 'undeliverable',
  outcome: 'given-up',
  errorCode: EndCode.Undeliverable,
  text: `a part of its answer, with a body of ${LONG} bytes, has not arrived over any of them; have it answered in smaller ones`,
});

const ends: (() => Promise<void>)[] = [];
const failures: string[] = [];
const violations: string[] = [];
const signals: AbortSignal[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  failures.length = violations.length = signals.length = 0;
});

/** Answers with as many bytes as it is asked for, in so many parts: in one, unless it is told otherwise. */
async function* respond({ text, signal }: Submit): AsyncGenerator<Uint8Array> {
  const [bytes = 0, parts = 1] = text.split(' ').map(Number);
  signals.push(signal);
  for (let left = parts; left > 0 && !signal.aborted; left--) {
    if (left < parts) await pause(5);
    yield new Uint8Array(bytes);
  }
}

function served(server: Server, sessions: ServerSession[] = []): Server {
  ends.push(() => server.close({ graceMs: 0 }));
  server.failures$.subscribe(({ message }) => failures.push(message));
  server.violations$.subscribe(({ error }) => violations.push(error.message));
  server.sessions$.subscribe((session) => {
    sessions.push(session);
    session.respond(respond);
  });
  return server;
}

async function behindProxy(server: Server, script: Script): Promise<FaultProxy> {
  const [address] = await server.listening();
  const proxy = await FaultProxy.listen({ port: address!.port, script: () => script });
  ends.push(() => proxy.close());
  return proxy;
}

async function connected(endpoint: ConnectEndpoint, revision: 'preview3' | 'preview4'): Promise<Client> {
  const client = await connect(endpoint, { revision });
  ends.push(() => client.close());
  return client;
}

/** How many bytes came in answer to a submit. */
async function answered(session: ClientSession, body: string): Promise<number> {
  let bytes = 0;
  for await (const result of session.submit({ body })) bytes += result.body.length;
  return bytes;
}

describe.each([
  ['preview3', 'TCP', tcp],
  ['preview4', 'TCP', tcp],
  ['preview3', 'WebSocket', webSocket],
  ['preview4', 'WebSocket', webSocket],
] as const)('a result that no connection carries to its end, in %s over %s', (revision, _name, endpoint) => {
  it('ends its operation after five more that are cut; all else goes on', async () => {
    const server = served(createServer({ listen: endpoint({ port: 0 }) }));
    const proxy = await behindProxy(server, cutting);
    const client = await connected(endpoint({ port: proxy.port }), revision);
    const [neighbour, session] = [
      await client.openSession({ reconnect: RECONNECT }),
      await client.openSession({ reconnect: RECONNECT }),
    ];
    const states: string[] = [];
    for (const { state$ } of [neighbour, session]) state$.subscribe((state) => states.push(state));
    const long = answered(session, `${LONG}`);
    // Behind it on the same connection.
    const others = [answered(session, '5'), answered(neighbour, `${MIDDLING}`)];
    await expect(long).rejects.toEqual(undeliverable);
    expect(await Promise.all(others)).toEqual([5, MIDDLING]);
    expect(await Promise.all([answered(session, '6'), answered(neighbour, '7')])).toEqual([6, 7]);
    expect(proxy.accepted).toBe(7);
    expect(states).not.toContain('reopened');
    expect(failures).toEqual([expect.stringContaining(`with a body of ${LONG} bytes: it is not sent again`)]);
    expect(violations).toEqual([]);
  });

  it('is the last that its handler is asked for, however many it has waiting', async () => {
    const server = served(createServer({ listen: endpoint({ port: 0 }) }));
    const proxy = await behindProxy(server, cutting);
    const client = await connected(endpoint({ port: proxy.port }), revision);
    const session = await client.openSession({ reconnect: RECONNECT });
    await expect(answered(session, `${LONG} Infinity`)).rejects.toEqual(undeliverable);
    expect(await answered(session, '5')).toBe(5);
    expect(signals[0]?.aborted).toBe(true);
    expect(proxy.accepted).toBe(7);
    await until(() => server.usage.operationsInFlight === 0, 'the end of its operation');
    expect(failures).toHaveLength(1);
    expect(violations).toEqual([]);
  });
});

/** Two sessions that were opened at one node, and whose client now comes over another one's connections, behind a proxy. */
async function relayed(revision: 'preview3' | 'preview4', script = cutting) {
  const cluster = memoryCluster();
  const node = (): Server =>
    createServer({ listen: tcp({ port: 0 }), cluster, tokenKey: 'a key of both nodes' });
  const sessions: ServerSession[] = [];
  const [owner, other] = [served(node(), sessions), served(node())];
  const [address] = await owner.listening();
  const proxy = await behindProxy(other, script);
  const [here, there] = [tcp({ port: address!.port }), tcp({ port: proxy.port })];
  let isFirst = true;
  const endpoint = cuttable({
    kind: 'tcp',
    url: here.url,
    connect: () =>
      defer(() => {
        const place = isFirst ? here : there;
        isFirst = false;
        return place.connect();
      }),
  });
  const client = await connected(endpoint, revision);
  const objects = revision === 'preview4' ? { objects: sharedObjects() } : {};
  const first = await client.openSession({ reconnect: RECONNECT, ...objects });
  const second = await client.openSession({ reconnect: RECONNECT, ...objects });
  expect(await Promise.all([first, second].map((each) => answered(each, '1')))).toEqual([1, 1]);
  endpoint.cut();
  expect(await Promise.all([first, second].map((each) => answered(each, '2')))).toEqual([2, 2]);
  expect([proxy.accepted, owner.sessionCount, other.sessionCount]).toEqual([1, 2, 0]);
  return { first, second, proxy, ofFirst: sessions[0]!, ofSecond: sessions[1]! };
}

describe('over a connection of another node', () => {
  it.each(['preview3', 'preview4'] as const)(
    'a result of %s ends its operation as seldom, and no other session’s behind it',
    async (revision) => {
      const { first, second, proxy } = await relayed(revision);
      const long = answered(first, `${LONG}`);
      const others = [answered(first, '5'), answered(second, `${MIDDLING}`)];
      await expect(long).rejects.toEqual(undeliverable);
      expect(await Promise.all(others)).toEqual([5, MIDDLING]);
      expect(await Promise.all([answered(first, '6'), answered(second, '7')])).toEqual([6, 7]);
      expect(proxy.accepted).toBe(7);
      expect(failures).toHaveLength(1);
      expect(violations).toEqual([]);
    },
  );

  it('an object of one session is not released where another’s result ends the connections', async () => {
    // So late that the other session has been taken up meanwhile, and all of it is behind.
    const { first, second, ofSecond } = await relayed('preview4', {
      toServer: [],
      toClient: [PASS, { kind: 'wait', ms: 100 }, CUT],
    });
    const object = ofSecond.objects.declare({}, new Uint8Array(MIDDLING));
    await expect(answered(first, `${LONG}`)).rejects.toEqual(undeliverable);
    expect(await answered(second, '7')).toBe(7);
    expect(object.released).toBeUndefined();
    expect(second.objects!.all.map(({ bytes }) => bytes.length)).toEqual([MIDDLING]);
    expect(violations).toEqual([]);
  });

  it('an object of the server’s is released after five that are cut', async () => {
    const { first, second, proxy, ofFirst } = await relayed('preview4');
    const object = ofFirst.objects.declare({}, new Uint8Array(LONG));
    const small = ofFirst.objects.declare({}, new Uint8Array(9));
    await lastValueFrom(object.changes$, { defaultValue: undefined });
    expect(object.released).toMatchObject({ by: 'here', reason: ObjectReleaseReason.Invalidated });
    expect(await Promise.all([answered(first, '6'), answered(second, '7')])).toEqual([6, 7]);
    expect(small.released).toBeUndefined();
    expect(proxy.accepted).toBe(6);
    expect(violations).toEqual([]);
  });

  it('an object that arrives each time is told of for ever', async () => {
    const { first, proxy, ofFirst } = await relayed('preview4');
    const object = ofFirst.objects.declare({}, new Uint8Array(MIDDLING));
    for (let cuts = 1; cuts <= 7; cuts++) {
      expect(await answered(first, '3')).toBe(3);
      proxy.cut('reset');
      await until(() => proxy.accepted === 1 + cuts, 'the next connection');
    }
    expect(await answered(first, '3')).toBe(3);
    expect(object.released).toBeUndefined();
    expect(violations).toEqual([]);
  });
});
