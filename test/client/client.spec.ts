import { EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { connect } from '../../src/client/client';
import { connectionError } from '../../src/transport/network-errors';
import { memoryPair } from '../../src/transport/memory';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import { MessageType } from '../../src/wire/message-type';
import { packet, type Packet } from '../../src/wire/packet';
import { settled } from '../support/async';
import { pongPacket, resultPacket, text } from '../support/packets';
import { endServed, Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';
import { accept, connectUnasked, endpointOf, errorOf, NOTHING, played, withPackets } from './support';

afterEach(endServed);

describe('what a server does wrong', () => {
  it('is told, costs its packet, and nothing else', async () => {
    const { client, peer } = await played();
    const violations = told(client.violations$);
    peer.send(accept(9), resultPacket({ sessionId: 77, frameId: 1 }), {
      ...pongPacket(),
      header: { ...pongPacket().header, messageType: MessageType.ClientHello },
    });
    await settled();
    expect(violations).toMatchObject([
      {
        kind: 'unexpected-message',
        reach: 'packet',
        origin: 'peer',
        message: 'client received SESSION_OPEN_ACK that it did not ask for',
      },
      { kind: 'unexpected-message', message: 'client received result for another session' },
      { kind: 'unexpected-message', message: 'client received unexpected CLIENT_HELLO' },
    ]);
    const opening = client.openSession();
    peer.send(accept(1));
    expect((await opening).sessionId).toBe(1);
    await client.close();
  });

  it('is told where it is an ERROR of no operation', async () => {
    const { client, peer } = await played();
    const errors = told(client.errors$);
    peer.send(errorOf(0, 0, 'go away'));
    await settled();
    expect(errors).toMatchObject([{ messageType: MessageType.Error, body: text('go away') }]);
    await client.close();
  });

  it('is a fault of the protocol with its cause', async () => {
    const { client, peer } = await played();
    const violations = told(client.violations$);
    const opening = client.openSession();
    peer.send(accept(1));
    await opening;
    peer.send(packet({ messageType: MessageType.ResultDrop, sessionId: 1, frameId: 1 }, Uint8Array.of(1)));
    await settled();
    expect(violations).toMatchObject([
      { kind: 'protocol', cause: { kind: 'InvalidProtocolCombination' }, reach: 'packet' },
    ]);
    await client.close();
  });
});

it('is told why there is no session for now, not by the name of an error that there is none of', async () => {
  const served = new Served();
  const { client, server } = await served.session();
  server.respond(() => NEVER);
  client.submit({ body: 'Wait' }).subscribe({ error: () => undefined });
  const other = await served.connect();
  await settled();
  const closed = served.server.close({ graceMs: 1000 });
  await expect(other.openSession()).rejects.toThrow(
    'the server cannot take the session now: it is shutting down; try again, for the server that takes its place',
  );
  await served.server.close({ graceMs: 0 });
  await closed;
});

describe('the end of a client', () => {
  it.each([{}, { reconnect: {} }])('is for good: no session is opened after it, with %j', async (options) => {
    const served = new Served();
    const client = await served.connect(options);
    await client.close();
    await expect(client.openSession()).rejects.toThrow(
      /^this client was closed, and its connection to memory:\S* has ended; connect again$/,
    );
    expect(client.usage).toMatchObject({ links: 0 });
  });

  it('completes its streams, once, however often it is closed', async () => {
    const { client, peer } = await played();
    const streams = [client.ended$, client.violations$, client.errors$].map((stream$) =>
      told(stream$ as Observable<unknown>),
    );
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(streams).toEqual([['|'], ['|'], ['|']]);
    expect(await peer.ended()).toBeUndefined();
    expect(client.usage).toEqual(NOTHING);
  });

  it('comes where the server leaves in good order', async () => {
    const { client, peer } = await played();
    const ended = told(client.ended$);
    await peer.close();
    await settled();
    expect(ended).toEqual(['|']);
  });

  it('is an error where the connection fails', async () => {
    const [left] = memoryPair();
    const packets$ = new Subject<Packet>();
    const client = await connectUnasked(endpointOf(of(withPackets(left, packets$))));
    const ended = told(client.ended$);
    const opening = client.openSession();
    const fault = connectionError('there', new Error('cable'));
    packets$.error(fault);
    await expect(opening).rejects.toBe(fault);
    expect(ended).toEqual([fault]);
    expect(fault.message).toBe('the connection to there failed: cable');
    expect(client.usage).toEqual(NOTHING);
  });

  it.each([
    ['in good order', EMPTY],
    ['with an error', throwError(() => connectionError('there', new Error('cable')))],
  ])('may come before its beginning: the transport has ended already, %s', async (_, packets$) => {
    const [left] = memoryPair();
    await expect(connect(endpointOf(of(withPackets(left, packets$))))).rejects.toMatchObject({
      kind: 'io',
      message: 'the connection to memory:right has ended; connect again',
    });
  });

  it('waits for sessions that wait for another connection', async () => {
    const served = new Served();
    const time = new VirtualTime();
    const client = await served.connect({ scheduler: time, random: () => 0 });
    const ended = told(client.ended$);
    const session = await client.openSession({ requestedSessionId: 1, reconnect: {} });
    served.endpoint.cut();
    await settled();
    expect(ended).toEqual([]);
    expect(client.usage).toMatchObject({ links: 0, sessions: 1 });
    await expect(session.patch({})).rejects.toThrow('session 1 cannot answer: its connection is lost');
    await client.close();
    expect(ended).toEqual(['|']);
    expect(time.pendingCount).toBe(0);
  });

  it('comes where nobody takes its sessions back in their window', async () => {
    const served = new Served({ resumeWindowMs: 2000 });
    const time = new VirtualTime();
    const client = await served.connect({ scheduler: time, random: () => 0 });
    const ended = told(client.ended$);
    const session = await client.openSession({ reconnect: { reopen: false } });
    const states = told(session.state$);
    const seen = told(session.submit({}));
    await served.server.close();
    await settled();
    // The server has ended the session itself: there is nothing to come back to.
    expect(states.at(-1)).toBe('|');
    expect(seen).toHaveLength(1);
    time.advance(10_000);
    await settled();
    expect(ended).toEqual(['|']);
    expect(client.usage).toEqual(NOTHING);
  });

  it('does not keep a connection that is made after it', async () => {
    const served = new Served();
    const time = new VirtualTime();
    const [late] = memoryPair();
    let emit: (() => void) | undefined;
    let isFirst = true;
    const endpoint: ConnectEndpoint = {
      kind: 'memory',
      url: 'memory:',
      connect: () => {
        if (isFirst) {
          isFirst = false;
          return served.endpoint.connect();
        }
        return new Observable((subscriber) => {
          emit = () => {
            subscriber.next(late);
            subscriber.complete();
          };
        });
      },
    };
    const client = await connect(endpoint, { scheduler: time, random: () => 0 });
    await client.openSession({ reconnect: {} });
    served.endpoint.cut();
    await settled();
    time.advance(100);
    expect(emit).toBeDefined();
    const closing = client.close();
    time.advance(5000);
    await closing;
    emit?.();
    await settled();
    expect(client.usage).toEqual(NOTHING);
    expect(told(late.packets$)).toEqual(['|']);
  });
});
