import { setImmediate as turn } from 'node:timers/promises';
import { config } from 'rxjs';
import { Random } from '../../simulation/random';
import { describePacket } from '../../../src/testing/matching/describe-packet';
import { Stopwatch } from '../bytes/stopwatch';
import { figure } from '../support/figure';
import { HANGS_MS, scaled } from '../support/scale';
import { drawPacket } from './draw';
import { Stage, type SequenceTally } from './stage';

const SEQUENCES = scaled(200_000, 3_000);

/** Runs the sequence of a seed; throws an error that tells the steps up to where the rules were broken. */
function runSequence(seed: number): SequenceTally {
  const random = new Random(seed);
  const tally = emptyTally();
  const stage = new Stage(random.fork('tokens'), tally);
  const steps: (() => string)[] = [];
  const step = (text: () => string, action: () => void): void => {
    steps.push(text);
    action();
  };
  try {
    step(
      () => 'connect',
      () => stage.connect(),
    );
    for (let left = random.chance(0.1) ? random.int(30, 90) : random.int(4, 16); left > 0; left--) {
      const index = stage.open.length === 0 ? undefined : random.pick(stage.open);
      const dice = random.int(0, 99);
      if (index === undefined || (dice < 6 && stage.open.length < 3)) {
        step(
          () => 'connect',
          () => stage.connect(),
        );
      } else if (dice < 10) {
        step(
          () => `disconnect ${index}`,
          () => stage.disconnect(index),
        );
      } else if (dice < 14) {
        const ms = random.pick([1, 50, 5000, 31_000, 119_999, 120_000]);
        step(
          () => `${ms} ms pass`,
          () => stage.pass(ms),
        );
      } else {
        const packet = drawPacket(random, { tokens: stage.tokens, sessionIds: stage.sessionsOf(index) });
        step(
          () => `${index}: ${describePacket(packet)}`,
          () => stage.send(index, packet),
        );
      }
    }
    step(
      () => 'end',
      () => stage.end(),
    );
    return tally;
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}\n${steps.map((text) => text()).join('\n')}`, {
      cause: error,
    });
  }
}

function emptyTally(): SequenceTally {
  return { packets: 0, refused: 0, opened: 0, resumed: 0, ended: 0 };
}

describe('a server, whatever its clients say, in whatever order', () => {
  const { stackTraceLimit } = Error;
  const unhandled: unknown[] = [];

  beforeAll(() => {
    Error.stackTraceLimit = 0;
    config.onUnhandledError = (error) => unhandled.push(error);
  });

  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
    config.onUnhandledError = null;
  });

  it(
    'takes and refuses what the rules say, and holds what they say',
    async () => {
      const tally = emptyTally();
      const watch = new Stopwatch();
      for (let seed = 1; seed <= SEQUENCES; seed++) {
        const of = watch.run(() => runSequence(seed));
        // What promises hold is let go of between turns only.
        if (seed % 100 === 0) await turn();
        for (const name of Object.keys(of) as (keyof SequenceTally)[]) tally[name] += of[name];
      }
      expect(unhandled).toEqual([]);
      figure({
        name: 'sequences as the rules say',
        value: SEQUENCES,
        unit: 'sequences',
        atLeast: scaled(200_000, 3_000),
      });
      figure({ name: 'slowest sequence', value: watch.slowestMs(), unit: 'ms', atMost: 50 });
      // Or the sequences would never get anywhere.
      figure({
        name: 'packets of a sequence',
        value: tally.packets / SEQUENCES,
        unit: 'packets',
        atLeast: 5,
      });
      figure({
        name: 'refused among them',
        value: tally.refused / tally.packets,
        unit: 'of 1',
        atLeast: 0.2,
        atMost: 0.8,
      });
      figure({ name: 'sessions opened', value: tally.opened / SEQUENCES, unit: 'a sequence', atLeast: 0.5 });
      figure({ name: 'sessions resumed', value: tally.resumed, unit: 'sessions', atLeast: SEQUENCES / 50 });
    },
    HANGS_MS,
  );
});
