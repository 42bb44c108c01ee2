import { DEFAULT_SERVER_LIMITS } from '../../../src/server/limits/server-limits';
import { clientHello, inPreview4, open } from '../../../src/testing';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { packet, type Packet } from '../../../src/wire/packet';
import { preview3 } from '../../../src/wire/preview3';
import { preview4 } from '../../../src/wire/preview4';
import { Peer } from '../../support/peer';
import { endServed, type Served } from '../../support/served';
import { arrived, many, sendAll, serve, SESSION, stillServes } from './support';

afterEach(endServed);

/** Those that a peer may send. */
type NewType = Parameters<typeof inPreview4>[0];

const TYPES = preview4.messages.flatMap((row, type) =>
  row?.record === undefined || preview3.messages[type] !== undefined
    ? []
    : [[messageTypeName(type), type as NewType] as const],
);

/** What each record does not take 0 for. */
const NEEDED: Readonly<Record<string, object>> = {
  DEADLINE: { deadlineUnixMs: 5n },
  EXPIRE_AT: { deadlineUnixMs: 5n },
  BACKPRESSURE: { pressureLevel: 1 },
  TRACE_CONTEXT: { traceId: 1n, spanId: 2n },
  RESULT_DROP_REASON: { dropReasonCode: 3 },
  SUPERSEDE: { oldOperationId: 1n, newOperationId: 2n },
};

/** No rate of the server's lets more come in one moment. */
const MORE_THAN_ANY = 1 + Math.max(...Object.values(DEFAULT_SERVER_LIMITS).map(burstOf));

function burstOf(limit: unknown): number {
  const isRate = typeof limit === 'object' && limit !== null && 'burst' in limit;
  return isRate ? Number(limit.burst) : 0;
}

/** Of the operation that every peer here has, where it is of one. */
function message(name: string, type: NewType, body: Uint8Array): Packet {
  const row = preview4.messages[type]!;
  const isOfOperation = row.scope === 'operation';
  const header = { sessionId: SESSION, frameId: isOfOperation ? 1 : 0 };
  const named = isOfOperation && row.operation === 'operationId' ? { operationId: 1n } : {};
  return inPreview4(type, header, { ...named, ...NEEDED[name] }, typeof row.body === 'object' ? body : '');
}

/** A peer of preview4 that is of this project, with an operation that goes on. */
async function working(served: Served): Promise<Peer> {
  const peer = await Peer.connect(served.endpoint);
  const asked = inPreview4(MessageType.FrameSubmit, { sessionId: SESSION, frameId: 1 }, { operationId: 1n });
  await sendAll(peer, [clientHello(), open(SESSION), asked]);
  await arrived(peer);
  return peer;
}

type Breaks = readonly [how: string, breaks: (made: Packet) => Packet];

const BROKEN: readonly Breaks[] = [
  ['cut', ({ header, metadata, body }) => packet(header, metadata.subarray(1), body)],
  [
    'longer than it is',
    ({ header, metadata, body }) => packet(header, new Uint8Array([...metadata, 0]), body),
  ],
  [
    'all ones',
    ({ header, metadata, body }) => packet(header, new Uint8Array(metadata.length).fill(0xff), body),
  ],
];

const OF_A_TAIL: readonly Breaks[] = [
  ['with less of a tail than it says', ({ header, metadata }) => packet(header, metadata)],
  ['with more of a tail than it says', ({ header, metadata }) => packet(header, metadata, new Uint8Array(9))],
];

const OF_NO_TAIL: readonly Breaks[] = [
  ['with a body', ({ header, metadata }) => packet(header, metadata, new Uint8Array(9))],
];

describe.each(TYPES)('%s of a peer of preview4', (name, type) => {
  const declares = typeof preview4.messages[type]!.body === 'object';

  it('has a rate: who sends it without end is told which, and gone', async () => {
    const { served } = serve();
    const peer = await working(served);
    const body = new Uint8Array(8);
    await sendAll(
      peer,
      many(MORE_THAN_ANY, () => message(name, type, body)),
    );
    expect(served.limits).toMatchObject([{ consequence: 'connection-closed' }]);
    await arrived(peer);
    expect(await peer.ended()).toBeUndefined();
    expect(served.server.usage).toMatchObject({ connections: 0, operationsInFlight: 0, heldBytes: 0 });
    expect(served.failures).toEqual([]);
  });

  it('leaves nothing behind, however long it is', async () => {
    const { served } = serve();
    const peer = await working(served);
    const before = served.server.usage;
    await sendAll(
      peer,
      many(8, () => message(name, type, new Uint8Array(100_000))),
    );
    await arrived(peer);
    const { heldBytes, outboxBytes, retainedBytes, queuedBytes } = served.server.usage;
    expect({ heldBytes, outboxBytes, retainedBytes, queuedBytes }).toEqual({
      heldBytes: before.heldBytes,
      outboxBytes: before.outboxBytes,
      retainedBytes: before.retainedBytes,
      queuedBytes: before.queuedBytes,
    });
    expect(served.failures).toEqual([]);
  });

  it.each([...BROKEN, ...(declares ? OF_A_TAIL : OF_NO_TAIL)])(
    'costs itself alone where it is %s',
    async (_, broken) => {
      const { served } = serve();
      const peer = await working(served);
      await sendAll(peer, [broken(message(name, type, new Uint8Array(8)))]);
      expect(served.violations).toHaveLength(1);
      expect(served.limits).toEqual([]);
      expect(stillServes(served)).toBe(true);
      expect(served.server.usage.operationsInFlight).toBe(1);
      expect(served.failures).toEqual([]);
    },
  );
});
