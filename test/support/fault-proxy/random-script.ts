import type { Random } from '../../simulation/random';
import type { Script, Step } from './step';

export interface RandomScriptOptions {
  /** Bytes after which a connection is cut, at most; the direction is drawn as well. Default: never. */
  readonly cutWithin?: number;
  /** Milliseconds of a stall, at most. Default 20. */
  readonly maxStallMs?: number;
}

/** A script of delays, pieces, heaps, stalls and perhaps a cut, which the random numbers determine. */
export function randomScript(random: Random, options: RandomScriptOptions = {}): Script {
  const { cutWithin } = options;
  const isCutUpward = random.chance(0.5);
  const cutAt = cutWithin === undefined ? Infinity : random.int(0, random.int(1, cutWithin));
  return {
    toServer: lane(random.fork('to server'), options, isCutUpward ? cutAt : Infinity),
    toClient: lane(random.fork('to client'), options, isCutUpward ? Infinity : cutAt),
  };
}

function* lane(random: Random, { maxStallMs = 20 }: RandomScriptOptions, cutAt: number): Generator<Step> {
  let left = cutAt;
  while (left > 0) {
    const kind = random.weighted({ pass: 20, pieces: 4, gather: 4, delay: 3, stall: 1 });
    // Small numbers as often as large ones.
    const bytes = Math.min(left, random.int(1, random.int(1, 8192)));
    if (kind === 'pass') yield { kind: 'pass', bytes };
    else if (kind === 'gather') yield { kind: 'gather', bytes, atMostMs: random.int(1, 5) };
    else if (kind === 'delay') yield { kind: 'wait', ms: random.int(1, 3) };
    else if (kind === 'stall') yield { kind: 'wait', ms: random.int(1, maxStallMs) };
    else for (let piece = 0; piece < Math.min(bytes, 100); piece++) yield { kind: 'pass', bytes: 1 };
    if (kind === 'pass' || kind === 'gather') left -= bytes;
    else if (kind === 'pieces') left -= Math.min(bytes, 100);
  }
  yield { kind: 'cut', how: random.chance(0.5) ? 'fin' : 'reset' };
}
