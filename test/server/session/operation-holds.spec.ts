import { NEVER, Subject } from 'rxjs';
import type { ServerOptions } from '../../../src/server/options';
import type { ServerSession } from '../../../src/server/session/session';
import type { SubmitHandler } from '../../../operators/application/respond-to-submits';
import type { Submit } from '../../../src/server/session/session-message';
import { cancel, flowUpdate, open, ping, submit } from '../../../src/testing';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { FlowUpdateReason } from '../../../src/wire/messages/flow-update';
import type { Packet } from '../../../src/wire/packet';
import { ManualIterable, settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, told, type Served } from '../../support/served';
import { arrived, openedPeer, sendAll, serveInVirtualTime, SESSION } from '../limits/support';

afterEach(endServed);

const pause = (frameId: number, epoch: number): Packet => flowUpdate(SESSION, frameId).pause(epoch);
const resume = (frameId: number, epoch: number): Packet => flowUpdate(SESSION, frameId).resume(0, epoch);

interface Stage {
  readonly served: Served;
  readonly peer: Peer;
  readonly session: ServerSession;
}

/** A server that answers with `handler`, and a peer that has told that it may hold operations. */
async function stage(handler: SubmitHandler<Submit>, options: Partial<ServerOptions> = {}): Promise<Stage> {
  const { served } = serveInVirtualTime(options);
  const sessions: ServerSession[] = [];
  served.server.sessions$.subscribe((session) => {
    sessions.push(session);
    session.respond(handler);
  });
  const peer = await openedPeer(served, open(SESSION).resumable().announced({ holdsOperations: true }));
  return { served, peer, session: sessions[0]! };
}

/** What has come, in words: the body of a result, the names of others. */
async function words(peer: Peer): Promise<string[]> {
  return (await arrived(peer)).map(({ header, body }) =>
    header.messageType === MessageType.ResultPush
      ? `${header.frameId}: ${new TextDecoder().decode(body)}`
      : messageTypeName(header.messageType),
  );
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('an operation that its client holds', () => {
  it('is pulled no more until it goes on, while others are, and are answered', async () => {
    const sources = [1, 2].map(() => new ManualIterable<Uint8Array>());
    const { peer } = await stage(({ frameId }) => sources[frameId - 1]!);
    await sendAll(peer, [submit(SESSION, 1), submit(SESSION, 2), pause(1, 1)]);
    await sources[0]!.emit(encode('a'));
    await sources[1]!.emit(encode('b'));
    await sendAll(peer, [ping(5)]);
    expect(sources.map(({ pulls }) => pulls)).toEqual([1, 2]);
    expect(await words(peer)).toEqual(['2: b', 'PONG']);
    await sendAll(peer, [resume(1, 2)]);
    expect(await words(peer)).toEqual(['1: a']);
    expect(sources.map(({ pulls }) => pulls)).toEqual([2, 2]);
  });

  it('keeps what it pushes, as it was then, and its end, in order', async () => {
    const pushed$ = new Subject<Uint8Array>();
    const { peer, served } = await stage(() => pushed$);
    await sendAll(peer, [submit(SESSION, 1), pause(1, 1)]);
    const bytes = encode('a');
    pushed$.next(bytes);
    bytes.set(encode('b'));
    pushed$.next(bytes);
    pushed$.complete();
    expect(await words(peer)).toEqual([]);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 1, heldBytes: 3 * 104 + 2 });
    await sendAll(peer, [resume(1, 2)]);
    expect(await words(peer)).toEqual(['1: a', '1: b', '1: ']);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, heldBytes: 0 });
  });

  it('is dropped where more waits than may, which costs no other', async () => {
    const pushed$ = new Subject<Uint8Array>();
    const { peer, served } = await stage(({ frameId }) => (frameId === 1 ? pushed$ : ['fine']), {
      limits: { maxHeldBytes: 1000 },
    });
    await sendAll(peer, [submit(SESSION, 1), pause(1, 1)]);
    for (let count = 0; count < 3; count++) pushed$.next(new Uint8Array(300));
    expect(pushed$.observed).toBe(false);
    await sendAll(peer, [submit(SESSION, 2)]);
    expect((await words(peer)).map((word) => word.slice(0, 2))).toEqual(['ER', '2:', '2:']);
    expect(served.limits).toEqual([
      {
        limit: 'maxHeldBytes',
        peer: 'memory#1',
        sessionId: SESSION,
        allowed: 1000,
        observed: 1212,
        consequence: 'operation-dropped',
      },
    ]);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, heldBytes: 0 });
  });

  it('is bounded together with those of all sessions', async () => {
    const pushed$ = new Subject<Uint8Array>();
    const { peer, served } = await stage(() => pushed$, { limits: { maxTotalHeldBytes: 1000 } });
    await sendAll(peer, [submit(SESSION, 1), submit(SESSION, 2), pause(1, 1), pause(2, 2)]);
    for (let count = 0; count < 2; count++) pushed$.next(new Uint8Array(300));
    expect(served.limits.map(({ limit }) => limit)).toEqual(['maxTotalHeldBytes']);
    expect(served.server.usage.operationsInFlight).toBe(1);
  });

  it('lets go of all that waits when it ends', async () => {
    const pushed$ = new Subject<Uint8Array>();
    const { peer, served } = await stage(() => pushed$);
    await sendAll(peer, [submit(SESSION, 1), pause(1, 1)]);
    pushed$.next(new Uint8Array(300));
    await sendAll(peer, [cancel(SESSION, 1), resume(1, 2)]);
    expect(await words(peer)).toEqual([]);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, heldBytes: 0 });
    expect(served.violations).toEqual([]);
  });

  it('refuses what cannot be sent when it is answered, not when it goes on', async () => {
    const { peer, session, served } = await stage(() => NEVER);
    await sendAll(peer, [submit(SESSION, 1), pause(1, 1)]);
    const [operation] = session.operations as Submit[];
    expect(() => {
      session.sendResult(operation!.partial(new Uint8Array(0), { statusCode: -1 }));
    }).toThrow('status_code');
    session.sendResult(operation!.complete());
    expect(() => {
      session.sendResult(operation!.complete());
    }).toThrow('operation 1 is unknown');
    await sendAll(peer, [resume(1, 2)]);
    expect(await words(peer)).toEqual(['1: ']);
    expect(served.violations).toEqual([]);
  });

  it('refuses a failure that cannot be said when it is answered, and ends of it', async () => {
    const { served } = serveInVirtualTime();
    const sessions: ServerSession[] = [];
    served.server.sessions$.subscribe((session) => {
      sessions.push(session);
      session.submits$.subscribe();
    });
    const peer = await openedPeer(served, open(SESSION).announced());
    await sendAll(peer, [submit(SESSION, 1), pause(1, 1)]);
    sessions[0]!.results.next({
      type: 'failure',
      frameId: 1,
      status: 429,
      text: 'busy',
      retryAfterMs: Infinity,
    });
    expect(served.failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('a result of operation 1 of session 42 was not sent'),
    ]);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, heldBytes: 0 });
    expect(await words(peer)).toHaveLength(1);
    await sendAll(peer, [resume(1, 2)]);
    expect(await words(peer)).toEqual([]);
    expect(served.violations).toEqual([]);
  });

  it('ends with what cannot be said to the client that comes back', async () => {
    const { served } = serveInVirtualTime();
    const sessions: ServerSession[] = [];
    served.server.sessions$.subscribe((session) => {
      sessions.push(session);
      session.submits$.subscribe();
    });
    const peer = await Peer.connect(served.endpoint);
    peer.send(open(SESSION).resumable().announced());
    const token = (await peer.next())!.body.subarray(0, 24);
    await sendAll(peer, [submit(SESSION, 1), submit(SESSION, 2), pause(1, 1)]);
    // As the code of an ERROR it fits; as the status of a RESULT_PUSH it does not.
    sessions[0]!.results.next({
      type: 'failure',
      frameId: 1,
      status: 70_000,
      text: 'no',
      retryAfterMs: 0,
    });
    expect(served.server.usage).toMatchObject({ operationsInFlight: 2 });
    peer.destroy();
    await settled();
    const again = await Peer.connect(served.endpoint);
    await sendAll(again, [open(SESSION).resuming(token)]);
    expect(await words(again)).toEqual(['SESSION_OPEN_ACK', 'RESULT_DROP']);
    expect(served.server.usage).toMatchObject({ operationsInFlight: 1, heldBytes: 0 });
    expect(served.failures).toHaveLength(1);
  });

  it('says so on pressure$, with the session', async () => {
    const { peer, session } = await stage(() => NEVER);
    await sendAll(peer, [submit(SESSION, 1), submit(SESSION, 2)]);
    const pressures = (session.operations as Submit[]).map(({ pressure$ }) => told(pressure$));
    await sendAll(peer, [pause(1, 1), resume(1, 2), pause(1, 3)]);
    expect(pressures).toEqual([[false, true, false, true], [false]]);
  });

  it('is held on while its client is away, and told again', async () => {
    const pushed$ = new Subject<Uint8Array>();
    const { peer, served } = await stage(() => pushed$);
    await sendAll(peer, [submit(SESSION, 1), pause(1, 1)]);
    peer.destroy();
    await settled();
    pushed$.next(encode('a'));
    expect(served.server.usage).toMatchObject({ connections: 0, outboxResults: 0, heldBytes: 105 });
  });
});

describe('FLOW_UPDATE from a client', () => {
  const { Reduce, Congestion } = FlowUpdateReason;

  it.each<[string, Packet]>([
    ['an operation that was never submitted', pause(9, 1)],
    ['an operation that was never submitted, to go on', resume(9, 1)],
    ['its session', flowUpdate(SESSION).pause(1)],
    ['its session, to go on', flowUpdate(SESSION).grant(3, 1)],
    ['an operation, with a reason that is a server’s', flowUpdate(SESSION, 1).with({ updateReason: Reduce })],
    ['an operation, with another', flowUpdate(SESSION, 1).with({ updateReason: Congestion })],
    ['the connection', flowUpdate().pause(1)],
    ['a session that is not there', flowUpdate(SESSION + 1, 1).pause(1)],
  ])('of %s is a violation, which costs the packet', async (_, packet) => {
    const source = new ManualIterable<string>();
    const { peer, served } = await stage(() => source);
    await sendAll(peer, [submit(SESSION, 1), packet]);
    await source.emit('a');
    expect(await words(peer)).toEqual(['ERROR', expect.stringMatching(/^1: /)]);
    expect(served.violations).toHaveLength(1);
    expect(source.pulls).toBe(2);
  });

  it('is a violation where the client has not told that it may come', async () => {
    const { served } = serveInVirtualTime();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served, open(SESSION));
    await sendAll(peer, [submit(SESSION, 1), pause(1, 1)]);
    expect(served.violations.map(({ error }) => error.message)).toEqual([
      'server received unexpected FLOW_UPDATE',
    ]);
  });

  it('that is older than one before it says nothing', async () => {
    const source = new ManualIterable<string>();
    const { peer } = await stage(() => source);
    await sendAll(peer, [submit(SESSION, 1), pause(1, 5), resume(1, 4)]);
    await source.emit('a');
    expect(source.pulls).toBe(1);
    await sendAll(peer, [resume(1, 6)]);
    expect(source.pulls).toBe(2);
  });

  it('may come for an operation that has ended meanwhile', async () => {
    const { peer, served } = await stage(() => []);
    await sendAll(peer, [submit(SESSION, 1), pause(1, 1), resume(1, 2)]);
    expect(served.violations).toEqual([]);
  });
});
