import { CODEC_CASES, type CodecCase, type CodecSide } from '../codec/cases';
import type { CodecParameters, CodecResult } from '../codec/program';
import { inTurns, type Bench } from '../harness/bench';
import { Child } from '../harness/child';
import type { Effort } from '../harness/effort';
import type { Figure, Unit } from '../harness/figure';
import { ratios, spread } from '../harness/statistics';

/** What header and metadata cost to read and to write, against a DataView and no checks. */
export const codec: readonly Bench[] = CODEC_CASES.map((which) => coding(which, ['nnrp-rx', 'DataView']));

/**
 * What the records of preview4 cost, against those of preview3: they have operations' names of 64 bits, which are
 * bigints. Neither end reads or writes those where it counts.
 */
export const preview4Codec: readonly Bench[] = CODEC_CASES.filter(
  (which) => which !== 'cut a stream into packets',
).map((which) => coding(which, ['nnrp-rx preview4', 'nnrp-rx'], 'preview4'));

/** The young generation is large, so that what is allocated can be counted before it is collected. */
const NODE_OPTIONS = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

function coding(which: CodecCase, sides: readonly [CodecSide, CodecSide], family = 'codec'): Bench {
  return {
    family,
    name: which,
    async run(effort, progress) {
      const found: readonly [CodecResult[], CodecResult[]] = [[], []];
      for (let round = 0; round < effort.rounds; round++) {
        for (const index of inTurns([0, 1] as const, round)) {
          found[index].push(await runOnce(which, sides[index], effort));
        }
        progress(round + 1, effort.rounds);
      }
      const figure = (name: string, unit: Unit, of: (result: CodecResult) => number): Figure => {
        const [ours, theirs] = found.map((some) => some.map(of)) as [number[], number[]];
        return {
          family,
          name,
          unit,
          subject: { name: sides[0], value: spread(ours) },
          baseline: { name: sides[1], value: spread(theirs) },
          // Undefined where bytes are written into bytes: nothing is allocated then.
          ratio: ratios(ours, theirs),
        };
      };
      return [
        figure(which, 'packet/s', ({ packetsPerSecond }) => packetsPerSecond),
        figure(`${which}, allocated for each`, 'bytes', ({ bytesPerPacket }) => bytesPerPacket),
      ];
    },
  };
}

async function runOnce(which: CodecCase, side: CodecSide, { heatMs, runMs }: Effort): Promise<CodecResult> {
  // Each run is a new process, which has to be compiled.
  const parameters: CodecParameters = { which, side, warmMs: heatMs / 4, runMs };
  const program = new Child({ file: 'codec/program', nodeOptions: NODE_OPTIONS, parameters });
  try {
    return await program.next<CodecResult>();
  } finally {
    await program.stop();
  }
}
