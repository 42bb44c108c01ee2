import fc from 'fast-check';
import { take } from 'rxjs';
import type { SocketTransportOptions } from '../../src/transport/tcp/tcp-transport';
import type { Transport } from '../../src/transport/transport';
import { NnrpError } from '../../src/wire/errors';
import { type MessageType } from '../../src/wire/message-type';
import { packet, type Packet } from '../../src/wire/packet';
import { packets } from '../support/arbitraries';
import { pause, until } from '../support/until';
import { expectFault, fingerprint, frameIds, numbered, Recording, type Link } from './support';

export interface Subject {
  /** Two ends of a fresh connection, which is closed after the test. */
  connect(options?: Partial<SocketTransportOptions>): Promise<Link>;
  /** What the other end hears when this one is destroyed: an end, or a fault of the network. */
  readonly heardOfDestroy: 'end' | 'io';
}

/** What every transport keeps to, whatever it carries its packets over. */
export function describeTransport({ connect, heardOfDestroy }: Subject): void {
  const expectEndOfDestroy = async (recording: Recording<Packet>): Promise<void> => {
    const { error } = await recording.over();
    if (heardOfDestroy === 'end') expect(error).toBeUndefined();
    else expectFault(error, { kind: 'io', reach: 'connection', origin: 'peer' });
  };

  describe.each<keyof Link>(['connected', 'accepted'])('of the two ends, the %s one', (name) => {
    const other: keyof Link = name === 'connected' ? 'accepted' : 'connected';
    let end: Transport;
    let peer: Transport;

    beforeEach(async () => {
      const link = await connect();
      end = link[name];
      peer = link[other];
    });

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
        await expectEndOfDestroy(atPeer);
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

    describe('send', () => {
      it('answers from inside next, in the order of the questions', async () => {
        new Recording(end.packets$, (question) => {
          end.send(numbered(question.header.frameId + 100));
        });
        const answers = new Recording(peer.packets$);
        for (const id of [1, 2, 3]) peer.send(numbered(id));
        expect(frameIds(await answers.count(3))).toEqual([101, 102, 103]);
      });

      it('keeps the order and the bytes of large and small bodies', async () => {
        const lengths = [0, 16 * 1024, 16 * 1024 + 1, 3, 300_000, 16 * 1024 + 1, 0, 1, 70_000];
        const sent = lengths.map((length, index) => numbered(index + 1, length));
        const read = new Recording(peer.packets$);
        for (const each of sent) end.send(each);
        expect((await read.count(sent.length)).map(fingerprint)).toEqual(sent.map(fingerprint));
      });

      it('keeps any sequence of packets as it was sent, over any number of turns', async () => {
        const part = fc.oneof(fc.nat(64), fc.integer({ min: 16_300, max: 16_500 }), fc.nat(150_000));
        const sized = fc.tuple(packets(20), part).map(([small, length]) => {
          const {
            headerLen: _,
            versionMajor: __,
            wireFormat: ___,
            metaLen: ____,
            bodyLen: _____,
            ...fields
          } = small.header;
          return packet(fields, small.metadata, numbered(fields.frameId & 0xff, length).body);
        });
        const turns = fc.array(fc.array(sized, { maxLength: 6 }), { maxLength: 4 });
        await fc.assert(
          fc.asyncProperty(turns, async (sent) => {
            const link = await connect();
            const read = new Recording(link[other].packets$);
            for (const turn of sent) {
              for (const each of turn) link[name].send(each);
              await pause(0);
            }
            await link[name].close();
            expect((await read.over()).values.map(fingerprint)).toEqual(sent.flat().map(fingerprint));
          }),
          { numRuns: 8 },
        );
      });

      it('refuses a packet that cannot be encoded, and only that', async () => {
        const read = new Recording(peer.packets$);
        const { header, metadata, body } = numbered(2, 4);
        const broken: readonly Packet[] = [
          { header: { ...header, bodyLen: 5 }, metadata, body },
          { header: { ...header, metaLen: 0, bodyLen: 5 }, metadata, body },
          { header: { ...header, sessionId: -1 }, metadata, body },
          { header: { ...header, flags: 0x40 }, metadata, body },
          { header: { ...header, messageType: 0xee as MessageType }, metadata, body },
        ];
        end.send(numbered(1));
        for (const each of broken) expect(() => end.send(each)).toThrow(NnrpError);
        end.send(numbered(3));
        expect(frameIds(await read.count(2))).toEqual([1, 3]);
      });

      it('does nothing after the end', async () => {
        const read = new Recording(end.packets$);
        await peer.close();
        await read.over();
        await new Recording(end.pressure$).over();
        end.send(numbered(1));
        expect(end.queuedBytes).toBe(0);
      });

      it('does nothing once this end closes or is destroyed', async () => {
        const read = new Recording(peer.packets$);
        const closed = end.close();
        const queued = end.queuedBytes;
        end.send(numbered(1));
        expect(end.queuedBytes).toBe(queued);
        await closed;
        expect((await read.over()).values).toEqual([]);
        const second = await connect();
        const readOfSecond = new Recording(second[other].packets$);
        second[name].destroy();
        second[name].send(numbered(1));
        expect(second[name].queuedBytes).toBe(0);
        expect((await readOfSecond.over()).values).toEqual([]);
      });
    });

    describe('queuedBytes', () => {
      it('counts what waits, and nothing once it has gone', async () => {
        new Recording(peer.packets$);
        expect(end.queuedBytes).toBe(0);
        end.send(numbered(1, 59));
        const one = end.queuedBytes;
        // 40 of header, 1 of metadata, 59 of body, and whatever frames the transport has.
        expect(one).toBeGreaterThanOrEqual(100);
        expect(one).toBeLessThanOrEqual(116);
        end.send(numbered(2, 59));
        expect(end.queuedBytes).toBe(2 * one);
        await until(() => end.queuedBytes === 0, 'an empty queue');
      });

      it('is nothing after destroy, whether it was to be written or was being', async () => {
        for (let id = 0; id < 16; id++) end.send(numbered(id, 2_000_000));
        await pause(10);
        end.send(numbered(1, 100_000));
        expect(end.queuedBytes).toBeGreaterThan(100_000 + 41);
        end.destroy();
        expect(end.queuedBytes).toBe(0);
      });
    });

    describe('pressure$', () => {
      it('tells the state at once, and completes with the connection', async () => {
        const pressure = new Recording(end.pressure$);
        expect(pressure.values).toEqual([false]);
        new Recording(end.packets$);
        await peer.close();
        expect((await pressure.over()).values).toEqual([false]);
        expect((await new Recording(end.pressure$).over()).error).toBeUndefined();
      });

      it('rises in the turn that sends too much, before anything is written', async () => {
        const { [name]: narrow, [other]: reader } = await connect({
          pressure: { highWaterMark: 1000, lowWaterMark: 100 },
        });
        const pressure = new Recording(narrow.pressure$);
        narrow.send(numbered(1, 500));
        expect(pressure.values).toEqual([false]);
        narrow.send(numbered(2, 500));
        expect(pressure.values).toEqual([false, true]);
        expect(new Recording(narrow.pressure$).values).toEqual([true]);
        new Recording(reader.packets$);
        await pressure.count(3);
        expect(pressure.values).toEqual([false, true, false]);
        expect(narrow.queuedBytes).toBeLessThanOrEqual(100);
      });

      it('lasts while the peer does not read, and falls below the low mark when it does', async () => {
        const marks = { highWaterMark: 1024 * 1024, lowWaterMark: 256 * 1024 };
        const { [name]: writer, [other]: reader } = await connect({ pressure: marks });
        let atFall = -1;
        const pressure = new Recording(writer.pressure$, (isHigh) => {
          if (!isHigh) atFall = writer.queuedBytes;
        });
        // As much as the system takes, and then some.
        let sent = 0;
        for (let quiet = 0; quiet < 5; await pause(5)) {
          const before = writer.queuedBytes;
          if (before < 2 * marks.highWaterMark) {
            for (let more = 0; more < 8; more++) writer.send(numbered(++sent, 256 * 1024));
          }
          quiet = before >= 2 * marks.highWaterMark ? quiet + 1 : 0;
        }
        expect(writer.queuedBytes).toBeGreaterThan(marks.highWaterMark);
        expect(pressure.values.at(-1)).toBe(true);
        const changes = pressure.values.length;
        const read = new Recording(reader.packets$);
        await pressure.count(changes + 1);
        expect(pressure.values.length).toBe(changes + 1);
        expect(pressure.values.at(-1)).toBe(false);
        expect(atFall).toBeLessThanOrEqual(marks.lowWaterMark);
        expect(frameIds(await read.count(sent))).toEqual(Array.from({ length: sent }, (_, at) => at + 1));
      });

      it('does not fall because the connection is destroyed', async () => {
        const { [name]: narrow } = await connect({ pressure: { highWaterMark: 10, lowWaterMark: 5 } });
        const pressure = new Recording(narrow.pressure$);
        for (let id = 0; id < 16; id++) narrow.send(numbered(id, 2_000_000));
        await pause(10);
        narrow.destroy();
        expect((await pressure.over()).values).toEqual([false, true]);
      });

      it('may be answered by sending', async () => {
        const { [name]: narrow, [other]: reader } = await connect({
          pressure: { highWaterMark: 100, lowWaterMark: 50 },
        });
        const read = new Recording(reader.packets$);
        new Recording(narrow.pressure$, (isHigh) => {
          if (isHigh) narrow.send(numbered(2));
        });
        narrow.send(numbered(1, 200));
        expect(frameIds(await read.count(2))).toEqual([1, 2]);
      });
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

      it('loses what this turn has sent', async () => {
        const read = new Recording(peer.packets$);
        end.send(numbered(1));
        end.destroy();
        expect((await read.over()).values).toEqual([]);
      });
    });
  });
}
