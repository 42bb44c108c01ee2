import { QueuedAnswers } from '../../../src/server/limits/queued-answers';

/** What is sent and taken, as a transport counts it. */
class Pipe {
  queuedBytes = 0;
  readonly takenBytes?: number;
  private taken = 0;

  constructor(counts: boolean) {
    if (counts) Object.defineProperty(this, 'takenBytes', { get: () => this.taken });
  }

  send(bytes: number): void {
    this.queuedBytes += bytes;
  }

  take(bytes: number): void {
    this.queuedBytes -= bytes;
    this.taken += bytes;
  }
}

const ANSWER = 40;

function pipe({ counts = true } = {}) {
  const transport = new Pipe(counts);
  const answers = new QueuedAnswers(transport);
  const answer = (count: number): void => {
    for (let number = 0; number < count; number++) {
      transport.send(ANSWER);
      answers.sent(ANSWER);
    }
  };
  return { transport, answers, answer };
}

describe.each([
  ['counts', true],
  ['does not count', false],
])('answers on a transport that %s what is taken', (_, counts) => {
  it('reach a number as they wait, and not once they are taken', () => {
    const { transport, answers, answer } = pipe({ counts });
    answer(99);
    expect(answers.reach(100)).toBe(false);
    answer(1);
    expect(answers.reach(100)).toBe(true);
    transport.take(100 * ANSWER);
    expect(answers.reach(100)).toBe(false);
    expect(answers.count).toBe(0);
  });

  it('are forgotten as less waits', () => {
    const { transport, answers, answer } = pipe({ counts });
    answer(1000);
    expect(answers.reach(1000)).toBe(true);
    transport.take(600 * ANSWER);
    expect(answers.reach(600)).toBe(false);
    transport.take(400 * ANSWER);
    expect(answers.reach(1)).toBe(false);
  });

  it('never reach it where each is taken before the next, and somebody looks', () => {
    const { transport, answers, answer } = pipe({ counts });
    for (let number = 0; number < 1000; number++) {
      answer(1);
      expect(answers.reach(2)).toBe(false);
      transport.take(ANSWER);
      expect(answers.reach(1)).toBe(false);
    }
  });
});

describe('answers behind a stream', () => {
  it('count only as long as they wait, however full the queue always is', () => {
    const { transport, answers, answer } = pipe();
    transport.send(1_000_000);
    let most = 0;
    for (let number = 0; number < 2000; number++) {
      answer(1);
      transport.send(20_000);
      transport.take(20_000 + ANSWER);
      answers.reach(1);
      most = Math.max(most, answers.count);
    }
    // 50 of them fit between the front of the queue and its end.
    expect(most).toBeGreaterThanOrEqual(49);
    expect(most).toBeLessThanOrEqual(52);
  });

  it('are no reason to stop where results are most of what waits, and are where they are', () => {
    const { transport, answers, answer } = pipe();
    transport.send(100 * ANSWER);
    answer(99);
    expect(answers.reach(10)).toBe(false);
    answer(1);
    expect(answers.reach(10)).toBe(true);
  });

  it('are kept track of in few lots, however many they are', () => {
    const { transport, answers, answer } = pipe();
    transport.send(10_000_000);
    answer(100_000);
    expect(answers.count).toBe(100_000);
    expect(answers['lots'].length).toBeLessThan(300);
    transport.take(10_000_000 + 50_000 * ANSWER);
    answers.reach(1);
    expect(answers.count).toBeGreaterThan(49_000);
    expect(answers.count).toBeLessThan(51_000);
  });
});
