import { take } from 'rxjs';
import type { Transport } from '../../../src/transport/transport';
import { type Packet } from '../../../src/wire/packet';
import { pause } from '../../support/until';
import { expectFault, fingerprint, frameIds, numbered, Recording } from '../support';
import type { OneEnd } from './subject';

/** What an end emits, and when its stream is over. */
export function describeReading({ connect, heardOfDestroy, destroyingCloses, name, other }: OneEnd): void {
  let end: Transport;
  let peer: Transport;

  beforeEach(async () => {
    ({ [name]: end, [other]: peer } = await connect());
  });

  const expectEndOfDestroy = async (
    recording: Recording<Packet>,
    heard: 'end' | 'io' = heardOfDestroy,
  ): Promise<void> => {
    const { error } = await recording.over();
    if (heard === 'end') expect(error).toBeUndefined();
    else expectFault(error, { kind: 'io', reach: 'connection', origin: 'peer' });
  };

  describe('packets$', () => {
    it('emits what the peer sent, in order', async () => {
      const sent = [numbered(1), numbered(2, 5), numbered(3, 300)];
      const read = new Recording(end.packets$);
      for (const each of sent) peer.send(each);
      expect((await read.count(3)).map(fingerprint)).toEqual(sent.map(fingerprint));
      expect(read.isOver).toBe(false);
    });

    it('emits plain bytes, not those of Node', async () => {
      const read = new Recording(end.packets$);
      peer.send(numbered(1, 10));
      const [{ metadata, body }] = (await read.count(1)) as readonly [Packet];
      for (const bytes of [metadata, body]) expect(bytes).not.toBeInstanceOf(Buffer);
    });

    it('keeps what comes before the subscription, in order with what comes after it', async () => {
      for (const id of [1, 2, 3]) peer.send(numbered(id, 20_000));
      await pause(20);
      const read = new Recording(end.packets$);
      for (const id of [4, 5]) peer.send(numbered(id));
      expect(frameIds(await read.count(5))).toEqual([1, 2, 3, 4, 5]);
    });

    it('keeps what comes before the subscription when the peer has closed since', async () => {
      for (const id of [1, 2]) peer.send(numbered(id, 1000));
      const closed = peer.close();
      await pause(20);
      const read = new Recording(end.packets$);
      expect(frameIds((await read.over()).values)).toEqual([1, 2]);
      expect(read.error).toBeUndefined();
      await closed;
    });

    it('completes once when the peer closes, after all that it sent', async () => {
      const read = new Recording(end.packets$);
      for (const id of [1, 2, 3]) peer.send(numbered(id));
      await peer.close();
      const { values, error } = await read.over();
      expect(frameIds(values)).toEqual([1, 2, 3]);
      expect(error).toBeUndefined();
    });

    it('ends once when the peer is destroyed', async () => {
      const read = new Recording(end.packets$);
      const atPeer = new Recording(peer.packets$);
      peer.send(numbered(1));
      await read.count(1);
      peer.destroy();
      await expectEndOfDestroy(read);
      expect((await atPeer.over()).error).toBeUndefined();
    });

    it('completes once when this end closes, and when it is destroyed', async () => {
      const read = new Recording(end.packets$);
      new Recording(peer.packets$);
      await end.close();
      expect((await read.over()).error).toBeUndefined();
      const second = await connect();
      const readOfSecond = new Recording(second[name].packets$);
      second[name].destroy();
      expect((await readOfSecond.over()).error).toBeUndefined();
    });

    it('completes for who subscribes after the end', async () => {
      end.destroy();
      await new Recording(end.pressure$).over();
      const read = new Recording(end.packets$);
      expect((await read.over()).error).toBeUndefined();
    });

    it('destroys the transport when unsubscribed', async () => {
      const atPeer = new Recording(peer.packets$);
      const read = new Recording(end.packets$);
      read.subscription.unsubscribe();
      await expectEndOfDestroy(atPeer, destroyingCloses ? 'end' : heardOfDestroy);
      await new Recording(end.pressure$).over();
      expect(read.ends).toBe(0);
    });

    it('emits nothing more once unsubscribed inside next', async () => {
      const seen: number[] = [];
      const read = new Recording(end.packets$.pipe(take(1)), ({ header }) => seen.push(header.frameId));
      for (const id of [1, 2, 3]) peer.send(numbered(id));
      await read.over();
      await new Recording(end.pressure$).over();
      expect(seen).toEqual([1]);
    });

    it('emits nothing more once destroyed inside next', async () => {
      const read = new Recording(end.packets$, () => {
        end.destroy();
      });
      for (const id of [1, 2, 3]) peer.send(numbered(id));
      const { values, error } = await read.over();
      expect(frameIds(values)).toEqual([1]);
      expect(error).toBeUndefined();
    });

    it('emits nothing more once unsubscribed or destroyed inside next, of what came before it', async () => {
      for (const id of [1, 2, 3]) peer.send(numbered(id));
      await pause(20);
      const read = new Recording(end.packets$, () => {
        end.destroy();
      });
      expect(frameIds((await read.over()).values)).toEqual([1]);
    });
  });
}
