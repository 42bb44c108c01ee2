import {
  cacheInvalidate,
  cachePut,
  clientHello,
  flowUpdate,
  migrate,
  open,
  patch,
  ping,
  pong,
  probe,
  result,
  sessionClose,
  sessionCloseAck,
  submit,
} from '../../../src/testing';
import type { Packet } from '../../../src/wire';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { figure, mebibytes } from '../support/figure';
import { isShort, scaled } from '../support/scale';
import { startBystander, startServer, type BystanderProcess, type ServerProcess } from '../support/stage';
import { endWorkers } from '../support/worker-process';
import { encodeFlood, harmOf, SESSION, type Harm } from './flood';

const COUNT = scaled(100_000, 20_000);
const OBJECT = new Uint8Array(1024);

function put(index: number): Packet {
  return cachePut(SESSION, { objectKind: CacheObjectKind.PromptSegment, key: index }, OBJECT);
}

/** Of an operation, which stops and goes on in turns. */
function hold(index: number): Packet {
  if (index === 0) return submit(SESSION, 1);
  const update = flowUpdate(SESSION, 1);
  return index % 2 === 1 ? update.pause(index) : update.resume(0, index);
}

/** Each makes work that nobody has a use for without an end, so the server ends whoever sends nothing else. */
const ENDING: readonly (readonly [string, (index: number) => Packet])[] = [
  ['PING', (index) => ping(index)],
  ['SESSION_PATCH', () => patch(SESSION, { patchMask: 1 })],
  ['SESSION_MIGRATE', () => migrate(SESSION)],
  ['CACHE_PUT', put],
  ['FLOW_UPDATE', hold],
  ['CLIENT_HELLO', () => clientHello()],
  ['TRANSPORT_PROBE', (index) => probe(index)],
  ['SESSION_OPEN of an id in use', () => open(SESSION)],
  ['SESSION_CLOSE of another session', () => sessionClose(SESSION + 1)],
  ['SESSION_CLOSE_ACK', () => sessionCloseAck(SESSION)],
  ['RESULT_PUSH', (index) => result(SESSION, index)],
  ['PONG that answers no PING', (index) => pong(index)],
  [
    'CACHE_INVALIDATE',
    (index) => cacheInvalidate(SESSION, { objectKind: CacheObjectKind.PromptSegment, key: index }),
  ],
];

/** One of each limit, where there is no time for all. */
const IN_SHORT = [
  'PING',
  'FLOW_UPDATE',
  'SESSION_PATCH',
  'CACHE_PUT',
  'SESSION_CLOSE_ACK',
  'CACHE_INVALIDATE',
];
const ending = ENDING.filter(([name]) => !isShort || IN_SHORT.includes(name));

describe('a flood of one type, by a peer that does not read', () => {
  let server: ServerProcess;
  let bystander: BystanderProcess;

  beforeAll(async () => {
    server = await startServer({
      handler: 'echo',
      options: { supportedCacheObjects: [CacheObjectKind.PromptSegment] },
    });
    bystander = await startBystander({ port: server.ready.port });
    // What a process compiles and reserves at first is no harm of anybody's.
    await bystander.ask('measure', { ms: scaled(3000, 1000) });
  });

  afterAll(endWorkers);

  /** The least harm of a few attacks: what the machine does besides comes and goes, their harm does not. */
  async function attack(packetOf: (index: number) => Packet): Promise<Harm> {
    const chunks = encodeFlood(COUNT, packetOf);
    let least: Harm | undefined;
    for (let attempt = 0; attempt < 6; attempt++) {
      const harm = await harmOf(server, bystander, { chunks, reading: 'does not read' });
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

  it.each(ending)('%s ends the connection and harms nobody else', async (name, packetOf) => {
    const harm = await attack(packetOf);
    figure({ name: `${name}: closed`, value: harm.closedAfterMs, unit: 'ms', atMost: 1000 });
    assertHarmless(name, harm);
  });
});
