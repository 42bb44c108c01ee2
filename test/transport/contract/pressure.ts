import type { Transport } from '../../../src/transport/transport';
import { pause } from '../../support/until';
import { frameIds, numbered, Recording } from '../support';
import type { OneEnd } from './subject';

/** When an end tells that too much waits. */
export function describePressure({ connect, name, other }: OneEnd): void {
  let end: Transport;
  let peer: Transport;

  beforeEach(async () => {
    ({ [name]: end, [other]: peer } = await connect());
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
}
