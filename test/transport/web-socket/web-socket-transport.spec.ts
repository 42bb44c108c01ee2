import type { SocketTransportOptions } from '../../../src/transport/socket-options';
import type { Transport } from '../../../src/transport/transport';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { WebSocketTransport } from '../../../src/transport/web-socket/web-socket-transport';
import { NnrpError } from '../../../src/wire/errors';
import { header, HEADER_LENGTH } from '../../../src/wire/header';
import { MessageType } from '../../../src/wire/message-type';
import { encodePacket } from '../../../src/wire/encode-packet';
import { type RawSocket } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
} from '../support';
import { describeTransport } from '../transport-contract';
import { WebSocketListener, WebSocketPeer } from './web-socket-peer';
import { receive } from './support';

leavesNothingOpen();

describe('a WebSocket transport', () => {
  describeTransport({
    heardOfDestroy: 'io',
    async connect(given = {}) {
      const options = { closeTimeoutMs: 500, ...given };
      const reception = closedLater(new Reception(webSocket({ port: 0, ...options }).listen()));
      const { port } = await reception.address();
      const link = await reception.link(webSocket({ port, ...options }));
      closedLater(link.connected);
      return link;
    },
  });

  type Options = Partial<SocketTransportOptions>;

  /** A transport as a server accepts it, and a client that is none of this library's. */
  async function accept(options: Options = {}): Promise<{ transport: Transport; peer: WebSocketPeer }> {
    const { reception, port } = await receive(options);
    const peer = closedLater(await WebSocketPeer.connect(port));
    return { peer, transport: await reception.accept() };
  }

  /** A transport as a client connects it, and a server that is none of this library's. */
  async function connect(options: Options = {}): Promise<{ transport: Transport; peer: WebSocketPeer }> {
    const listener = closedLater(await WebSocketListener.listen());
    const endpoint = webSocket({ port: listener.port, closeTimeoutMs: 100, ...options });
    const [transport] = (await new Recording(endpoint.connect()).count(1)) as readonly [Transport];
    return { peer: await listener.accept(), transport: closedLater(transport) };
  }

  describe.each([
    ['accepted', accept],
    ['connected', connect],
  ])('%s', (_, open) => {
    it('sends one binary message a packet', async () => {
      const { transport, peer } = await open();
      const sent = [numbered(1), numbered(2, 100), numbered(3, 100_000)];
      for (const each of sent) transport.send(each);
      const messages = await peer.received(3);
      for (const [index, each] of sent.entries()) {
        expect(Buffer.compare(messages[index]!, encodePacket(each))).toBe(0);
      }
      expect(peer.messages.map(({ isBinary }) => isBinary)).toEqual([true, true, true]);
    });

    it('takes one packet a binary message, in one frame or several', async () => {
      const { transport, peer } = await open();
      const read = new Recording(transport.packets$);
      peer.socket.send(encodePacket(numbered(1, 10)));
      const bytes = encodePacket(numbered(2, 100));
      peer.socket.send(bytes.subarray(0, 20), { fin: false });
      peer.socket.send(bytes.subarray(20, 60), { fin: false });
      peer.socket.send(bytes.subarray(60), { fin: true });
      expect((await read.count(2)).map(encodePacket)).toEqual([encodePacket(numbered(1, 10)), bytes]);
    });

    it('compresses nothing', async () => {
      const { transport, peer } = await open();
      expect(peer.socket.extensions).toBe('');
      transport.send(numbered(1));
      await peer.received(1);
    });

    it('refuses a text message, with 1003', async () => {
      const { transport, peer } = await open();
      const read = new Recording(transport.packets$);
      peer.socket.send(encodePacket(numbered(1)));
      peer.socket.send('hello');
      peer.socket.send(encodePacket(numbered(2)));
      const { values, error } = await read.over();
      expect(frameIds(values)).toEqual([1]);
      expectFault(error, {
        kind: 'protocol',
        reach: 'connection',
        origin: 'peer',
        message: 'received a text message, packets are binary',
      });
      expect((error as Error).cause).toBeInstanceOf(NnrpError);
      expect(await peer.closed()).toBe(1003);
    });

    it.each([
      ['shorter than a header', encodePacket(numbered(1)).subarray(0, 39), 'SourceTooShort'],
      ['empty', new Uint8Array(), 'SourceTooShort'],
      ['shorter than its header says', encodePacket(numbered(1, 9)).subarray(0, 49), 'PacketLengthMismatch'],
      ['longer than its header says', Uint8Array.of(...encodePacket(numbered(1)), 0), 'PacketLengthMismatch'],
      [
        'of two packets',
        Uint8Array.of(...encodePacket(numbered(1)), ...encodePacket(numbered(2))),
        'PacketLengthMismatch',
      ],
      ['not a packet', new Uint8Array(HEADER_LENGTH), 'InvalidMagic'],
    ])('refuses a message that is %s, with 1002', async (_name, message, kind) => {
      const { transport, peer } = await open();
      const read = new Recording(transport.packets$);
      peer.socket.send(encodePacket(numbered(7)));
      peer.socket.send(message);
      const { values, error } = await read.over();
      expect(frameIds(values)).toEqual([7]);
      expectFault(error, { kind: 'protocol', reach: 'connection', origin: 'peer' });
      expect((error as Error).cause).toMatchObject({ name: 'NnrpError', kind });
      expect(await peer.closed()).toBe(1002);
    });

    it('sends what was sent before a refusal', async () => {
      const { transport, peer } = await open();
      new Recording(transport.packets$, () => {
        transport.send(numbered(2));
      });
      peer.socket.send(encodePacket(numbered(1)));
      peer.socket.send(new Uint8Array(3));
      expect(await peer.closed()).toBe(1002);
      expect(peer.messages.map(({ data }) => data)).toEqual([encodePacket(numbered(2))]);
    });

    it('refuses metadata above its limit, within a message that is not too long', async () => {
      const { transport, peer } = await open({ limits: { maxMetadataBytes: 10, maxBodyBytes: 1000 } });
      const read = new Recording(transport.packets$);
      const metadata = new Uint8Array(11);
      const whole = header({ messageType: MessageType.Ping, metaLen: 11 });
      peer.socket.send(encodePacket({ header: whole, metadata, body: new Uint8Array() }));
      const { error } = await read.over();
      expect((error as Error).cause).toMatchObject({ fault: { kind: 'MessageLengthOverflow', limit: 10 } });
      expect(await peer.closed()).toBe(1002);
    });

    it('refuses a message that is too long, with 1009', async () => {
      const { transport, peer } = await open({ limits: { maxMetadataBytes: 10, maxBodyBytes: 1000 } });
      const read = new Recording(transport.packets$);
      peer.socket.send(encodePacket(numbered(1, 1000)));
      peer.socket.send(new Uint8Array(HEADER_LENGTH + 1011));
      const { values, error } = await read.over();
      expect(frameIds(values)).toEqual([1]);
      expectFault(error, {
        kind: 'protocol',
        reach: 'connection',
        origin: 'peer',
        message: 'received a message longer than any packet, which has 1050 bytes at most',
      });
      expect((error as Error).cause).toBeInstanceOf(NnrpError);
      expect(await peer.closed()).toBe(1009);
    });

    it.each([1000, 1001, undefined])('completes where the peer closes with %s', async (code) => {
      const { transport, peer } = await open();
      const read = new Recording(transport.packets$);
      peer.socket.send(encodePacket(numbered(1)));
      peer.socket.close(code);
      const { values, error } = await read.over();
      expect(frameIds(values)).toEqual([1]);
      expect(error).toBeUndefined();
    });

    it.each([1002, 1011, 3000])('errors where the peer closes with %d', async (code) => {
      const { transport, peer } = await open();
      const read = new Recording(transport.packets$);
      peer.socket.close(code);
      expectFault((await read.over()).error, {
        kind: 'io',
        reach: 'connection',
        origin: 'peer',
        message: `the connection to ${transport.peer} failed: closed with code ${code}`,
      });
    });

    it('errors where the peer is gone without a word, also for who subscribes later', async () => {
      const { transport, peer } = await open();
      const read = new Recording(transport.packets$);
      peer.socket.terminate();
      const { error } = await read.over();
      expectFault(error, {
        kind: 'io',
        message: `the connection to ${transport.peer} failed: closed with code 1006`,
      });
      await new Recording(transport.pressure$).over();
      const again = await new Recording(transport.packets$).over();
      expectFault(again.error, { kind: 'io', reach: 'connection' });
    });

    it('closes with 1000, once however often it is asked to', async () => {
      const { transport, peer } = await open();
      const closed = transport.close();
      expect(transport.close()).toBe(closed);
      await closed;
      expect(await peer.closed()).toBe(1000);
    });

    it('answers the peer’s ping', async () => {
      const { transport, peer } = await open();
      new Recording(transport.packets$);
      peer.socket.ping('are you there');
      await until(() => peer.pongs.length > 0, 'a pong');
      expect(peer.pongs).toEqual(['are you there']);
    });

    it('probes with a ping of its own', async () => {
      const { transport, peer } = await open();
      new Recording(transport.packets$);
      let answers = 0;
      transport.probe?.(() => (answers += 1));
      transport.probe?.(() => (answers += 10));
      await until(() => answers >= 11, 'the answers');
      expect(peer.pings).toBe(2);
      await pause(10);
      expect(answers).toBe(11);
    });

    it('probes nobody after the end', async () => {
      const { transport, peer } = await open();
      transport.destroy();
      transport.probe?.(() => {
        throw new Error('answered');
      });
      await peer.closed();
      expect(peer.pings).toBe(0);
    });

    it('cuts off a peer that does not answer the closing handshake', async () => {
      const { transport, peer } = await open({ closeTimeoutMs: 50 });
      const read = new Recording(transport.packets$);
      peer.socket.pause();
      const start = Date.now();
      await transport.close();
      expect(Date.now() - start).toBeGreaterThanOrEqual(45);
      expect((await read.over()).error).toBeUndefined();
    });

    it('cuts off a peer that takes nothing', async () => {
      const { transport, peer } = await open({ closeTimeoutMs: 50 });
      peer.socket.pause();
      for (let id = 0; id < 16; id++) transport.send(numbered(id, 2_000_000));
      await transport.close();
      expect(transport.queuedBytes).toBe(0);
    });

    it('cuts off a peer that was refused and does not leave', async () => {
      const { transport, peer } = await open({ closeTimeoutMs: 50 });
      const pressure = new Recording(transport.pressure$);
      const read = new Recording(transport.packets$);
      peer.socket.send('hello');
      peer.socket.pause();
      expectFault((await read.over()).error, { kind: 'protocol' });
      await pressure.over();
    });
  });

  it('writes what is sent in one turn with one call, and what is left when it closes', async () => {
    const { reception, port } = await receive();
    const peer = closedLater(await WebSocketPeer.connect(port));
    const transport = await reception.accept();
    expect(transport).toBeInstanceOf(WebSocketTransport);
    const { stream } = transport as unknown as { stream: Required<RawSocket['socket']> };
    const one = jest.spyOn(stream, '_write');
    const many = jest.spyOn(stream, '_writev');
    // A turn that sends more than 64 KiB or 96 packets does not wait for its end.
    for (let id = 0; id < 90; id++) transport.send(numbered(id, id % 50 === 0 ? 20_000 : 10));
    expect(one.mock.calls.length + many.mock.calls.length).toBe(0);
    await peer.received(90);
    expect(one.mock.calls.length + many.mock.calls.length).toBe(1);
    for (let turn = 0; turn < 3; turn++) {
      transport.send(numbered(turn));
      await peer.received(91 + turn);
    }
    expect(stream.writableCorked).toBe(0);
    transport.send(numbered(9));
    await transport.close();
    expect(stream.writableCorked).toBe(0);
    expect(peer.messages).toHaveLength(94);
  });
});
