import { firstValueFrom, toArray } from 'rxjs';
import { connect } from '../../src/client/client';
import { createServer } from '../../src/server/server';
import { open, openAck, raw, result, submit } from '../../src/testing';
import type { ConnectEndpoint, ListenEndpoint } from '../../src/transport/endpoint';
import { memory } from '../../src/transport/memory';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import { Peer } from '../support/peer';

/** Where a server listens, and how a client gets there once it does. */
interface Place {
  readonly listen: ListenEndpoint;
  reach(port: number): ConnectEndpoint;
}

function inMemory(): Place {
  const endpoint = memory();
  return { listen: endpoint, reach: () => endpoint };
}

const places: readonly (readonly [string, () => Place])[] = [
  ['memory', inMemory],
  ['TCP', () => ({ listen: tcp({ port: 0 }), reach: (port) => tcp({ port }) })],
  ['WebSocket', () => ({ listen: webSocket({ port: 0 }), reach: (port) => webSocket({ port }) })],
];

/** A number that no revision gives a meaning, and a type that preview3 does not have. */
const UNKNOWN: readonly MessageType[] = [0x7f as MessageType, MessageType.ObjectPatch];

function refusalOf(type: number): readonly string[] {
  return ['protocol', `message type 0x${type.toString(16)} is unknown`];
}

function textOf(packet: Packet | undefined): string {
  return new TextDecoder().decode(packet?.body);
}

describe.each(places)('a packet of an unknown type over %s', (_, placeOf) => {
  it.each(UNKNOWN)('costs at a server itself alone, and is answered: %i', async (type) => {
    const { listen, reach } = placeOf();
    const server = createServer({ listen });
    const violations = firstValueFrom(server.violations$.pipe(toArray()));
    server.sessions$.subscribe((session) => session.respond(() => ['still here']));
    const [address] = await server.listening();
    const peer = await Peer.connect(reach(address!.port));

    peer.send(raw(type), open(42));
    const first = await peer.next();
    expect(first?.header).toMatchObject({ messageType: MessageType.Error, sessionId: 0 });
    expect((await peer.next())?.header.messageType).toBe(MessageType.SessionOpenAck);
    peer.send(raw(type, { sessionId: 42, frameId: 1 }, new Uint8Array(9), 'x'), submit(42, 1, 'prompt'));
    const second = await peer.next();
    expect(second?.header).toMatchObject({ messageType: MessageType.Error, sessionId: 42 });
    expect(['protocol', textOf(second)]).toEqual(refusalOf(type));
    expect((await peer.next())?.header).toMatchObject({ messageType: MessageType.ResultPush, frameId: 1 });

    peer.destroy();
    await server.close({ graceMs: 0 });
    const told = (await violations).map(({ error }) => [error.kind, error.message]);
    expect(told).toEqual([refusalOf(type), refusalOf(type)]);
  });

  it.each(UNKNOWN)('costs at a client itself alone, and is told: %i', async (type) => {
    const { listen, reach } = placeOf();
    const listener = listen.listen();
    const accepted = firstValueFrom(listener);
    const { port } = await firstValueFrom(listener.address$);
    const [client, transport] = await Promise.all([connect(reach(port), { revision: 'preview3' }), accepted]);
    const peer = new Peer(transport);
    const violations = firstValueFrom(client.violations$.pipe(toArray()));

    const opening = client.openSession({ requestedSessionId: 42 });
    await peer.next();
    peer.send(raw(type), openAck(42));
    const session = await opening;
    const answer = firstValueFrom(session.submit({ body: 'prompt' }).pipe(toArray()));
    await peer.next();
    peer.send(raw(type, { sessionId: 42, frameId: 1 }, new Uint8Array(9), 'x'), result(42, 1, 'still here'));
    expect(await answer).toHaveLength(1);

    await client.close();
    peer.destroy();
    const told = (await violations).map(({ kind, message }) => [kind, message]);
    expect(told).toEqual([refusalOf(type), refusalOf(type)]);
  });
});
