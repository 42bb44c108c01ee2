import fc from 'fast-check';
import {
  encodePacket,
  HEADER_LENGTH,
  isHeaderOnly,
  joinBody,
  type MessageType,
  packet,
  preview3,
  Preview3MessageType,
} from '../../../src/wire';
import type { Random } from '../../simulation/random';
import { recordValues } from '../../support/arbitraries';

const SAMPLES = 40;

/** Values at which comparisons and arithmetic of bytes turn. */
const EDGE_BYTES = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];
const EDGE_WORDS = [0, 1, 0x7f, 0xff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

const TYPE_OFFSET = 6;
const META_LENGTH_OFFSET = 12;
const BODY_LENGTH_OFFSET = 16;
const LENGTH_OFFSETS = [META_LENGTH_OFFSET, BODY_LENGTH_OFFSET];

/** The kinds of mutation, each as often as it is to come. */
const MUTATIONS = (
  [
    ['bit', 6],
    ['byte', 6],
    ['word', 4],
    ['length', 3],
    ['cut', 1],
    ['grow', 2],
    ['splice', 2],
    ['swap', 1],
  ] as const
).flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind));

/** Valid packets of every type, and what becomes of them when they are mutilated; a seed decides all. */
export class Corpus {
  /** Encoded packets that keep every rule. */
  readonly packets: readonly Uint8Array[];

  constructor(private readonly random: Random) {
    this.packets = Object.values(Preview3MessageType).flatMap((type) => validPackets(type, random));
  }

  valid(): Uint8Array {
    return this.random.pick(this.packets);
  }

  /** A packet with one to four mutations, each of another kind. */
  mutated(): Uint8Array {
    let bytes = this.valid().slice();
    for (let left = this.random.int(1, 4); left > 0; left--) bytes = this.mutate(bytes);
    // What does not frame is refused before anything else of it is read.
    return this.random.chance(0.5) ? withFittingLength(bytes) : bytes;
  }

  /** Some packets, the last of which may be cut off, broken or followed by bytes of no meaning. */
  stream(): Uint8Array {
    const { random } = this;
    const parts = Array.from({ length: random.int(0, 2) }, () => this.valid());
    switch (random.weighted({ whole: 2, cut: 3, mutated: 4, noise: 1 })) {
      case 'whole':
        parts.push(this.valid());
        break;
      case 'cut': {
        const last = this.valid();
        parts.push(last.subarray(0, random.int(0, last.length)));
        break;
      }
      case 'mutated':
        parts.push(this.mutated(), this.valid());
        break;
      case 'noise':
        parts.push(random.bytes(random.int(1, 60)));
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  private mutate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const { random } = this;
    const changed = bytes.slice();
    const at = bytes.length === 0 ? 0 : random.int(0, bytes.length - 1);
    switch (random.pick(MUTATIONS)) {
      case 'bit':
        changed[at] = (changed[at] ?? 0) ^ (1 << random.int(0, 7));
        return changed;
      case 'byte':
        changed[at] = random.chance(0.7) ? random.pick(EDGE_BYTES) : random.int(0, 255);
        return changed;
      case 'word':
        setWord(changed, at & ~3, random.pick(EDGE_WORDS));
        return changed;
      case 'length':
        setWord(changed, random.pick(LENGTH_OFFSETS), drawnLength(random, bytes.length));
        return changed;
      case 'cut':
        return changed.slice(0, at);
      case 'grow': {
        const longer = new Uint8Array(bytes.length + random.int(1, 24));
        longer.set(bytes);
        return longer;
      }
      case 'splice': {
        const other = this.valid();
        changed.set(other.subarray(0, Math.min(other.length, changed.length - at)), at);
        return changed;
      }
      case 'swap':
        // The type of another message over this one's metadata.
        if (changed.length > TYPE_OFFSET) changed[TYPE_OFFSET] = this.valid()[TYPE_OFFSET]!;
        return changed;
    }
  }
}

function drawnLength(random: Random, length: number): number {
  const near = Math.max(0, length - HEADER_LENGTH + random.int(-2, 2));
  return random.chance(0.5) ? near : random.pick(EDGE_WORDS);
}

/** What there is behind the metadata is the body, where there is that much. */
function withFittingLength(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length < HEADER_LENGTH) return bytes;
  const metaLen = new DataView(bytes.buffer).getUint32(META_LENGTH_OFFSET, true);
  setWord(bytes, BODY_LENGTH_OFFSET, Math.max(0, bytes.length - HEADER_LENGTH - metaLen));
  return bytes;
}

function setWord(bytes: Uint8Array<ArrayBuffer>, at: number, value: number): void {
  if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, value, true);
}

function validPackets(type: MessageType, random: Random): Uint8Array[] {
  const record = preview3.messages[type]?.record;
  const seed = random.int(0, 2 ** 31 - 1);
  const metadata =
    record === undefined
      ? [new Uint8Array(0)]
      : fc.sample(recordValues(record), { numRuns: SAMPLES, seed }).map((value) => record.encode(value));
  return metadata.map((bytes) => {
    const fields = {
      messageType: type,
      flags: random.int(0, 0x3f),
      sessionId: random.pick([0, 1, 42]),
      frameId: random.int(0, 9),
      viewId: random.int(0, 3),
    };
    return encodePacket(packet(fields, bytes, isHeaderOnly(preview3, type) ? undefined : drawnBody(random)));
  });
}

/** Nothing, bytes of no meaning, or a body that describes itself. */
function drawnBody(random: Random): Uint8Array {
  switch (random.weighted({ none: 2, bytes: 2, regions: 3 })) {
    case 'none':
      return new Uint8Array(0);
    case 'bytes':
      return random.bytes(random.int(1, 40));
    case 'regions':
      return joinBody({
        objectReferences: random.chance(0.5) ? drawnReference(random) : new Uint8Array(0),
        typedPayloadDescriptors: random.chance(0.5) ? drawnDescriptor(random) : new Uint8Array(0),
        typedPayloadFrames: random.bytes(random.int(0, 8)),
      });
  }
}

function drawnReference(random: Random): Uint8Array {
  const { ObjectReferenceBlock } = preview3.records;
  return ObjectReferenceBlock.encode(
    ObjectReferenceBlock.of({ objectKind: random.pick([1, 2, 3, 6]), cacheKeyLo: random.int(0, 3) }),
  );
}

function drawnDescriptor(random: Random): Uint8Array {
  const { TypedPayloadDescriptor } = preview3.records;
  return TypedPayloadDescriptor.encode(
    TypedPayloadDescriptor.of({ profileId: random.pick([0, 1, 2]), length: random.int(0, 8) }),
  );
}
