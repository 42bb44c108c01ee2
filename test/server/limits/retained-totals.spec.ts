import { RetainedTotals } from '../../../src/server/limits/retained-totals';
import { VirtualTime } from '../../support/virtual-time';

class Answer {
  byteLength = 0;
  isForgotten = false;

  constructor(
    private readonly totals: RetainedTotals<Answer>,
    readonly party: string,
  ) {}

  add(bytes: number): this {
    if (this.totals.grow(this, bytes)) this.byteLength += bytes;
    return this;
  }

  forgotten(): void {
    this.isForgotten = true;
  }
}

function stage(limits = { bytes: 100, ms: 1000 }) {
  const time = new VirtualTime();
  const totals = new RetainedTotals<Answer>(limits, time);
  return { time, totals, answer: (party = 'a') => new Answer(totals, party) };
}

describe('what is kept of answers', () => {
  it('is kept for so long once they have ended', () => {
    const { time, totals, answer } = stage();
    const [one, two, running] = [answer().add(10), answer().add(20), answer().add(30)];
    totals.ended(one);
    time.advance(400);
    totals.ended(two);
    time.advance(600);
    expect([one.isForgotten, two.isForgotten, totals.byteLength]).toEqual([true, false, 50]);
    time.advance(400);
    expect([two.isForgotten, running.isForgotten, totals.byteLength]).toEqual([true, false, 30]);
    time.advance(1_000_000);
    expect(running.isForgotten).toBe(false);
    expect(time.pendingCount).toBe(0);
  });

  it('loses those that have ended first where there is no room, then the first that began', () => {
    const { totals, answer } = stage();
    const [one, two, three] = [answer().add(30), answer().add(30), answer().add(30)];
    totals.ended(two);
    three.add(20);
    expect([one, two, three].map(({ isForgotten }) => isForgotten)).toEqual([false, true, false]);
    three.add(30);
    expect([one, two, three].map(({ isForgotten }) => isForgotten)).toEqual([true, true, false]);
    expect(totals.byteLength).toBe(80);
  });

  it('costs whoever has most, and nobody else', () => {
    const { totals, answer } = stage();
    const mine = answer('me').add(20);
    for (let count = 0; count < 1000; count++) {
      const theirs = answer('them').add(15);
      if (count % 2 === 0) totals.ended(theirs);
    }
    expect(mine.isForgotten).toBe(false);
    expect(totals.byteLength).toBeLessThanOrEqual(100);
  });

  it('is nothing of an answer that is larger than all that may be kept', () => {
    const { time, totals, answer } = stage();
    const one = answer().add(60).add(60);
    expect(one.isForgotten).toBe(true);
    expect(totals.byteLength).toBe(0);
    expect(time.pendingCount).toBe(0);
  });

  it('is nothing where nothing may be kept, and waits for nobody', () => {
    const { time, totals, answer } = stage({ bytes: 100, ms: 0 });
    const one = answer().add(10);
    totals.ended(one);
    time.advance(0);
    expect([one.isForgotten, totals.byteLength]).toEqual([true, 0]);
    const other = stage({ bytes: 0, ms: 1000 });
    expect(other.answer().add(1).isForgotten).toBe(true);
  });

  it('has no timer once all has left', () => {
    const { time, totals, answer } = stage();
    const one = answer().add(10);
    totals.ended(one);
    expect(time.pendingCount).toBe(1);
    totals.leave(one);
    expect([totals.byteLength, time.pendingCount]).toEqual([0, 0]);
  });
});
