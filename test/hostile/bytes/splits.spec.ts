import { encodePacket, PacketDecoder, type NnrpFault } from '../../../src/wire';
import { Random } from '../../simulation/random';
import { figure } from '../support/figure';
import { HANGS_MS, scaled } from '../support/scale';
import { Corpus } from './corpus';

/** All that a decoder tells of a stream. */
interface Outcome {
  /** What it returned, encoded again. */
  readonly packets: Buffer;
  readonly fault: NnrpFault | undefined;
  readonly isInsidePacket: boolean;
  readonly bufferedBytes: number;
}

/** Decodes a stream that arrives in pieces which end at these places. */
function decode(stream: Uint8Array, ends: readonly number[]): Outcome {
  const decoder = new PacketDecoder();
  const packets: Uint8Array[] = [];
  let at = 0;
  for (const end of ends) {
    for (const packet of decoder.push(stream.subarray(at, end))) packets.push(encodePacket(packet));
    if (decoder.fault !== undefined) break;
    at = end;
  }
  return {
    packets: Buffer.concat(packets),
    fault: decoder.fault?.fault,
    isInsidePacket: decoder.isInsidePacket,
    bufferedBytes: decoder.bufferedBytes,
  };
}

function isAlike(a: Outcome, b: Outcome): boolean {
  return (
    a.packets.equals(b.packets) &&
    a.isInsidePacket === b.isInsidePacket &&
    a.bufferedBytes === b.bufferedBytes &&
    JSON.stringify(a.fault) === JSON.stringify(b.fault)
  );
}

/** The ends of pieces of `size` bytes. */
function pieces(length: number, size: number): number[] {
  return Array.from({ length: Math.ceil(length / size) }, (_, index) => Math.min((index + 1) * size, length));
}

/** Some ends, drawn; some pieces are empty. */
function drawnEnds(random: Random, length: number): number[] {
  const inner = Array.from({ length: random.int(2, 12) }, () => random.int(0, length));
  return [...inner.sort((a, b) => a - b), length];
}

/** Every place for one cut, every even size up to a header's, and cuts that are drawn. */
function* splitsOf(random: Random, length: number): Generator<readonly number[]> {
  for (let cut = 0; cut <= length; cut++) yield [cut, length];
  for (let size = 1; size <= 48; size++) yield pieces(length, size);
  for (let draw = 0; draw < 16; draw++) yield drawnEnds(random, length);
}

describe('a byte stream, however it is split', () => {
  it(
    'decodes alike: the same packets, the same fault, the same rest',
    () => {
      const random = new Random(20_260_101);
      const corpus = new Corpus(random.fork('corpus'));
      const streams = scaled(10_000, 1_000);
      let splits = 0;
      let broken = 0;
      let unfinished = 0;
      for (let index = 0; index < streams; index++) {
        const stream = corpus.stream();
        const whole = decode(stream, [stream.length]);
        if (whole.fault !== undefined) broken += 1;
        if (whole.isInsidePacket) unfinished += 1;
        for (const ends of splitsOf(random, stream.length)) {
          splits += 1;
          const split = decode(stream, ends);
          if (isAlike(whole, split)) continue;
          throw new Error(
            `stream ${index}, ${Buffer.from(stream).toString('hex')}, split at ${ends.join(', ')} differs`,
          );
        }
      }
      figure({
        name: 'streams that decode alike',
        value: streams,
        unit: 'streams',
        atLeast: scaled(10_000, 1_000),
      });
      figure({ name: 'splits of them', value: splits, unit: 'splits', atLeast: 64 * streams });
      // Or the streams would all be of one sort.
      figure({
        name: 'broken streams among them',
        value: broken / streams,
        unit: 'of 1',
        atLeast: 0.1,
        atMost: 0.8,
      });
      figure({
        name: 'unfinished ones',
        value: unfinished / streams,
        unit: 'of 1',
        atLeast: 0.1,
        atMost: 0.8,
      });
    },
    HANGS_MS,
  );
});
