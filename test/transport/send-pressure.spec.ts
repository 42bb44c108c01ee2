import { DEFAULT_PRESSURE_MARKS, SendPressure } from '../../src/transport/outgoing/send-pressure';

function record(pressure: SendPressure): (boolean | string)[] {
  const told: (boolean | string)[] = [];
  pressure.pressure$.subscribe({ next: (isHigh) => told.push(isHigh), complete: () => told.push('end') });
  return told;
}

describe('SendPressure', () => {
  it('rises above the high mark and falls at the low one', () => {
    const pressure = new SendPressure({ highWaterMark: 100, lowWaterMark: 50 });
    const told = record(pressure);
    for (const bytes of [0, 99, 100]) pressure.update(bytes);
    expect(told).toEqual([false]);
    pressure.update(101);
    expect(told).toEqual([false, true]);
    for (const bytes of [1000, 100, 51]) pressure.update(bytes);
    expect(told).toEqual([false, true]);
    pressure.update(50);
    expect(told).toEqual([false, true, false]);
    for (const bytes of [51, 100, 0]) pressure.update(bytes);
    expect(told).toEqual([false, true, false]);
    pressure.update(101);
    expect(told).toEqual([false, true, false, true]);
  });

  it('tells a late subscriber how things are', () => {
    const pressure = new SendPressure({ highWaterMark: 1, lowWaterMark: 0 });
    pressure.update(2);
    expect(record(pressure)).toEqual([true]);
  });

  it('completes, and tells nothing from then on', () => {
    const pressure = new SendPressure({ highWaterMark: 1, lowWaterMark: 0 });
    const told = record(pressure);
    pressure.complete();
    pressure.update(2);
    expect(told).toEqual([false, 'end']);
    expect(record(pressure)).toEqual(['end']);
  });

  it('knows what is too little to matter, whichever mark is lower', () => {
    for (const marks of [
      { highWaterMark: 100, lowWaterMark: 50 },
      { highWaterMark: 50, lowWaterMark: 100 },
    ]) {
      const pressure = new SendPressure(marks);
      expect([0, 50, 51, 101].map((bytes) => pressure.allows(bytes))).toEqual([true, true, false, false]);
    }
  });

  it.each([
    ['only the high mark', { highWaterMark: 300_000 }, 300_000, 75_000],
    ['only a high mark that is under the usual low one', { highWaterMark: 100 }, 100, 25],
    ['only the low mark', { lowWaterMark: 50 }, 1_048_576, 50],
    ['a low mark above the high one', { highWaterMark: 100, lowWaterMark: 200 }, 100, 100],
    ['neither', {}, 1_048_576, 262_144],
  ])('is fitted where it is given %s', (_, marks, high, low) => {
    const pressure = new SendPressure(marks);
    const told = record(pressure);
    for (const bytes of [high, high + 1, high + 2, low + 1]) pressure.update(bytes);
    expect(told).toEqual([false, true]);
    pressure.update(low);
    expect(told).toEqual([false, true, false]);
  });

  it.each([
    ['far above it', Infinity, 1_048_576, 262_144],
    ['twice as much', 2_097_152, 1_048_576, 262_144],
    ['less', 262_144, 131_072, 32_768],
  ])('comes before its peer is cut at %s', (_, most, high, low) => {
    const pressure = new SendPressure();
    pressure.fit(most);
    const told = record(pressure);
    for (const bytes of [high, high + 1, low + 1, low]) pressure.update(bytes);
    expect(told).toEqual([false, true, false]);
  });

  it('is high above 1 MiB and low at 256 KiB by default', () => {
    expect(DEFAULT_PRESSURE_MARKS).toEqual({ highWaterMark: 1_048_576, lowWaterMark: 262_144 });
    const pressure = new SendPressure();
    const told = record(pressure);
    pressure.update(1_048_576);
    pressure.update(1_048_577);
    pressure.update(262_145);
    pressure.update(262_144);
    expect(told).toEqual([false, true, false]);
  });
});
