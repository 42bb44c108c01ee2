import { of } from 'rxjs';
import type { TraceContext } from '../../../src/protocol/operation/trace-context';
import { clientHello, inPreview4, open, serverHelloAck } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { packet, type Packet } from '../../../src/wire/packet';
import { TraceContextMetadata, TraceFlag } from '../../../src/wire/preview4/control/hints';
import { accept, greeted } from '../../client/support';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { heardUntilPong } from './heard';

afterEach(endServed);

const SESSION = { sessionId: 42 };
const TRACE = { traceId: 0xf067_aa0b_a902_b7n, spanId: 7n, parentSpanId: 6n, isSampled: true };
const WIRE = { traceId: TRACE.traceId, spanId: 7n, parentSpanId: 6n, flags: TraceFlag.Sampled };

function submit4(frameId: number, traceId = 0n): Packet {
  return inPreview4(
    MessageType.FrameSubmit,
    { ...SESSION, frameId, traceId },
    { operationId: 100n + BigInt(frameId) },
  );
}

function trace(frameId: number, fields: object = WIRE, body = '', traceId = 0n): Packet {
  return inPreview4(MessageType.TraceContext, { ...SESSION, frameId, traceId }, fields, body);
}

type Seen = readonly [traceId: bigint, trace: TraceContext | undefined];

/** A server, and what its handlers see. */
function serve(): { served: Served; seen: Seen[] } {
  const served = new Served({ maxInFlightOperations: 8 });
  const seen: Seen[] = [];
  served.server.sessions$.subscribe((session) =>
    session.respond((given) => {
      seen.push([given.traceId, given.trace]);
      return of('x');
    }),
  );
  return { served, seen };
}

/** What handlers see of what a client of the reference sends, and how many ERRORs it gets. */
async function handled(...sent: readonly Packet[]): Promise<{ seen: Seen[]; errors: number }> {
  const { served, seen } = serve();
  const peer = await Peer.connect(served.listen);
  peer.send(clientHello(), open(42), ...sent);
  peer.send(packet({ messageType: MessageType.Ping, ...SESSION, frameId: 77 }));
  let errors = 0;
  for (;;) {
    const { messageType } = (await peer.next())!.header;
    if (messageType === MessageType.Error) errors += 1;
    if (messageType === MessageType.Pong) return { seen, errors };
  }
}

describe('where an operation belongs in a trace', () => {
  it('is read by its handler', async () => {
    const { seen, errors } = await handled(trace(1), submit4(1, 9n), submit4(2, 9n), submit4(3));
    expect(seen).toEqual([
      [TRACE.traceId, TRACE],
      [9n, undefined],
      [0n, undefined],
    ]);
    expect(errors).toBe(0);
  });

  it('is that of the session where it has none of its own', async () => {
    const of = (traceId: bigint): object => ({ traceId, spanId: 1n });
    const { seen } = await handled(trace(0, of(5n)), submit4(1), trace(2, of(6n)), submit4(2), submit4(3));
    expect(seen.map(([traceId]) => traceId)).toEqual([5n, 6n, 5n]);
    expect(seen[0]?.[1]).toEqual({ traceId: 5n, spanId: 1n, isSampled: false });
  });

  it.each([
    ['without a trace', trace(1, { ...WIRE, traceId: 0n })],
    ['without a span', trace(1, { ...WIRE, spanId: 0n })],
    ['with another trace in its header', trace(1, WIRE, '', 8n)],
    ['with more than 1,024 bytes', trace(1, WIRE, 'x'.repeat(1025))],
  ])('is refused %s', async (_, said) => {
    const { seen, errors } = await handled(said, submit4(1));
    expect(errors).toBe(1);
    expect(seen).toEqual([[0n, undefined]]);
  });

  it('is reserved for as many operations as may be in flight', async () => {
    const ahead = Array.from({ length: 9 }, (_, index) => trace(index + 1));
    expect((await handled(...ahead)).errors).toBeGreaterThanOrEqual(1);
  });

  it('is what a client says, and its interceptors', async () => {
    const { served, seen } = serve();
    const traced = await served.open(
      {},
      {
        revision: 'preview4',
        interceptors: [(operation, next) => next(operation.with({ trace: { ...TRACE, spanId: 8n } }))],
      },
    );
    await traced.submit({ body: 'ask' }).whole();
    const session = await served.open({}, { revision: 'preview4' });
    await session.submit({ body: 'ask', trace: TRACE }).whole();
    const older = await served.open({}, { revision: 'preview3' });
    await older.submit({ body: 'ask', trace: TRACE }).whole();
    expect(seen).toEqual([
      [TRACE.traceId, { ...TRACE, spanId: 8n }],
      [TRACE.traceId, TRACE],
      [TRACE.traceId, undefined],
    ]);
    expect(served.violations).toEqual([]);
  });

  it.each([[{ traceId: 0n, spanId: 1n }], [{ traceId: 1n }], [{ traceId: 1, spanId: 1n }]])(
    'is not %p',
    async (odd) => {
      const { served } = serve();
      const session = await served.open({}, { revision: 'preview4' });
      const asked = session.submit({ body: 'ask', trace: odd as TraceContext }).whole();
      await expect(asked).rejects.toThrow(/trace/);
    },
  );
});

describe('where a server has its work in a trace', () => {
  it('is told to a client of preview4, of an operation under way or of the session', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond((given) => {
        session.sendTrace(TRACE, given.frameId);
        return of('x');
      }),
    );
    const { client, server } = await served.session({}, { revision: 'preview4' });
    const traces = told(client.traces$);
    server.sendTrace({ traceId: 3n, spanId: 4n });
    await client.submit({ body: 'ask' }).whole();
    // It has ended.
    server.sendTrace({ traceId: 5n, spanId: 6n }, 1);
    await client.close();
    expect(traces).toEqual([
      { frameId: 0, traceId: 3n, spanId: 4n, isSampled: false },
      { frameId: 1, ...TRACE },
      '|',
    ]);
    expect(served.violations).toEqual([]);
  });

  it('is told to a client of the reference once it has shown what it speaks', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => {
      session.sendTrace({ traceId: 1n, spanId: 1n });
      session.respond(() => {
        session.sendTrace({ traceId: 2n, spanId: 1n });
        return of('x');
      });
    });
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42), submit4(1));
    const seen: Packet[] = [];
    for (let next = await peer.next(); next !== undefined; next = await peer.next()) {
      seen.push(next);
      if (next.header.messageType === MessageType.ResultPush) break;
    }
    const traces = seen.filter(({ header }) => header.messageType === MessageType.TraceContext);
    expect(traces.map(({ metadata }) => TraceContextMetadata.decode(metadata))).toEqual([
      TraceContextMetadata.of({ traceId: 2n, spanId: 1n }),
    ]);
    expect(traces[0]!.header).toMatchObject({ sessionId: 42, frameId: 0, traceId: 2n });
  });

  it.each([
    ['an operation that was never submitted', trace(9)],
    ['another trace than its header has', trace(0, WIRE, '', 8n)],
  ])('is not taken by a client of %s', async (_, said) => {
    const { peer, client } = await greeted(serverHelloAck(), 'preview4');
    const opening = client.openSession();
    await peer.next();
    peer.send(accept(42));
    const traces = told((await opening).traces$);
    const violations = told(client.violations$);
    expect(await heardUntilPong(peer, 42, [said, trace(0)])).toEqual([]);
    expect(traces).toEqual([{ frameId: 0, ...TRACE }]);
    expect(violations).toHaveLength(1);
    await peer.close();
    await client.close();
  });

  it('is not told to a client of preview3', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond(() => {
        session.sendTrace(TRACE);
        return of('x');
      }),
    );
    const session = await served.open({}, { revision: 'preview3' });
    const traces = told(session.traces$);
    await session.submit({ body: 'ask' }).whole();
    await session.close();
    expect(traces).toEqual(['|']);
  });

  it('has ids that are not 0', async () => {
    const { server } = await new Served().session();
    expect(() => {
      server.sendTrace({ traceId: 0n, spanId: 1n });
    }).toThrow(/traceId/);
  });
});
