/**
 * Random numbers that a seed determines. Each part of a simulation draws from a stream of its own
 * (`fork`), so that one part that draws more does not change what the others draw.
 *
 * @example
 * const random = new Random(1234);
 * const network = random.fork('network');
 * network.chance(0.1);
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** Seeds are integers; of larger ones only the lowest 53 bits count. */
  constructor(
    private readonly seed: number,
    private readonly stream = '',
  ) {
    let hash = mix(0x9e3779b9, seed >>> 0);
    hash = mix(hash, Math.floor(seed / 2 ** 32) >>> 0);
    this.a = hash;
    for (let index = 0; index < stream.length; index++) hash = mix(hash, stream.charCodeAt(index));
    this.b = hash;
    this.c = mix(hash, 0x85ebca6b);
    // The first numbers still show how alike two seeds are.
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** The same seed, another stream. */
  fork(stream: string): Random {
    return new Random(this.seed, `${this.stream}/${stream}`);
  }

  /** From 0, included, to 1, excluded. */
  next(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An integer from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True with probability `share`. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of the items; throws a `RangeError` where there is none. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('there is nothing to pick from');
    return items[this.int(0, items.length - 1)] as T;
  }

  /** One of the keys, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.next() * total;
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    throw new RangeError('every weight is 0');
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }

  /** "Small fast counter": 96 bits of state and a counter, so that no seed leads into a short cycle. */
  private uint32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }
}

function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ value, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
