import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { tcp } from '../../../src/transport/tcp/tcp';
import { SocketTransport } from '../../../src/transport/tcp/tcp-transport';
import type { Transport } from '../../../src/transport/transport';
import { CommonHeader, header, HEADER_LENGTH } from '../../../src/wire/header';
import { MessageType } from '../../../src/wire/message-type';
import { bytesOf } from '../../support/packets';
import { RawListener, RawSocket } from '../../support/raw-socket';
import { pause } from '../../support/until';
import {
  closedLater,
  expectFault,
  fingerprint,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
  throwing,
} from '../support';
import { describeTransport } from '../transport-contract';
import { accept } from './support';

leavesNothingOpen();

describe('a TCP transport', () => {
  describeTransport({
    heardOfDestroy: 'end',
    async connect(given = {}) {
      const options = { closeTimeoutMs: 500, ...given };
      const reception = closedLater(new Reception(tcp({ port: 0, ...options }).listen()));
      const { port } = await reception.address();
      const link = await reception.link(tcp({ port, ...options }));
      closedLater(link.connected);
      return link;
    },
  });

  describe('reading', () => {
    it('has the kind tcp, and names the peer by its address', async () => {
      const { transport, peer } = await accept();
      expect(transport.kind).toBe('tcp');
      expect(transport.peer).toBe(`127.0.0.1:${peer.socket.localPort}`);
      expect(transport.probe).toBeUndefined();
    });

    it('reads packets however the stream is cut', async () => {
      const { transport, peer } = await accept();
      const sent = [numbered(1, 100), numbered(2), numbered(3, 1000)];
      const bytes = bytesOf(...sent);
      const read = new Recording(transport.packets$);
      const cuts = [0, 1, 39, 40, 41, 200, 260, bytes.length];
      for (const [index, start] of cuts.entries()) {
        peer.write(bytes.subarray(start, cuts[index + 1]));
        await pause(2);
      }
      expect((await read.count(3)).map(fingerprint)).toEqual(sent.map(fingerprint));
    });

    it('reads nothing from the socket before it has an owner', async () => {
      const { transport, peer } = await accept();
      const queued = 64 * 1024 * 1024;
      // More than the system keeps: it stays with the peer, since nobody reads here.
      const whole = bytesOf(numbered(1, 4 * 1024 * 1024));
      for (let sent = 0; sent < queued; sent += whole.length) peer.write(whole);
      await pause(30);
      expect(peer.socket.writableLength).toBeGreaterThan(queued / 2);
      expect((transport as unknown as { socket: Socket }).socket.bytesRead).toBe(0);
      const read = new Recording(transport.packets$);
      await read.count(16);
      expect(new Set(frameIds(read.values))).toEqual(new Set([1]));
    });

    it('emits the packets before a broken frame and then errors, in whatever chunk they come', async () => {
      const { transport, peer } = await accept();
      const read = new Recording(transport.packets$);
      const broken = new Uint8Array(HEADER_LENGTH);
      peer.write(bytesOf(numbered(1), numbered(2)), broken, bytesOf(numbered(3)));
      const { values, error } = await read.over();
      expect(frameIds(values)).toEqual([1, 2]);
      expectFault(error, { kind: 'protocol', reach: 'connection', origin: 'peer' });
      expect((error as Error).cause).toMatchObject({ name: 'NnrpError', kind: 'InvalidMagic' });
      await peer.ended();
    });

    it('answers what came before a broken frame', async () => {
      const { transport, peer } = await accept();
      const read = new Recording(transport.packets$, ({ header: { frameId } }) => {
        transport.send(numbered(frameId + 100));
      });
      peer.write(bytesOf(numbered(1), numbered(2)), new Uint8Array(HEADER_LENGTH));
      const answers = bytesOf(numbered(101), numbered(102));
      expect(await peer.receives(answers.length)).toEqual(answers);
      await peer.ended();
      expect(read.ends).toBe(1);
    });

    it('leaves nothing gathered where its reader throws', async () => {
      const { transport, peer } = await accept();
      const { socket } = transport as unknown as { readonly socket: Socket };
      throwing(transport.packets$).subscribe();
      expect(() => socket.emit('data', bytesOf(numbered(1)))).toThrow('a reader that throws');
      const sent = bytesOf(numbered(2));
      transport.send(numbered(2));
      expect(await peer.receives(sent.length)).toEqual(sent);
      transport.destroy();
    });

    it('judges a length at the header, before what it announces comes', async () => {
      const { transport, peer } = await accept({ limits: { maxBodyBytes: 1000 } });
      const read = new Recording(transport.packets$);
      peer.write(CommonHeader.encode(header({ messageType: MessageType.FrameSubmit, bodyLen: 1001 })));
      const { error } = await read.over();
      expectFault(error, { kind: 'protocol', reach: 'connection' });
      expect((error as Error).cause).toMatchObject({ fault: { kind: 'MessageLengthOverflow', limit: 1000 } });
      await peer.ended();
    });

    it.each([
      ['in a header', 39],
      ['in a body', 60],
    ])('errors at an end %s, after the packets before it', async (_, length) => {
      const { transport, peer } = await accept();
      const read = new Recording(transport.packets$);
      peer.finish(bytesOf(numbered(1)), bytesOf(numbered(2, 100)).subarray(0, length));
      const { values, error } = await read.over();
      expect(frameIds(values)).toEqual([1]);
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        origin: 'peer',
        message: `the connection to ${transport.peer} ended inside a packet, after ${length} bytes of it`,
      });
    });

    it('is not bothered by an end inside a packet once it closes', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 2_000 });
      const read = new Recording(transport.packets$);
      peer.write(bytesOf(numbered(1)), bytesOf(numbered(2, 100)).subarray(0, 50));
      await read.count(1);
      const closed = transport.close();
      expect(await peer.ended()).toBe('end');
      peer.finish();
      await closed;
      expect((await read.over()).error).toBeUndefined();
    });

    it('errors at a reset', async () => {
      const { transport, peer } = await accept();
      const read = new Recording(transport.packets$);
      peer.write(bytesOf(numbered(1)));
      await read.count(1);
      peer.reset();
      const { error } = await read.over();
      expectFault(error, { kind: 'io', reach: 'connection', origin: 'peer' });
      expect((error as Error).message).toBe(`the connection to ${transport.peer} failed: read ECONNRESET`);
      expect((error as Error).cause).toMatchObject({ code: 'ECONNRESET' });
    });

    it('tells of a reset that came before the subscription', async () => {
      const listener = closedLater(await RawListener.listen());
      const connected = new Recording(tcp({ port: listener.port }).connect());
      const [transport] = (await connected.count(1)) as readonly [Transport];
      (await listener.accept()).reset();
      await new Recording(transport.pressure$).over();
      const { error } = await new Recording(transport.packets$).over();
      expectFault(error, { kind: 'io', reach: 'connection' });
    });

    it('completes for who subscribes while the peer has ended and takes nothing', async () => {
      const listener = closedLater(await RawListener.listen());
      const connected = new Recording(tcp({ port: listener.port, closeTimeoutMs: 200 }).connect());
      const [transport] = (await connected.count(1)) as readonly [Transport];
      for (let id = 0; id < 16; id++) transport.send(numbered(id, 2_000_000));
      (await listener.accept()).finish();
      await pause(30);
      expect(transport.queuedBytes).toBeGreaterThan(0);
      const read = new Recording(transport.packets$);
      expect(read).toMatchObject({ isOver: true, values: [], error: undefined });
      expect(transport.queuedBytes).toBeGreaterThan(0);
      await new Recording(transport.pressure$).over();
    });

    it('answers the last packet of a peer that ends right after it', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 2_000 });
      // Exactly what one read of the system takes: its end is then read in the same turn.
      const question = numbered(1, 64 * 1024 - HEADER_LENGTH - 1);
      // More than one write of the system takes.
      const answers = Array.from({ length: 8 }, (_, id) => numbered(id, 1_000_000));
      peer.pause().finish(bytesOf(question));
      await pause(20);
      const read = new Recording(transport.packets$, () => {
        for (const answer of answers) transport.send(answer);
      });
      read.subscription.add(() => {
        // Too late, and no harm to what is in time.
        transport.send(numbered(9));
      });
      expect((await read.over()).error).toBeUndefined();
      peer.read();
      expect(await peer.ended()).toBe('end');
      expect(Buffer.compare(peer.received, bytesOf(...answers))).toBe(0);
    });

    it('leaves no listener of a reader on the socket', async () => {
      const listener = closedLater(await RawListener.listen());
      const { socket } = await RawSocket.connect(listener.port);
      const transport = new SocketTransport(socket);
      const listeners = (): number[] => ['data', 'end', 'close'].map((name) => socket.listenerCount(name));
      const before = listeners();
      const read = new Recording(transport.packets$);
      expect(listeners()).not.toEqual(before);
      read.subscription.unsubscribe();
      expect(listeners()).toEqual(before);
    });
  });

  describe('writing', () => {
    /** A transport over a socket whose system calls are counted. */
    async function counted(): Promise<{ transport: Transport; peer: RawSocket; calls: () => number }> {
      const listener = closedLater(await RawListener.listen());
      const { socket } = closedLater(await RawSocket.connect(listener.port));
      const one = jest.spyOn(socket, '_write');
      const many = jest.spyOn(socket as Required<Socket>, '_writev');
      return {
        transport: new SocketTransport(socket),
        peer: (await listener.accept()).read(),
        calls: () => one.mock.calls.length + many.mock.calls.length,
      };
    }

    it.each([
      { count: 95, early: 0 },
      { count: 200, early: 2 },
    ])(
      'writes $count packets of one turn with one call, after one for every 96',
      async ({ count, early }) => {
        const { transport, peer, calls } = await counted();
        const sent = Array.from({ length: count }, (_, id) => numbered(id, id));
        for (const each of sent) transport.send(each);
        expect(calls()).toBe(early);
        const bytes = bytesOf(...sent);
        expect(Buffer.compare(await peer.receives(bytes.length), bytes)).toBe(0);
        expect(calls()).toBe(early + 1);
      },
    );

    it('writes a turn that sends much with one call every 64 KiB or more, large bodies with their headers', async () => {
      const { transport, peer, calls } = await counted();
      const sent = Array.from({ length: 500 }, (_, id) => numbered(id, id % 20 === 0 ? 20_000 : 2 * id));
      const bytes = bytesOf(...sent);
      for (const each of sent) transport.send(each);
      const early = calls();
      expect(early).toBeGreaterThan(1);
      expect(early).toBeLessThanOrEqual(bytes.length / (64 * 1024));
      expect(Buffer.compare(await peer.receives(bytes.length), bytes)).toBe(0);
      expect(calls()).toBe(early + 1);
    });

    it('writes what each turn sends in that turn', async () => {
      const { transport, peer, calls } = await counted();
      for (let turn = 1; turn <= 3; turn++) {
        transport.send(numbered(turn));
        transport.send(numbered(turn));
        await peer.receives(2 * turn * bytesOf(numbered(1)).length);
        expect(calls()).toBe(turn);
      }
    });

    it('does not write in the turn after it was destroyed', async () => {
      const { transport, calls } = await counted();
      transport.send(numbered(1));
      transport.destroy();
      await pause(5);
      expect(calls()).toBe(0);
    });

    /** On a socket whose writes end when they are told to. */
    function slow() {
      const finish: (() => void)[] = [];
      const held = new Duplex({
        read: () => undefined,
        write: (_, __, done) => finish.push(done),
        writev: (_, done) => finish.push(done),
      });
      const transport = closedLater(
        new SocketTransport(held as Socket, { pressure: { highWaterMark: 50_000, lowWaterMark: 10_000 } }),
      );
      return { transport, finish, pressure: new Recording(transport.pressure$) };
    }

    it('lets pressure fall at the low mark, not only when nothing is left', async () => {
      const { transport, finish, pressure } = slow();
      transport.send(numbered(1, 60_000));
      await pause(2);
      transport.send(numbered(2, 5_000));
      await pause(2);
      expect(pressure.values).toEqual([false, true]);
      finish.shift()?.();
      await pause(2);
      expect(pressure.values).toEqual([false, true, false]);
      expect(transport.queuedBytes).toBe(5_041);
      finish.shift()?.();
      await pause(2);
      expect(transport.queuedBytes).toBe(0);
      expect(pressure.values).toEqual([false, true, false]);
    });

    it('lets pressure fall where it rose behind a write that was too small to be waited for', async () => {
      const { transport, finish, pressure } = slow();
      transport.send(numbered(1, 5_000));
      await pause(2);
      transport.send(numbered(2, 60_000));
      await pause(2);
      finish.shift()?.();
      await pause(2);
      expect(pressure.values).toEqual([false, true]);
      finish.shift()?.();
      await pause(2);
      expect(pressure.values).toEqual([false, true, false]);
    });

    it('outlives a peer that is gone while it writes', async () => {
      const { transport, peer } = await accept();
      const read = new Recording(transport.packets$);
      peer.reset();
      for (let id = 0; id < 20; id++) {
        transport.send(numbered(id, 100_000));
        await pause(0);
      }
      expectFault((await read.over()).error, { kind: 'io' });
      expect(transport.queuedBytes).toBe(0);
    });
  });
});
