import fc from 'fast-check';
import type { Transport } from '../../../src/transport/transport';
import { NnrpError } from '../../../src/wire/errors';
import { type MessageType } from '../../../src/wire/message-type';
import { packet, type Packet } from '../../../src/wire/packet';
import { packets } from '../../support/arbitraries';
import { pause, until } from '../../support/until';
import { fingerprint, frameIds, numbered, Recording } from '../support';
import type { OneEnd } from './subject';

/** What becomes of packets that an end sends. */
export function describeSending({ connect, name, other }: OneEnd): void {
  let end: Transport;
  let peer: Transport;

  beforeEach(async () => {
    ({ [name]: end, [other]: peer } = await connect());
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

    it('has read what it sends when it returns, so that the sender may write to it', async () => {
      const sent = [1, 64, 16 * 1024, 16 * 1024 + 1, 60_000, 1_000_000].map((length) => numbered(1, length));
      const wanted = sent.map(fingerprint);
      const read = new Recording(peer.packets$);
      for (const each of sent) {
        end.send(each);
        each.body.fill(255);
      }
      expect((await read.count(sent.length)).map(fingerprint)).toEqual(wanted);
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
        { header: { ...header, messageType: 0x100 as MessageType }, metadata, body },
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
}
