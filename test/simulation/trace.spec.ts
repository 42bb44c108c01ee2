import { Trace, type TraceEvent } from './trace';

const event = (text: string, time = 1, actor = 'x'): TraceEvent => ({ time, actor, text });

function traceOf(events: readonly TraceEvent[], keep?: number): Trace {
  const trace = new Trace(keep);
  for (const each of events) trace.add(each);
  return trace;
}

describe('a trace', () => {
  it('keeps the last events, and counts all', () => {
    const events = Array.from({ length: 35 }, (_, index) => event(`event ${index}`, index));
    const trace = traceOf(events, 10);
    expect(trace.count).toBe(35);
    expect(trace.events).toEqual(events.slice(-10));
    expect(traceOf(events, Infinity).events).toEqual(events);
    expect(traceOf(events.slice(0, 3), 10).events).toEqual(events.slice(0, 3));
  });

  it('has the hash of all that happened, in its order', () => {
    const hash = (...events: readonly TraceEvent[]): string => traceOf(events, 1).hash;
    expect(hash(event('a'), event('b'))).toBe(hash(event('a'), event('b')));
    const different = [
      hash(),
      hash(event('a'), event('b')),
      hash(event('b'), event('a')),
      hash(event('ab')),
      hash(event('a'), event('b', 2)),
      hash(event('a'), event('b', 1, 'y')),
      hash(event('a'), event('b'), event('')),
    ];
    expect(new Set(different).size).toBe(different.length);
    for (const each of different) expect(each).toMatch(/^[0-9a-f]{16}$/);
  });
});
