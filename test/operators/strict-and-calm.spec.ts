import { from, type MonoTypeOperatorFunction } from 'rxjs';
import { judgePackets } from '../../operators/judge-packets';
import { limitPackets, type PacketBudget, type PacketExcess } from '../../operators/limit-packets';
import { DEFAULT_REVISION } from '../../operators/pipeline-options';
import { splitBySession } from '../../operators/split-by-session';
import type { Role } from '../../src/protocol/packet-checks';
import { describeError, type RuntimeError } from '../../src/protocol/runtime-error';
import { MessageType } from '../../src/wire/message-type';
import { packet, type Packet } from '../../src/wire/packet';
import { PacketDecoder } from '../../src/wire/packet-decoder';
import { Corpus } from '../hostile/bytes/corpus';
import { Random } from '../simulation/random';
import { fromHex } from '../support/hex';
import vectors from '../vectors/records.json';

// Strict is calm until the first fault: both take and refuse the same packets, in the same words.

const FUZZED = 4000;

interface Pipeline {
  readonly handed: Packet[];
  pipe(onViolation?: (fault: RuntimeError | PacketExcess) => void): MonoTypeOperatorFunction<Packet>;
}

/** What one end runs, with a budget for a few of each kind at a time. */
function pipelineOf(role: Role): Pipeline {
  const handed: Packet[] = [];
  const counts = new Map<unknown, number>();
  const budget: PacketBudget = {
    charge: (_, rate) => {
      const observed = (counts.get(rate) ?? 0) + 1;
      counts.set(rate, observed % 50);
      return observed === 50 ? { limit: rate ?? 'unknown', allowed: 49, observed } : undefined;
    },
  };
  const sessions = new Map([[42, handed]]);
  return {
    handed,
    pipe: (onViolation) => (source$) => {
      const options = { role, ...(onViolation && { onViolation }) };
      return source$.pipe(
        limitPackets(budget, options),
        judgePackets(options),
        splitBySession(sessions, (session, each) => session.push(each), options),
      );
    },
  };
}

function wordOf(fault: RuntimeError | PacketExcess, role: Role): string {
  return 'limit' in fault
    ? `${role} received more than ${fault.limit} (${fault.allowed}) allows`
    : fault.message;
}

function calm(packets: readonly Packet[], role: Role): unknown[] {
  const { handed, pipe } = pipelineOf(role);
  const seen: unknown[] = [];
  from(packets)
    .pipe(pipe((fault) => seen.push(wordOf(fault, role))))
    .subscribe((each) => seen.push(each));
  return [seen, handed];
}

/** Subscribes again to what is left, after each fault. */
function strict(packets: readonly Packet[], role: Role): unknown[] {
  const { handed, pipe } = pipelineOf(role);
  const seen: unknown[] = [];
  const left = packets[Symbol.iterator]();
  // An iterator that is closed goes on where it was.
  const rest: Iterable<Packet> = { [Symbol.iterator]: () => ({ next: () => left.next() }) };
  let isOver = false;
  while (!isOver) {
    from(rest)
      .pipe(pipe())
      .subscribe({
        next: (each) => seen.push(each),
        error: (error: unknown) => seen.push(describeError(error)),
        complete: () => (isOver = true),
      });
  }
  return [seen, handed];
}

/** Every record of the vectors, well-formed or not, as the metadata of each message that has it. */
function vectorPackets(): Packet[] {
  return vectors.cases.flatMap(({ record, hex }) => {
    const types = Object.values(MessageType).filter(
      (type) => DEFAULT_REVISION.messages[type]?.record?.name === record,
    );
    return types.flatMap((messageType) =>
      [0, 7, 42].map((sessionId) => packet({ messageType, sessionId }, fromHex(hex))),
    );
  });
}

function fuzzedPackets(): Packet[] {
  const corpus = new Corpus(new Random(14));
  return Array.from({ length: FUZZED }, () => corpus.stream()).flatMap((bytes) => {
    const decoder = new PacketDecoder();
    return [...decoder.push(bytes)];
  });
}

describe('strict and calm', () => {
  const all = { 'every vector': vectorPackets(), 'every fuzzed packet': fuzzedPackets() };

  it.each(Object.entries(all))('agree on %s', (_, packets) => {
    expect(packets.length).toBeGreaterThan(1000);
    for (const role of ['server', 'client'] as const) {
      expect(strict(packets, role)).toEqual(calm(packets, role));
    }
  });
});
