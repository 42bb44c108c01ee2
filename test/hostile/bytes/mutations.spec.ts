import { Random } from '../../simulation/random';
import { figure } from '../support/figure';
import { HANGS_MS, scaled } from '../support/scale';
import { Corpus } from './corpus';
import { examine, type Verdict } from './oracle';
import { Stopwatch } from './stopwatch';

const SEED = 1_000_003;
const PACKETS = scaled(5_000_000, 200_000);

describe('mutated packets of every type', () => {
  const { stackTraceLimit } = Error;

  beforeAll(() => {
    // Most packets are refused; nobody reads where.
    Error.stackTraceLimit = 0;
  });

  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });

  it(
    'are decoded or refused, never more, and what is decoded encodes to what it was',
    () => {
      const corpus = new Corpus(new Random(SEED));
      const watch = new Stopwatch();
      const verdicts: Record<Verdict, number> = {
        'no packet': 0,
        'no metadata': 0,
        'body refused': 0,
        accepted: 0,
      };
      for (let index = 0; index < PACKETS; index++) {
        const bytes = corpus.mutated();
        try {
          verdicts[watch.run(() => examine(bytes))] += 1;
        } catch (error) {
          throw new Error(`packet ${index}, ${Buffer.from(bytes).toString('hex')}: ${String(error)}`, {
            cause: error,
          });
        }
      }
      figure({
        name: 'mutated packets examined',
        value: PACKETS,
        unit: 'packets',
        atLeast: scaled(5_000_000, 200_000),
      });
      figure({ name: 'slowest of them', value: watch.slowestMs(), unit: 'ms', atMost: 50 });
      // Or the mutations would only ever try the first check.
      for (const [verdict, count] of Object.entries(verdicts)) {
        figure({ name: `share of "${verdict}"`, value: count / PACKETS, unit: 'of 1', atLeast: 0.02 });
      }
    },
    HANGS_MS,
  );

  it('every valid packet that they are made of is accepted as far as its metadata goes', () => {
    for (const bytes of new Corpus(new Random(SEED)).packets) {
      expect(['body refused', 'accepted']).toContain(examine(bytes));
    }
  });
});
