import { HeldTotals, type HeldExcess } from '../../../src/server/limits/held-totals';

/** What waits of an answer, in bytes. */
class Answer {
  byteLength = 0;
  readonly excesses: HeldExcess[] = [];

  constructor(
    private readonly totals: HeldTotals<Answer>,
    readonly party: string,
  ) {}

  add(bytes: number): this {
    const evicted = this.totals.grow(this, bytes);
    for (const { answer, excess } of evicted) answer.heldTooMuch(excess);
    if (!evicted.some(({ answer }) => answer === this)) this.byteLength += bytes;
    return this;
  }

  leave(): void {
    this.totals.leave(this);
    this.byteLength = 0;
  }

  heldTooMuch(excess: HeldExcess): void {
    this.excesses.push(excess);
    this.leave();
  }
}

function stage() {
  const totals = new HeldTotals<Answer>({ maxHeldBytes: 100, maxTotalHeldBytes: 250 });
  return (party: string, ...bytes: number[]): Answer => {
    const answer = new Answer(totals, party);
    for (const each of bytes) answer.add(each);
    return answer;
  };
}

describe('results that wait because clients hold their operations', () => {
  it('have a bound for each answer, past which that one goes', () => {
    const answer = stage()('a', 60, 40);
    expect(answer.excesses).toEqual([]);
    expect(answer.add(1).excesses).toEqual([{ limit: 'maxHeldBytes', allowed: 100, observed: 101 }]);
  });

  it('have a bound for all, past which the largest of the party with most goes', () => {
    const answerOf = stage();
    const [large, larger, small] = [answerOf('hog', 80), answerOf('hog', 90), answerOf('neighbour', 70)];
    small.add(20);
    expect(larger.excesses).toEqual([{ limit: 'maxTotalHeldBytes', allowed: 250, observed: 260 }]);
    expect([large.excesses, small.excesses]).toEqual([[], []]);
    expect([large, larger, small].map(({ byteLength }) => byteLength)).toEqual([80, 0, 90]);
  });

  it('of a party with many small answers go before the one large answer of another', () => {
    const answerOf = stage();
    const large = answerOf('neighbour', 100);
    const small = Array.from({ length: 5 }, () => answerOf('hog', 30));
    large.leave();
    expect(answerOf('neighbour', 100, 0).excesses).toEqual([]);
    expect(small[0]!.add(1).excesses).toHaveLength(1);
    expect(small.slice(1).flatMap(({ excesses }) => excesses)).toEqual([]);
  });

  it('of equals go with the one that asks for more', () => {
    const answerOf = stage();
    const [one, other] = [answerOf('one', 100), answerOf('other', 51)];
    expect(answerOf('third', 99, 1).excesses).toHaveLength(1);
    expect([one, other].flatMap(({ excesses }) => excesses)).toEqual([]);
  });

  it('make room for others where they go, or are sent', () => {
    const answerOf = stage();
    const [one, other] = [answerOf('a', 100), answerOf('b', 100)];
    one.leave();
    other.leave();
    other.leave();
    expect(answerOf('c', 100).excesses).toEqual([]);
    expect(answerOf('d', 100).add(0).excesses).toEqual([]);
    expect(answerOf('e', 50).excesses).toEqual([]);
  });
});
