import type { Transport } from '../../../src/transport/transport';
import { fingerprint, frameIds, numbered, Recording } from '../support';
import type { OneEnd } from './subject';

/** How an end is closed, or destroyed. */
export function describeClosing({ connect, destroyingCloses, name, other }: OneEnd): void {
  let end: Transport;
  let peer: Transport;

  beforeEach(async () => {
    ({ [name]: end, [other]: peer } = await connect());
  });

  describe('close', () => {
    it('sends what is queued before it ends', async () => {
      const read = new Recording(peer.packets$);
      const sent = Array.from({ length: 20 }, (_, index) => numbered(index, 100_000));
      for (const each of sent) end.send(each);
      await end.close();
      const { values, error } = await read.over();
      expect(values.map(fingerprint)).toEqual(sent.map(fingerprint));
      expect(error).toBeUndefined();
      expect(end.queuedBytes).toBe(0);
    });

    it('resolves when the connection is gone', async () => {
      new Recording(peer.packets$);
      const pressure = new Recording(end.pressure$);
      await end.close();
      expect(pressure.isOver).toBe(true);
    });

    it('may be called again, at once and later', async () => {
      new Recording(peer.packets$);
      await Promise.all([end.close(), end.close(), end.close()]);
      await end.close();
    });

    it('may be called from both ends at once', async () => {
      const reads = [new Recording(end.packets$), new Recording(peer.packets$)];
      await Promise.all([end.close(), peer.close()]);
      for (const read of reads) expect((await read.over()).error).toBeUndefined();
    });

    it('resolves where the peer has closed already', async () => {
      const read = new Recording(end.packets$);
      await peer.close();
      await end.close();
      expect((await read.over()).error).toBeUndefined();
      await end.close();
    });

    it('resolves where nobody ever reads', async () => {
      peer.send(numbered(1, 50_000));
      await Promise.all([end.close(), peer.close()]);
    });

    it('resolves after destroy', async () => {
      end.destroy();
      await end.close();
    });

    it('may be called inside next, and what was sent before leaves', async () => {
      const answers = new Recording(peer.packets$);
      let closed: Promise<void> | undefined;
      const read = new Recording(end.packets$, () => {
        end.send(numbered(7, 30_000));
        closed ??= end.close();
      });
      peer.send(numbered(1));
      expect((await read.over()).error).toBeUndefined();
      expect(frameIds((await answers.over()).values)).toEqual([7]);
      expect(answers.error).toBeUndefined();
      await closed;
    });

    it('is left to finish by who unsubscribes', async () => {
      const { [name]: writer, [other]: reader } = await connect({ closeTimeoutMs: 4_000 });
      const answers = new Recording(reader.packets$);
      const read = new Recording(writer.packets$);
      // More than the system takes at once.
      const sent = Array.from({ length: 16 }, (_, index) => numbered(index, 1_000_000));
      for (const each of sent) writer.send(each);
      const closed = writer.close();
      read.subscription.unsubscribe();
      await closed;
      expect((await answers.over()).values.map(fingerprint)).toEqual(sent.map(fingerprint));
      expect(answers.error).toBeUndefined();
      expect(read.ends).toBe(0);
    });

    it('can be cut short by destroy', async () => {
      end.send(numbered(1, 4_000_000));
      const closed = end.close();
      end.destroy();
      await closed;
      expect(end.queuedBytes).toBe(0);
    });
  });

  describe('destroy', () => {
    it('may be called again', async () => {
      const read = new Recording(end.packets$);
      end.destroy();
      end.destroy();
      await read.over();
      end.destroy();
      expect(read.ends).toBe(1);
    });

    it(`${destroyingCloses ? 'sends' : 'loses'} what this turn has sent`, async () => {
      const read = new Recording(peer.packets$);
      end.send(numbered(1));
      end.destroy();
      expect(frameIds((await read.over()).values)).toEqual(destroyingCloses ? [1] : []);
    });
  });
}
