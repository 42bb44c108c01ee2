import { CacheObjectKind } from '../../../src/wire/messages/cache';
import type { RevisionName } from '../../../src/wire/message';
import type { Packet } from '../../../src/wire';
import { figure, mebibytes } from '../support/figure';
import { isShort, scaled } from '../support/scale';
import { startBystander, startServer, type BystanderProcess, type ServerProcess } from '../support/stage';
import { endWorkers } from '../support/worker-process';
import { encodeFlood, harmOf, type Harm } from './flood';
import { PREVIEW3_FLOODS } from './preview3';
import { PREVIEW4_FLOODS } from './preview4';

const COUNT = scaled(100_000, 20_000);

/** One of each limit, where there is no time for all. */
const IN_SHORT: Readonly<Record<RevisionName, readonly string[]>> = {
  preview3: ['PING', 'FLOW_UPDATE', 'SESSION_PATCH', 'CACHE_PUT', 'SESSION_CLOSE_ACK', 'CACHE_INVALIDATE'],
  preview4: ['SUPERSEDE', 'ROUTE_HINT', 'OBJECT_DECLARE', 'CACHE_REFERENCE', 'PARTIAL_RESULT'],
};

function floodsOf(revision: RevisionName, floods: Readonly<Record<string, (index: number) => Packet>>) {
  return Object.entries(floods)
    .filter(([name]) => !isShort || IN_SHORT[revision].includes(name))
    .map(([name, packetOf]) => [name, revision, packetOf] as const);
}

const FLOODS = [...floodsOf('preview3', PREVIEW3_FLOODS), ...floodsOf('preview4', PREVIEW4_FLOODS)];

describe('a flood of one type, by a peer that does not read', () => {
  let server: ServerProcess;
  let bystander: BystanderProcess;

  beforeAll(async () => {
    server = await startServer({
      handler: 'busy',
      options: { supportedCacheObjects: [CacheObjectKind.PromptSegment] },
    });
    bystander = await startBystander({ port: server.ready.port, answer: 'empty' });
    // What a process compiles and reserves at first is no harm of anybody's.
    await bystander.ask('measure', { ms: scaled(3000, 1000) });
  });

  afterAll(endWorkers);

  /** The least harm of a few attacks: what the machine does besides comes and goes, their harm does not. */
  async function attack(revision: RevisionName, packetOf: (index: number) => Packet): Promise<Harm> {
    const chunks = encodeFlood(COUNT, packetOf);
    let least: Harm | undefined;
    for (let attempt = 0; attempt < 6; attempt++) {
      const harm = await harmOf(server, bystander, { revision, chunks, reading: 'does not read' });
      if (least === undefined || weight(harm) < weight(least)) least = harm;
      if (weight(harm) <= 1) break;
    }
    return least!;
  }

  /** At most 1 where both bounds hold. */
  function weight({ growth, p99 }: Harm): number {
    return Math.max(mebibytes(growth) / 16, p99 / 25);
  }

  function assertHarmless(name: string, { growth, p99, failed }: Harm): void {
    expect(failed).toBe(0);
    figure({ name: `${name}: growth of the server`, value: mebibytes(growth), unit: 'MiB', atMost: 16 });
    figure({ name: `${name}: p99 of a bystander`, value: p99, unit: 'ms', atMost: 25 });
  }

  it.each(FLOODS)('%s of %s ends the connection and harms nobody else', async (name, revision, packetOf) => {
    const harm = await attack(revision, packetOf);
    const what = `${name} of ${revision}`;
    figure({ name: `${what}: closed`, value: harm.closedAfterMs, unit: 'ms', atMost: 1000 });
    assertHarmless(what, harm);
  });
});
