import { getEventListeners } from 'node:events';
import { firstValueFrom, map, NEVER, of, timer } from 'rxjs';
import { connect } from '../../src/client/client';
import { SessionState } from '../../src/protocol/session/session-lifecycle';
import { memoryPair } from '../../src/transport/memory';
import type { Transport } from '../../src/transport/transport';
import { MessageType } from '../../src/wire/message-type';
import { settled } from '../support/async';
import { endServed, Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';
import { accept, connectUnasked, endpointOf, played } from './support';

const reason = new Error('enough');

/** How many listeners a signal has. */
const listeners = ({ signal }: AbortController): number => getEventListeners(signal, 'abort').length;

let abort: AbortController;

beforeEach(() => {
  abort = new AbortController();
});

afterEach(endServed);

describe('the signal of connect', () => {
  it('that has aborted keeps it from connecting', async () => {
    let connects = 0;
    const endpoint = { ...endpointOf(NEVER), connect: () => ((connects += 1), NEVER) };
    abort.abort(reason);
    await expect(connect(endpoint, { signal: abort.signal })).rejects.toBe(reason);
    expect(connects).toBe(0);
  });

  it('ends an attempt that is under way', async () => {
    const scheduler = new VirtualTime();
    const [left] = memoryPair();
    const connecting = connect(endpointOf(timer(1000, scheduler).pipe(map(() => left))), {
      scheduler,
      signal: abort.signal,
    });
    scheduler.advance(999);
    abort.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    expect([scheduler.pendingCount, listeners(abort)]).toEqual([0, 0]);
  });

  it('is not looked at any more once it has connected', async () => {
    const [left] = memoryPair();
    const client = await connectUnasked(endpointOf(of<Transport>(left)), { signal: abort.signal });
    expect(listeners(abort)).toBe(0);
    abort.abort(reason);
    expect(client.usage.links).toBe(1);
    await client.close();
  });
});

describe('the signal of openSession', () => {
  it('that has aborted keeps it from being sent', async () => {
    const { client, peer } = await played();
    abort.abort(reason);
    await expect(client.openSession({ signal: abort.signal })).rejects.toBe(reason);
    expect(peer.waiting).toBe(0);
    await client.close();
  });

  it('gives up one whose turn has not come: it is never sent', async () => {
    const { client, peer } = await played();
    const first = client.openSession({ requestedSessionId: 1 });
    const second = client.openSession({ requestedSessionId: 2, signal: abort.signal });
    const third = client.openSession({ requestedSessionId: 3 });
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    peer.send(accept(1));
    await first;
    peer.send(accept(3));
    expect((await third).sessionId).toBe(3);
    expect(peer.waiting).toBe(2);
    expect([client.usage.sessions, client.usage.acksAwaited, listeners(abort)]).toEqual([2, 0, 0]);
    await client.close();
  });

  it('gives up one that was sent: a server that accepts it hears of its end', async () => {
    const { client, peer } = await played();
    const opening = client.openSession({ requestedSessionId: 1, signal: abort.signal });
    await settled();
    abort.abort(reason);
    await expect(opening).rejects.toBe(reason);
    peer.send(accept(1));
    await settled();
    expect((await peer.next())?.header.messageType).toBe(MessageType.SessionOpen);
    expect((await peer.next())?.header).toMatchObject({
      messageType: MessageType.SessionClose,
      sessionId: 1,
    });
    expect(client.usage).toMatchObject({ sessions: 0, acksAwaited: 0 });
    await client.close();
  });

  it('that aborts in the moment of the ack leaves no session behind', async () => {
    const { client, peer } = await played();
    const opening = client.openSession({ requestedSessionId: 1, signal: abort.signal });
    await settled();
    peer.send(accept(1));
    while (client.usage.sessions === 0) await Promise.resolve();
    abort.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(client.usage.sessions).toBe(0);
    await client.close();
  });

  it('is not looked at any more once the session is open', async () => {
    const session = await new Served().open({ signal: abort.signal });
    expect(listeners(abort)).toBe(0);
    abort.abort(reason);
    expect(session.state).toBe(SessionState.Open);
    expect(session.granted.sessionId).toBe(session.sessionId);
  });
});

describe('the signal of a submit', () => {
  it('reaches the handler, and the caller, with its reason', async () => {
    const { client, server } = await new Served().session();
    const seen: unknown[] = [];
    server.respond(({ signal }) => {
      signal.onabort = (): void => {
        seen.push((signal.reason as Error).message);
      };
      return NEVER;
    });
    const outcome = told(client.submit({ body: 'x', signal: abort.signal }));
    await settled();
    abort.abort(reason);
    expect(outcome).toEqual([
      expect.objectContaining({ reason: 'cancelled', frameId: 1, outcome: 'unknown', cause: reason }),
    ]);
    await settled();
    expect(seen).toEqual(['operation 1 has ended: cancelled']);
    expect(await firstValueFrom(client.credit$)).toMatchObject({ inFlight: 0, waiting: 0 });
    expect(listeners(abort)).toBe(0);
  });

  it('ends a loop that waits', async () => {
    const { client, server } = await new Served().session();
    server.respond(() => NEVER);
    const first = client.submit({ signal: abort.signal })[Symbol.asyncIterator]().next();
    await settled();
    abort.abort(reason);
    await expect(first).rejects.toMatchObject({ reason: 'cancelled', cause: reason });
  });

  it('is listened to once, whoever else does, and by nobody once all is over', async () => {
    const { client, server } = await new Served().session({ maxInFlightOperations: 4 });
    server.respond(() => ['a', 'b']);
    const submit = { body: 'x', signal: abort.signal };
    const all = Array.from({ length: 20 }, () => told(client.submit(submit)));
    expect(listeners(abort)).toBe(1);
    await settled();
    await settled();
    expect(all.every((outcome) => outcome.at(-1) === '|')).toBe(true);
    for await (const result of client.submit(submit)) expect(result.type).toBe('push');
    expect(listeners(abort)).toBe(0);
  });
});

describe('a signal of few means', () => {
  /** What old platforms and polyfills have: no reason, and nothing to throw it with. */
  class PlainSignal extends EventTarget {
    aborted = false;
    abort(): void {
      this.aborted = true;
      this.dispatchEvent(new Event('abort'));
    }
  }

  const plain = (): { signal: AbortSignal; abort: () => void } => {
    const signal = new PlainSignal();
    return {
      signal: signal as unknown as AbortSignal,
      abort: () => {
        signal.abort();
      },
    };
  };

  it('ends what it is given to, with a reason that says so', async () => {
    const connects = plain();
    const [left, right] = memoryPair();
    const client = await connectUnasked(endpointOf(of<Transport>(left)), { signal: connects.signal });
    const opens = plain();
    const opening = client.openSession({ signal: opens.signal });
    opens.abort();
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    await expect(client.openSession({ signal: opens.signal })).rejects.toMatchObject({ name: 'AbortError' });
    right.destroy();
    const late = plain();
    late.abort();
    await expect(connect(endpointOf(NEVER), { signal: late.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('ends a submit', async () => {
    const { client, server } = await new Served().session();
    server.respond(() => NEVER);
    const { signal, abort: end } = plain();
    const outcome = told(client.submit({ body: 'x', signal }));
    await settled();
    end();
    expect(outcome).toEqual([
      expect.objectContaining({
        reason: 'cancelled',
        cause: expect.objectContaining({ name: 'AbortError' }) as unknown,
      }),
    ]);
  });

  it('is none where it cannot be listened to no longer', async () => {
    const { client } = await new Served().session();
    const signal = { aborted: false, addEventListener: () => undefined } as unknown as AbortSignal;
    expect(told(client.submit({ signal }))).toEqual([expect.any(TypeError)]);
  });
});
