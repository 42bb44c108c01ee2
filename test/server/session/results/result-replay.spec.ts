import { ResultOutbox } from '../../../../src/protocol/operation/result-outbox';
import { kept, type Outgoing } from '../../../../src/server/session/results/outgoing';
import { ResultReplay } from '../../../../src/server/session/results/result-replay';
import { HEADER_LENGTH } from '../../../../src/wire/header';
import { messageTypeName } from '../../../../src/wire/message-type';
import { resultPacket } from '../../../support/packets';

const KIB = 1024;
const LONG = 20 * KIB;

/** What waits of a session: a result of each operation, of so many bytes. */
class Waiting {
  readonly outbox = new ResultOutbox<Outgoing>();
  readonly replay = new ResultReplay(this.outbox);

  constructor(sizes: readonly number[]) {
    for (const [index, size] of sizes.entries())
      this.outbox.add(kept(resultPacket({ frameId: index + 1, body: 'x'.repeat(size) })));
    this.outbox.markSent();
  }

  /** What goes over a connection that was sent so many bytes before, and which operations are refused. */
  over({ before = 0, beside = 0, known = 0, largestBody = Infinity } = {}) {
    const sent: string[] = [];
    const connection = {
      transport: { takenBytes: before, queuedBytes: 0 },
      largestPacket: HEADER_LENGTH + largestBody,
    };
    const refused = this.replay.send(connection, known, ({ header, body }) => {
      sent.push(`${messageTypeName(header.messageType)} ${body.length}`);
    });
    this.replay.left(beside);
    return { sent, refused: refused.map(({ frameId }) => frameId) };
  }

  /** Which operations are refused over so many connections, one after another. */
  times(count: number, connection: Parameters<Waiting['over']>[0] = {}): number[] {
    return Array.from({ length: count }, () => this.over(connection).refused).flat();
  }
}

describe('results that a client lacks', () => {
  it('are sent in order; the first of them not again where five connections have ended before it arrived', () => {
    const waiting = new Waiting([LONG, 5]);
    expect(waiting.times(5)).toEqual([]);
    const { sent, refused } = waiting.over();
    expect(refused).toEqual([1]);
    expect(sent).toEqual([expect.stringMatching(/^ERROR \d{2,3}$/), 'RESULT_PUSH 5']);
    expect(waiting.times(20)).toEqual([]);
  });

  it.each([
    ['are small', [16 * KIB], {}],
    ['come behind more of others', [LONG], { before: LONG + 1 }],
    ['come behind more of others, as another node says', [LONG], { beside: LONG + 1 }],
  ])('are sent again each time where they %s', (_what, sizes, connection) => {
    expect(new Waiting(sizes).times(20, connection)).toEqual([]);
  });

  it('begin anew to be counted with each that arrives', () => {
    const waiting = new Waiting([LONG, LONG, LONG]);
    for (const known of [0, 1, 2]) expect(waiting.times(5, { known })).toEqual([]);
    expect(waiting.over({ known: 2 }).refused).toEqual([3]);
  });

  it('are not counted where a connection has ended of something else', () => {
    const waiting = new Waiting([LONG]);
    for (let times = 0; times < 20; times++) {
      expect(waiting.over().refused).toEqual([]);
      waiting.replay.spare();
    }
    // Nor do those that have count for less.
    expect(waiting.times(5)).toEqual([]);
    expect(waiting.over().refused).toEqual([1]);
  });

  it('end one operation each, whose others are nothing but counted', () => {
    const waiting = new Waiting([]);
    for (const frameId of [1, 1, 2, 1])
      waiting.outbox.add(kept(resultPacket({ frameId, body: 'x'.repeat(LONG) })));
    waiting.times(5);
    const { sent, refused } = waiting.over();
    expect(refused).toEqual([1]);
    expect(sent.slice(1)).toEqual(['RESULT_DROP 0', `RESULT_PUSH ${LONG}`, 'RESULT_DROP 0']);
    expect(waiting.outbox.size).toBe(4);
    expect(waiting.outbox.byteLength).toBeLessThan(LONG + 4 * KIB);
  });

  it('are refused at once where they are larger than the client takes', () => {
    expect(new Waiting([9, 11, 9]).over({ largestBody: 10 })).toEqual({
      sent: ['RESULT_PUSH 9', 'ERROR 10', 'RESULT_PUSH 9'],
      refused: [2],
    });
  });
});
