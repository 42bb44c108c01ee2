import { settled } from './async';
import type { VirtualTime } from './virtual-time';

/** Lets so many milliseconds pass, `stepMs` at a time, and everybody take part who waits for promises. */
export async function pass(time: VirtualTime, ms: number, stepMs = 50): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    time.advance(Math.min(left, stepMs));
    await settled();
  }
}

/** What comes of it as time passes, 20 s at most. */
export async function inTime<T>(time: VirtualTime, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const end = (): void => {
    done.abort();
  };
  work.then(end, end);
  for (let turns = 0; turns < 400 && !done.signal.aborted; turns++) await pass(time, 50);
  return work;
}
