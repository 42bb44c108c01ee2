import * as net from 'node:net';
import { firstValueFrom, NEVER, Subject, take, type Observable } from 'rxjs';
import { connect } from '../../src/client/client';
import type { ServerOptions } from '../../src/server/options';
import { createServer } from '../../src/server/server';
import type { ServerSession } from '../../src/server/session/session';
import { tcp } from '../../src/transport/tcp/tcp';
import { settled } from '../support/async';
import { pingPacket, submitPacket } from '../support/packets';
import { Peer } from '../support/peer';
import { endServed, Served, told } from '../support/served';
import { until } from '../support/until';
import { VirtualTime } from '../support/virtual-time';

function serve(options?: Partial<ServerOptions>): Served {
  return new Served(options);
}

afterEach(endServed);

describe('sessions$', () => {
  it('keeps sessions until somebody subscribes, and their submits until somebody asks for them', async () => {
    const served = serve();
    const client = await served.connect();
    const sessions = [
      await client.openSession({ requestedSessionId: 1 }),
      await client.openSession({ requestedSessionId: 2 }),
    ];
    const answers = sessions.map((session) => told(session.submit({ body: 'x' })));
    await settled();
    const seen: number[] = [];
    served.server.sessions$.subscribe((session) => {
      seen.push(session.sessionId);
      session.respond((submit) => submit.complete());
    });
    await settled();
    expect(seen).toEqual([1, 2]);
    expect(answers.map((answer) => answer.at(-1))).toEqual(['|', '|']);
  });

  it('keeps for the next what one subscriber does not take', async () => {
    const served = serve();
    const client = await served.connect();
    for (const requestedSessionId of [1, 2]) await client.openSession({ requestedSessionId });
    const seen: number[] = [];
    const note = ({ sessionId }: ServerSession): number => seen.push(sessionId);
    served.server.sessions$.pipe(take(1)).subscribe(note);
    expect(seen).toEqual([1]);
    served.server.sessions$.subscribe(note);
    expect(seen).toEqual([1, 2]);
  });

  it('emits a session before its first packet', async () => {
    const served = serve();
    const order: string[] = [];
    served.server.sessions$.subscribe((session) => {
      order.push('session');
      session.subscribe(() => order.push('packet'));
    });
    const session = await served.open();
    told(session.submit({}));
    await settled();
    expect(order).toEqual(['session', 'packet']);
  });

  it('completes when the server is closed', async () => {
    const served = serve();
    const seen = [served.server.sessions$, served.server.violations$, served.server.failures$].map(
      (stream$) => told(stream$ as Observable<unknown>),
    );
    await served.server.close();
    expect(seen).toEqual([['|'], ['|'], ['|']]);
  });
});

describe('violations$', () => {
  it('says who broke the protocol, with what, and how', async () => {
    const served = serve();
    const peer = await Peer.connect(served.endpoint);
    peer.send(submitPacket({ sessionId: 77, frameId: 5 }));
    await settled();
    expect(served.violations).toMatchObject([
      {
        error: { kind: 'unexpected-message', reach: 'packet', origin: 'peer' },
        peer: 'memory#1',
        header: { sessionId: 77, frameId: 5 },
      },
    ]);
    expect(served.violations[0]?.error.message).toBe('server received submit for another session');
  });

  it('has the broken rule as the cause', async () => {
    const served = serve();
    const peer = await Peer.connect(served.endpoint);
    const { header } = pingPacket();
    peer.send({ header: { ...header, bodyLen: 1 }, metadata: new Uint8Array(0), body: new Uint8Array(1) });
    await settled();
    expect(served.violations).toMatchObject([
      { error: { kind: 'protocol', cause: { kind: 'InvalidProtocolCombination' } } },
    ]);
  });

  it('blames the connection itself for a broken frame', async () => {
    const server = createServer({ listen: tcp({ port: 0 }) });
    const [address] = await server.listening();
    const violations = told(server.violations$);
    const socket = net.connect(address!.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'.padEnd(100));
    await until(() => violations.length > 0, 'a violation');
    expect(violations).toMatchObject([
      {
        error: { kind: 'protocol', reach: 'connection', cause: { kind: 'InvalidMagic' } },
        header: undefined,
      },
    ]);
    socket.destroy();
    await server.close();
  });
});

describe('close', () => {
  it('may be asked for twice, and twice at once', async () => {
    const { server } = serve();
    await Promise.all([server.close(), server.close()]);
    await server.close();
  });

  it('leaves nothing', async () => {
    const served = serve();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const session = await served.open({ allowResume: true });
    told(session.submit({}));
    await settled();
    await served.server.close({ graceMs: 0 });
    expect(served.server.usage).toEqual({
      connections: 0,
      sessions: 0,
      operationsInFlight: 0,
      slotsKept: 0,
      operationsQueued: 0,
      outboxResults: 0,
      outboxBytes: 0,
      heldBytes: 0,
      retainedBytes: 0,
      queuedBytes: 0,
    });
    expect([served.server.sessionCount, served.server.connectionCount]).toEqual([0, 0]);
  });

  it('takes no new connections', async () => {
    const served = serve();
    await served.server.close();
    await expect(connect(served.listen)).rejects.toMatchObject({ kind: 'io' });
  });

  it('waits for operations as long as it is told to, and no longer than they take', async () => {
    const time = new VirtualTime();
    const served = serve({ scheduler: time, keepAlive: { idleMs: 0 } });
    const answer$ = new Subject<string>();
    served.server.sessions$.subscribe((session) => session.respond(() => answer$));
    const seen = told((await served.open()).submit({}));
    await settled();
    let isClosed = false;
    const closing = served.server.close({ graceMs: 1000 }).then(() => {
      isClosed = true;
    });
    time.advance(999);
    await settled();
    expect(isClosed).toBe(false);
    answer$.complete();
    await closing;
    expect(seen.at(-1)).toBe('|');
  });

  it('cuts short what takes longer', async () => {
    const time = new VirtualTime();
    const served = serve({ scheduler: time, keepAlive: { idleMs: 0 } });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const seen = told((await served.open()).submit({}));
    await settled();
    const closing = served.server.close({ graceMs: 1000 });
    await settled();
    time.advance(1000);
    await closing;
    await settled();
    expect(seen).toMatchObject([{ name: 'OperationError', frameId: 1 }]);
    expect(served.server.usage).toMatchObject({ connections: 0, sessions: 0, operationsInFlight: 0 });
  });

  it('ends the wait for a session whose client is away', async () => {
    const served = serve();
    const session = firstValueFrom(served.server.sessions$);
    await served.open({ allowResume: true });
    const states = told((await session).state$);
    served.endpoint.cut();
    await settled();
    await served.server.close();
    expect(states).toEqual(['open', 'reconnecting', 'closed', '|']);
  });
});
