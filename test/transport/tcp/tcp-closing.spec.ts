import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { SocketTransport } from '../../../src/transport/tcp/tcp-transport';
import { bytesOf } from '../../support/packets';
import { pause, until } from '../../support/until';
import { closedLater, leavesNothingOpen, numbered, Recording } from '../support';
import { accept } from './support';

leavesNothingOpen();

describe('a TCP transport', () => {
  describe('closing', () => {
    it('ends its side, and waits for the peer to end its', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 2_000 });
      let isClosed = false;
      const closed = transport.close().then(() => (isClosed = true));
      expect(await peer.ended()).toBe('end');
      await pause(20);
      expect(isClosed).toBe(false);
      peer.finish();
      await closed;
    });

    it('is one close, however often it is asked for', async () => {
      const { transport } = await accept();
      const closed = transport.close();
      expect(transport.close()).toBe(closed);
      await closed;
      expect(transport.close()).toBe(closed);
    });

    it('is not bothered by a reset', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 2_000 });
      const read = new Recording(transport.packets$);
      const closed = transport.close();
      await peer.ended();
      peer.reset();
      await closed;
      expect((await read.over()).error).toBeUndefined();
    });

    it('reads and ignores what a peer still sends', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 2_000 });
      const whole = bytesOf(numbered(1, 1_000_000));
      for (let count = 0; count < 16; count++) peer.write(whole);
      const closed = transport.close();
      peer.finish();
      await closed;
      expect(peer.socket.writableLength).toBe(0);
    });

    it('cuts off a peer that never ends its side', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 50 });
      const read = new Recording(transport.packets$);
      const start = Date.now();
      transport.send(numbered(1));
      await transport.close();
      expect(Date.now() - start).toBeGreaterThanOrEqual(45);
      expect((await read.over()).error).toBeUndefined();
      expect(await peer.receives(41)).toEqual(bytesOf(numbered(1)));
      expect(await peer.ended()).toBe('end');
    });

    it('cuts off a peer that sends for ever', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 50 });
      const talk = setInterval(() => peer.write(bytesOf(numbered(1))), 5);
      await transport.close();
      clearInterval(talk);
    });

    it('cuts off a peer that takes nothing', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 50 });
      peer.pause();
      for (let id = 0; id < 16; id++) transport.send(numbered(id, 2_000_000));
      await transport.close();
      expect(transport.queuedBytes).toBe(0);
    });

    it('cuts off a peer that has ended its side and takes nothing', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 50 });
      const pressure = new Recording(transport.pressure$);
      const read = new Recording(transport.packets$);
      peer.pause();
      for (let id = 0; id < 16; id++) transport.send(numbered(id, 2_000_000));
      await pause(20);
      peer.finish();
      expect((await read.over()).error).toBeUndefined();
      await pressure.over();
      expect(transport.queuedBytes).toBe(0);
    });

    it('waits 5 seconds unless told otherwise', () => {
      jest.useFakeTimers();
      // A socket whose end nobody acknowledges.
      const socket = new Duplex({ read: () => undefined, final: () => undefined }) as Socket;
      const transport = closedLater(new SocketTransport(socket));
      void transport.close();
      jest.advanceTimersByTime(4_999);
      expect(socket.destroyed).toBe(false);
      // What lies in the socket is read first.
      jest.advanceTimersByTime(3);
      expect(socket.destroyed).toBe(true);
      jest.useRealTimers();
    });

    it('leaves no timer once the connection is gone', async () => {
      const { transport, peer } = await accept({ closeTimeoutMs: 60_000 });
      const closed = transport.close();
      await peer.ended();
      peer.finish();
      await closed;
      // The rest is asserted after every test.
      await until(() => peer.socket.destroyed, 'the end of the peer');
    });
  });
});
