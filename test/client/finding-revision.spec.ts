import { map } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import { decodeTokens } from '../../src/protocol/content/token-decoder';
import { marked } from '../../src/protocol/revision/mark';
import { result, serverHelloAck } from '../../src/testing';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import type { Peer } from '../support/peer';
import { endServed, Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';
import { settled } from '../support/async';
import { accept, errorOf, played, PlayedPlace, greeted } from './support';

afterEach(endServed);

/** How older ends of this project refuse a submit that has an id. */
const RESERVED = 'reserved field frame_submit.reserved2 is not zero';

function textOf({ body }: Packet): string {
  return new TextDecoder().decode(body);
}

async function typesOf(peer: Peer, count: number): Promise<number[]> {
  const types: number[] = [];
  for (let index = 0; index < count; index++) types.push((await peer.next())!.header.messageType);
  return types;
}

/** A client of `auto` over its second connection: its server has ended the first one at the hello. */
async function fallenBack(place: PlayedPlace, endpoint = place.endpoint): Promise<Client> {
  const connecting = connect(endpoint, { revision: 'auto' });
  await settled();
  place.peers[0]!.destroy();
  return connecting;
}

describe('the revision that a client finds out', () => {
  it.each([
    [{ selectedVersionMajor: 2 }, 'SERVER_HELLO_ACK selected version must be inside client window'],
    [{ acceptedProfileBitmap: 4 }, 'SERVER_HELLO_ACK accepted_profile_bitmap'],
  ])('is none where the ack has what was not offered: %p', async (fields, rule) => {
    const place = new PlayedPlace();
    const connecting = connect(place.endpoint);
    await settled();
    place.peers[0]!.send(marked(serverHelloAck(fields), 'preview4'));
    await expect(connecting).rejects.toMatchObject({
      name: 'RuntimeError',
      kind: 'protocol',
      message: expect.stringContaining(`answered CLIENT_HELLO with what was not offered: ${rule}`) as string,
    });
    expect(place.peers).toHaveLength(1);
    await place.peers[0]!.ended();
  });

  it('is preview3 over another connection, at once, where the hello is answered with an ERROR', async () => {
    const place = new PlayedPlace();
    const connecting = connect(place.endpoint);
    await settled();
    place.peers[0]!.send(errorOf(0, 0, 'what is that?'));
    const client = await connecting;
    expect([place.peers.length, client.revision]).toEqual([2, 'preview3']);
    await client.close();
  });

  it('is preview3 where submits are refused for their ids: they are sent again, and it is remembered', async () => {
    const { place, peer, client } = await greeted(serverHelloAck());
    const opening = client.openSession();
    await peer.next();
    peer.send(accept(1));
    const session = await opening;
    const body = new TextEncoder().encode('one');
    const asked = [body, 'two'].map((text) => told(session.submit({ body: text }).pipe(map(decodeTokens))));
    body.fill(0);
    const refused = [await peer.next(), await peer.next()];
    expect(refused.map((submit) => submit!.metadata[40])).toEqual([1, 2]);
    peer.send(...refused.map((submit) => errorOf(1, submit!.header.frameId, RESERVED)));
    const again = [await peer.next(), await peer.next()];
    expect(again.map((submit) => [submit!.header.frameId, submit!.metadata[40], textOf(submit!)])).toEqual([
      [1, 0, 'one'],
      [2, 0, 'two'],
    ]);
    expect([client.revision, session.revision]).toEqual(['preview3', 'preview3']);
    peer.send(result(1, 1, 'yes'), errorOf(1, 2, RESERVED));
    await settled();
    expect(asked).toEqual([[['yes'], '|'], [expect.objectContaining({ reason: 'refused' })]]);
    const next = await connect(place.endpoint);
    expect(place.peers).toHaveLength(2);
    const nextOpen = next.openSession();
    expect(await typesOf(place.peers[1]!, 1)).toEqual([MessageType.SessionOpen]);
    place.peers[1]!.send(accept(1));
    await nextOpen;
    await Promise.all([client.close(), next.close()]);
  });

  it('is no preview3 where submits are refused so and preview4 was asked for', async () => {
    const { peer, client } = await greeted(serverHelloAck(), 'preview4');
    const opening = client.openSession();
    await peer.next();
    peer.send(accept(1));
    const asked = told((await opening).submit({ body: 'ask' }));
    await peer.next();
    peer.send(errorOf(1, 1, RESERVED));
    await settled();
    expect(asked).toMatchObject([{ reason: 'refused', text: RESERVED }]);
    expect(client.revision).toBe('preview4');
    await client.close();
  });

  it('is said to be the reason where a server of preview4 alone ends a client of preview3', async () => {
    const served = new Served({ revisions: ['preview4'] });
    const client = await served.connect({ revision: 'preview3' });
    await expect(client.openSession()).rejects.toMatchObject({
      name: 'ServerRefusalError',
      message: expect.stringContaining("it speaks preview4 alone; connect with revision 'auto'") as string,
    });
    const { client: other, peer } = await played({ revision: 'preview3' });
    const opening = other.openSession();
    await peer.close();
    await expect(opening).rejects.toMatchObject({
      name: 'RuntimeError',
      message: expect.stringContaining('it may speak preview4 alone') as string,
    });
  });

  it('is said to be the reason where a server of preview3 alone meets a client of preview4', async () => {
    const served = new Served({ revisions: ['preview3'] });
    await expect(served.connect({ revision: 'preview4' })).rejects.toThrow(
      "answers CLIENT_HELLO in preview3; connect with revision 'auto' or 'preview3'",
    );
  });

  it('is preview3 on the same connection where an older end of this project answers', async () => {
    const { peer, client } = await greeted(serverHelloAck({ maxBodyBytes: 0 }));
    const opening = client.openSession({ auth: 'secret' });
    await peer.next();
    peer.send(accept(1));
    (await opening).submit({ body: 'ask' }).subscribe({ error: () => undefined });
    expect((await peer.next())!.metadata[40]).toBe(0);
    await client.close();
  });

  it('is preview3 over another connection where the first ends, and next time at once', async () => {
    const place = new PlayedPlace();
    const client = await fallenBack(place);
    const opening = client.openSession();
    expect(await typesOf(place.peers[1]!, 1)).toEqual([MessageType.SessionOpen]);
    place.peers[1]!.send(accept(1));
    await opening;
    const again = await connect(place.endpoint, { revision: 'auto' });
    expect(place.peers).toHaveLength(3);
    await Promise.all([client.close(), again.close()]);
  });

  it('is asked for again after ten minutes', async () => {
    const time = new VirtualTime();
    const place = new PlayedPlace();
    const options = { revision: 'auto', scheduler: time } as const;
    const connecting = connect(place.endpoint, options);
    await settled();
    time.advance(2000);
    const client = await connecting;
    expect(place.peers).toHaveLength(2);
    const opening = client.openSession();
    place.peers[1]!.send(accept(1));
    await opening;
    time.advance(10 * 60 * 1000 - 1);
    await connect(place.endpoint, options);
    expect(place.peers).toHaveLength(3);
    time.advance(1);
    void connect(place.endpoint, options).catch(() => undefined);
    await settled();
    expect(await typesOf(place.peers[3]!, 1)).toEqual([MessageType.ClientHello]);
  });

  it('is remembered of a URL, whoever makes the endpoint', async () => {
    const place = new PlayedPlace();
    const endpoint = (): ConnectEndpoint => ({ ...place.endpoint, url: 'quic://remembered.test:1' });
    const client = await fallenBack(place, endpoint());
    const opening = client.openSession();
    place.peers[1]!.send(accept(1));
    await opening;
    const again = await connect(endpoint(), { revision: 'auto' });
    expect(place.peers).toHaveLength(3);
    await Promise.all([client.close(), again.close()]);
  });

  it('is asked for again where no session was opened without a hello', async () => {
    const place = new PlayedPlace();
    const client = await fallenBack(place);
    await client.close();
    const again = connect(place.endpoint, { revision: 'auto' });
    await settled();
    expect(await typesOf(place.peers[2]!, 1)).toEqual([MessageType.ClientHello]);
    place.peers[2]!.destroy();
    await (await again).close();
  });

  it('is asked for again where a server that is known does not answer an open', async () => {
    const place = new PlayedPlace();
    const client = await fallenBack(place);
    const opening = client.openSession();
    place.peers[1]!.send(accept(1));
    await opening;
    const known = await connect(place.endpoint, { revision: 'auto' });
    const refused = known.openSession();
    place.peers[2]!.destroy();
    await expect(refused).rejects.toMatchObject({ name: 'RuntimeError', kind: 'io' });
    const again = connect(place.endpoint, { revision: 'auto' });
    await settled();
    expect(await typesOf(place.peers[3]!, 1)).toEqual([MessageType.ClientHello]);
    place.peers[3]!.destroy();
    await (await again).close();
    await Promise.all([client.close(), known.close()]);
  });

  it('is told where the server speaks neither', async () => {
    const place = new PlayedPlace();
    const client = await fallenBack(place);
    const opening = client.openSession();
    place.peers[1]!.destroy();
    await expect(opening).rejects.toMatchObject({
      name: 'RuntimeError',
      message: expect.stringContaining('speaks neither preview4 nor preview3') as string,
    });
  });

  it('is no other than preview4 where that is asked for', async () => {
    const place = new PlayedPlace();
    const connecting = connect(place.endpoint, { revision: 'preview4' });
    await settled();
    place.peers[0]!.destroy();
    await expect(connecting).rejects.toMatchObject({ name: 'RuntimeError', kind: 'io' });
    expect(place.peers).toHaveLength(1);
  });

  it.each([marked(serverHelloAck(), 'preview3'), serverHelloAck({ maxBodyBytes: 0 })])(
    'is no preview3 where preview4 is asked for and the server answers otherwise',
    async (ack) => {
      const place = new PlayedPlace();
      const connecting = connect(place.endpoint, { revision: 'preview4' });
      await settled();
      place.peers[0]!.send(ack);
      await expect(connecting).rejects.toMatchObject({
        name: 'RuntimeError',
        kind: 'io',
        message: expect.stringContaining('answers CLIENT_HELLO in preview3') as string,
      });
      expect(place.peers).toHaveLength(1);
      await place.peers[0]!.ended();
    },
  );
});
