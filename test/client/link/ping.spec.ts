import { firstValueFrom, map } from 'rxjs';
import { connect, type Client } from '../../../src/client/client';
import { sharedObjects } from '../../../src/client/session/shared-objects';
import { inPreview4, ping, serverHelloAck } from '../../../src/testing';
import { memory } from '../../../src/transport/memory';
import type { Transport } from '../../../src/transport/transport';
import type { RevisionName } from '../../../src/wire/message';
import { MessageType } from '../../../src/wire/message-type';
import { settled } from '../../support/async';
import { VirtualTime } from '../../support/virtual-time';
import { accept } from '../support';

const MAX_UNREAD = 1024;

/** A server, by hand, that has sent PINGs and reads nothing until it is told to. */
async function stage({
  canPause = true,
  revision = 'preview3',
}: { readonly canPause?: boolean; readonly revision?: RevisionName } = {}): Promise<{
  client: Client;
  server: Transport;
  time: VirtualTime;
  ended: unknown[];
}> {
  const time = new VirtualTime();
  const endpoint = memory();
  const accepted = new Promise<Transport>((resolve) => {
    endpoint.listen().subscribe(resolve);
  });
  const connected$ = endpoint
    .connect()
    .pipe(map((transport) => (canPause ? transport : Object.assign(transport, { pause: undefined }))));
  const connecting = connect(
    { ...endpoint, connect: () => connected$ },
    { scheduler: time, keepAlive: { idleMs: 0 }, revision },
  );
  const server = await accepted;
  if (revision === 'preview4') server.send(serverHelloAck());
  const client = await connecting;
  const ended: unknown[] = [];
  client.ended$.subscribe({ error: (error: unknown) => ended.push(error), complete: () => ended.push('|') });
  return { client, server, time, ended };
}

function flood(server: Transport, count: number, sessionId = 0): Promise<void> {
  const one = ping();
  for (let frameId = 1; frameId <= count; frameId++) {
    server.send({ ...one, header: { ...one.header, sessionId, frameId } });
  }
  return settled();
}

describe('a server that sends PING without an end', () => {
  it('is not read any more while so many answers wait, and is read again once it has taken half', async () => {
    const { client, server, time, ended } = await stage();
    await flood(server, 5000);
    expect(client.usage.queuedBytes).toBe(MAX_UNREAD * 40);
    time.advance(10_000);
    expect(client.usage.queuedBytes).toBe(MAX_UNREAD * 40);
    let pongs = 0;
    server.packets$.subscribe(() => (pongs += 1));
    for (let turn = 0; turn < 20; turn++) {
      await settled();
      time.advance(20);
    }
    expect(pongs).toBe(5000);
    expect(ended).toEqual([]);
  });

  it('is given up where it reads none of them', async () => {
    const { server, time, ended } = await stage();
    await flood(server, 5000);
    time.advance(30_100);
    expect(ended).toEqual([expect.objectContaining({ kind: 'io', origin: 'peer' })]);
    expect(String(ended[0])).toContain('has read none of 1024 answers');
    await settled();
    expect(time.pendingCount).toBe(0);
  });

  it('is given up at once where it cannot be stopped, with sixteen times as many answers', async () => {
    const { client, server, ended } = await stage({ canPause: false });
    await flood(server, 20_000);
    expect(ended).toEqual([expect.objectContaining({ kind: 'io', origin: 'peer' })]);
    expect(String(ended[0])).toContain('has read none of 16385 answers');
    expect(client.usage.queuedBytes).toBe(0);
  });

  it('is read on where it takes the answers, however many they are', async () => {
    const { server, time, ended } = await stage();
    let pongs = 0;
    await firstValueFrom(server.pressure$);
    server.packets$.subscribe(() => (pongs += 1));
    for (let turn = 0; turn < 10; turn++) await flood(server, 1000);
    await settled();
    expect([pongs, time.pendingCount, ended]).toEqual([10_000, 0, []]);
  });

  it.each([
    ['CACHE_REFERENCE', inPreview4(MessageType.CacheReference, { sessionId: 5 }, { profileId: 2 })],
    ['CACHE_PUT', inPreview4(MessageType.CachePut, { sessionId: 5 }, {}, 'x')],
    ['CAPABILITY_NEGOTIATION', inPreview4(MessageType.CapabilityNegotiation, { sessionId: 5 }, {})],
    ['OBJECT_REF', inPreview4(MessageType.ObjectRef, { sessionId: 5 }, { objectId: 2n })],
  ])('is stopped as well with %s, and so it is with PING besides', async (_, asking) => {
    const { client, server, time, ended } = await stage({ revision: 'preview4' });
    const opening = client.openSession({ requestedSessionId: 5, objects: sharedObjects() });
    server.send(accept(5));
    await opening;
    const before = client.usage.queuedBytes;
    server.send(asking);
    await settled();
    const answerBytes = client.usage.queuedBytes - before;
    expect(answerBytes).toBeGreaterThan(40);
    for (let count = 1; count < 5000; count++) server.send(asking);
    await settled();
    expect(client.usage.queuedBytes - before).toBe(MAX_UNREAD * answerBytes);
    await flood(server, 5000);
    time.advance(10_000);
    expect(client.usage.queuedBytes - before).toBe(MAX_UNREAD * answerBytes);
    const asked: number[] = [MessageType.ClientHello, MessageType.SessionOpen];
    let answers = 0;
    server.packets$.subscribe(({ header }) => {
      if (!asked.includes(header.messageType)) answers += 1;
    });
    for (let turn = 0; turn < 40; turn++) {
      await settled();
      time.advance(20);
    }
    expect([answers, ended]).toEqual([10_000, []]);
  });

  it('is stopped as well where they are of a session, and answered as the session', async () => {
    const { client, server, time, ended } = await stage({ revision: 'preview4' });
    const opening = client.openSession({ requestedSessionId: 5 });
    server.send(accept(5));
    await opening;
    const { queuedBytes } = client.usage;
    await flood(server, 5000, 5);
    expect(client.usage.queuedBytes - queuedBytes).toBe(MAX_UNREAD * 40);
    const pongs: string[] = [];
    server.packets$.subscribe(({ header: { messageType, sessionId, frameId } }) => {
      if (messageType === MessageType.Pong) pongs.push(`${sessionId}: ${frameId}`);
    });
    for (let turn = 0; turn < 20; turn++) {
      await settled();
      time.advance(20);
    }
    expect([pongs.length, pongs[0], pongs.at(-1)]).toEqual([5000, '5: 1', '5: 5000']);
    expect(ended).toEqual([]);
  });
});
