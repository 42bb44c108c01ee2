import { inTurns, type Bench } from '../harness/bench';
import { Child, Peer, type ProgramStart } from '../harness/child';
import { scaled, type Effort } from '../harness/effort';
import { atMost, type Target } from '../harness/figure';
import type { Memory } from '../harness/program';
import { ratios, spread } from '../harness/statistics';
import { Stand } from '../harness/turns';
import type { RevisionName } from '../../src/wire/message';
import type { HoldParameters, LoadParameters } from '../load/parameters';
import { OUTBOX_BYTES } from '../peers/limits';
import type { NnrpPeer } from '../peers/nnrp';
import { bareEcho, nnrpServer } from './sides';

const KB = 1000;

/** What something that only waits costs, and whether what is over costs anything. */
export const memory: readonly Bench[] = [
  held({
    name: 'RSS of an idle connection with a session',
    of: 'rss',
    holds: { connections: 4000, sessions: 1, operations: 0 },
    baseline: { name: 'bare echo', start: bareEcho.peer },
    target: atMost(14 * KB, 'value'),
  }),
  held({
    name: 'heap of an idle session on a shared connection',
    of: 'heap',
    holds: { connections: 1, sessions: 10_000, operations: 0 },
    target: atMost(3 * KB, 'value'),
  }),
  held({
    name: 'heap of an operation in flight, 64 B',
    of: 'heap',
    holds: { connections: 1, sessions: 1, operations: 50_000 },
    baseline: { name: 'bare map', start: { file: 'peers/echo-tcp', parameters: { holds: true } } },
  }),
  held({
    name: `heap of a full outbox of ${OUTBOX_BYTES / 1024} KiB`,
    of: 'heap',
    api: 'tokens',
    holds: { connections: 1000, sessions: 1, operations: 1, resumable: true },
    target: atMost(1.3 * OUTBOX_BYTES, 'value'),
  }),
  afterManyOperations(10_000, 1_000_000, 2 * KB * KB),
];

/** The same of preview4. */
export const preview4Memory: readonly Bench[] = [
  held({
    family: 'preview4',
    name: 'heap of an idle session on a shared connection',
    of: 'heap',
    holds: { connections: 1, sessions: 10_000, operations: 0, revision: 'preview4' },
    target: atMost(3 * KB, 'value'),
  }),
  held({
    family: 'preview4',
    name: 'heap of an operation in flight, 64 B',
    of: 'heap',
    holds: { connections: 1, sessions: 1, operations: 50_000, revision: 'preview4' },
  }),
  afterManyOperations(10_000, 1_000_000, 2 * KB * KB, 'preview4'),
];

interface Held {
  /** Default: memory. */
  readonly family?: string;
  readonly name: string;
  readonly of: keyof Memory;
  /** Default: takes operations, and never answers. */
  readonly api?: NnrpPeer['api'];
  readonly holds: Omit<HoldParameters, 'port' | 'bodyBytes' | 'firstSessionId'>;
  readonly baseline?: { readonly name: string; readonly start: ProgramStart };
  readonly target?: Target;
}

/** What a server holds more for each of many things that a load opens and keeps. */
function held({ family = 'memory', name, of, api = 'hold', holds, baseline, target }: Held): Bench {
  const subject = nnrpServer('tcp', api);
  const starts = [subject.peer, ...(baseline === undefined ? [] : [baseline.start])];
  return {
    family,
    name,
    async run(effort, progress) {
      const values: readonly [number[], number[]] = [[], []];
      const indices = starts.map((_, index) => index as 0 | 1);
      for (let round = 0; round < effort.rounds; round++) {
        for (const index of inTurns(indices, round)) {
          values[index].push(await heldBy(starts[index]!, { of, holds, effort }));
        }
        progress(round + 1, effort.rounds);
      }
      return [
        {
          family,
          name,
          unit: 'bytes',
          subject: { name: 'nnrp-rx', value: spread(values[0]) },
          ...(baseline !== undefined && {
            baseline: { name: baseline.name, value: spread(values[1]) },
            ratio: ratios(values[0], values[1]),
          }),
          ...(target !== undefined && { target }),
        },
      ];
    },
  };
}

async function heldBy(
  start: ProgramStart,
  { of, holds, effort }: Pick<Held, 'of' | 'holds'> & { readonly effort: Effort },
): Promise<number> {
  const { connections, sessions, operations, ...spoken } = holds;
  const scale = (count: number): number => (count > 1 ? scaled(count, effort) : count);
  const peer = await Peer.start(start);
  try {
    const all = { connections: scale(connections), sessions: scale(sessions), operations: scale(operations) };
    // What the first of everything costs, the room that the collector takes for itself among it, is not what
    // one more does: a quarter as many are there already, and stay.
    const quarter = (count: number): number => (count > 1 ? Math.ceil(count / 4) : count);
    const some = {
      connections: quarter(all.connections),
      sessions: quarter(all.sessions),
      operations: quarter(all.operations),
    };
    const first = await holding(peer, { ...some, ...spoken, firstSessionId: 1 });
    const before = await peer.memory();
    const more = await holding(peer, {
      ...all,
      ...spoken,
      firstSessionId: some.connections * some.sessions + 1,
    });
    const after = await peer.memory();
    await Promise.all([first.stop(), more.stop()]);
    const count = all.connections * all.sessions * Math.max(1, all.operations);
    return (after[of] - before[of]) / count;
  } finally {
    await peer.stop();
  }
}

async function holding(peer: Peer, holds: Omit<HoldParameters, 'port' | 'bodyBytes'>): Promise<Child> {
  const parameters: HoldParameters = { ...holds, port: peer.port, bodyBytes: 64 };
  const { child } = await Child.started({ file: 'load/hold', parameters });
  return child;
}

/** What of the heap is left of operations that are over, in a session that goes on. */
function afterManyOperations(
  few: number,
  many: number,
  bound: number,
  revision: RevisionName = 'preview3',
): Bench {
  const family = revision === 'preview3' ? 'memory' : revision;
  const name = `heap after ${many.toLocaleString('en')} operations over ${few.toLocaleString('en')}`;
  return {
    family,
    name,
    async run(effort, progress) {
      const growths: number[] = [];
      // A million takes its time.
      const rounds = Math.min(3, effort.rounds);
      for (let round = 0; round < rounds; round++) {
        const heaps = new Map<number, number>();
        for (const count of inTurns([few, many], round))
          heaps.set(count, await heapAfter(scaled(count, effort), revision));
        growths.push(heaps.get(many)! - heaps.get(few)!);
        progress(round + 1, rounds);
      }
      return [
        {
          family,
          name,
          unit: 'bytes',
          subject: { name: 'nnrp-rx results', value: spread(growths) },
          target: atMost(bound, 'value'),
        },
      ];
    },
  };
}

/** With the session still open. */
async function heapAfter(operations: number, revision: RevisionName): Promise<number> {
  const { peer: start, load } = nnrpServer('tcp');
  const stand = new Stand();
  try {
    const peer = await stand.peer(start);
    const parameters: LoadParameters = {
      port: peer.port,
      revision,
      framing: 'tcp',
      connections: 1,
      sessions: 1,
      window: 256,
      bodyBytes: 64,
      operations,
      warmMs: 0,
      runMs: 0,
    };
    const running = await stand.load(load(parameters), peer);
    await running.run();
    return (await peer.memory()).heap;
  } finally {
    await stand.end();
  }
}
