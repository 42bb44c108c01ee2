import { memoryPair } from '../../../src/transport/memory';
import { LinkOutlet } from '../../../src/client/link/link-outlet';
import { LinkReading } from '../../../src/client/link/link-reading';
import { VirtualTime } from '../../support/virtual-time';

function stage() {
  const time = new VirtualTime();
  const log: string[] = [];
  const [transport] = memoryPair();
  const outlet = new LinkOutlet(
    Object.create(transport, {
      pause: { value: () => log.push('pause') },
      resume: { value: () => log.push('resume') },
      send: { value: () => log.push(`sign at ${time.now()}`) },
    }) as typeof transport,
    time,
  );
  outlet.announce({});
  const reading = new LinkReading(outlet, time);
  return { time, log, reading };
}

describe('the reading of a link', () => {
  it('pauses while anybody holds it', () => {
    const { log, reading } = stage();
    const [a, b] = [{}, {}];
    for (const holder of [a, b, a]) reading.hold(holder);
    expect(reading.isPaused).toBe(true);
    reading.release(a);
    expect([...log, reading.isPaused]).toEqual(['pause', true]);
    for (const holder of [b, b]) reading.release(holder);
    expect([...log, reading.isPaused]).toEqual(['pause', 'resume', false]);
  });

  it('gives signs of life meanwhile, as it hears no question', () => {
    const { log, reading, time } = stage();
    reading.hold(log);
    time.advance(12_000);
    reading.release(log);
    time.advance(12_000);
    expect(log).toEqual(['pause', 'sign at 5000', 'sign at 10000', 'resume']);
    expect(time.pendingCount).toBe(0);
  });

  it('does nothing once the link is over', () => {
    const { log, reading, time } = stage();
    reading.hold(log);
    reading.unsubscribe();
    reading.hold({});
    time.advance(12_000);
    expect([...log, time.pendingCount]).toEqual(['pause', 0]);
  });
});
