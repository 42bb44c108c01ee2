import { TokenBucket } from '../../../src/server/limits/token-bucket';

/** How many of `count` takes are allowed at a moment. */
function allowed(bucket: TokenBucket, count: number, now: number): number {
  return Array.from({ length: count }, () => bucket.take(now)).filter(Boolean).length;
}

describe('a token bucket', () => {
  it('gives its burst at once, and then nothing', () => {
    expect(allowed(new TokenBucket({ burst: 3, perSecond: 1 }, 0), 10, 0)).toBe(3);
  });

  it('takes back what it gave, and no more than its burst', () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 0 }, 0);
    allowed(bucket, 2, 0);
    bucket.giveBack(1);
    expect(bucket.taken).toBe(1);
    bucket.giveBack(5);
    expect(bucket.taken).toBe(0);
    expect(allowed(bucket, 10, 0)).toBe(3);
  });

  it('fills up at its rate, and not above its burst', () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 2 }, 0);
    allowed(bucket, 3, 0);
    expect([499, 500, 999, 1000].map((now) => bucket.take(now))).toEqual([false, true, false, true]);
    expect(allowed(bucket, 10, 60_000)).toBe(3);
  });

  it('gives a fraction a second in the long run', () => {
    const bucket = new TokenBucket({ burst: 1, perSecond: 0.1 }, 0);
    let count = 0;
    for (let now = 0; now < 100_000; now += 125) if (bucket.take(now)) count += 1;
    expect(count).toBe(10);
  });

  it('never fills up at a rate of 0, and never empties with a burst without end', () => {
    const never = new TokenBucket({ burst: 1, perSecond: 0 }, 0);
    expect([never.take(0), never.take(1e12)]).toEqual([true, false]);
    expect(allowed(new TokenBucket({ burst: Infinity, perSecond: 0 }, 0), 100_000, 0)).toBe(100_000);
  });

  it('takes nothing away where the clock is set back, and goes on from there', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 1 }, 10_000);
    expect(bucket.take(10_000)).toBe(true);
    expect([bucket.take(5000), bucket.take(5000)]).toEqual([true, false]);
    expect(bucket.take(6000)).toBe(true);
  });

  it('counts what was taken, or was to be, since it was last full', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 1 }, 0);
    allowed(bucket, 5, 0);
    expect(bucket.taken).toBe(5);
    expect([bucket.isFull(1999), bucket.hasToken(1999), bucket.isFull(2000)]).toEqual([false, true, true]);
    bucket.take(2000);
    expect(bucket.taken).toBe(1);
  });
});
