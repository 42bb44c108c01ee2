import { of } from 'rxjs';
import type { RouteHint } from '../../../src/protocol/operation/route-hint';
import { clientHello, inPreview4, open } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { packet, type Packet } from '../../../src/wire/packet';
import { AffinityClass, ExecutorClass, RouteHintFlag } from '../../../src/wire/preview4/control/hints';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';

afterEach(endServed);

const SESSION = { sessionId: 42 };
const HINT = {
  routeId: 7,
  executorClass: ExecutorClass.GpuWorker,
  affinityClass: AffinityClass.SameRegion,
  deadlineAt: 4_000_000_000_000,
  mustHonor: true,
  body: new TextEncoder().encode('eu-west'),
};
const WIRE = {
  routeId: 7,
  executorClass: 3,
  affinityClass: 5,
  deadlineUnixMs: 4_000_000_000_000n,
  flags: RouteHintFlag.MustHonor,
};

type HintType = typeof MessageType.RouteHint | typeof MessageType.ExecutionHint;

function submit4(frameId: number): Packet {
  const operationId = 100n + BigInt(frameId);
  return inPreview4(MessageType.FrameSubmit, { ...SESSION, frameId }, { operationId });
}

/** Of frame 0: of all that the session submits. */
function hint(type: HintType, frameId: number, fields: object = WIRE, body = 'eu-west'): Packet {
  const operationId = frameId === 0 ? 0n : 100n + BigInt(frameId);
  return inPreview4(type, { ...SESSION, frameId }, { operationId, ...fields }, body);
}

const route = hint.bind(undefined, MessageType.RouteHint);
const execution = hint.bind(undefined, MessageType.ExecutionHint);

type Seen = readonly [routeHint: RouteHint | undefined, executionHint: RouteHint | undefined];

/** A server, and what its handlers see. */
function serve(): { served: Served; seen: Seen[] } {
  const served = new Served({ maxInFlightOperations: 8 });
  const seen: Seen[] = [];
  served.server.sessions$.subscribe((session) =>
    session.respond(({ routeHint, executionHint }) => {
      seen.push([routeHint, executionHint]);
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

describe('where an operation would best run', () => {
  it('is read by its handler, and the one is not the other', async () => {
    const { seen, errors } = await handled(route(1), execution(2), submit4(1), submit4(2), submit4(3));
    expect(seen).toEqual([
      [HINT, undefined],
      [undefined, HINT],
      [undefined, undefined],
    ]);
    expect(errors).toBe(0);
  });

  it('is that of the session where it has none of its own', async () => {
    const { seen } = await handled(
      route(0, { routeId: 5 }, ''),
      submit4(1),
      execution(0, { executorClass: 9 }, ''),
      route(2, { routeId: 6 }, ''),
      submit4(2),
      submit4(3),
    );
    expect(seen.map(([at, by]) => [at?.routeId, by?.executorClass])).toEqual([
      [5, undefined],
      [6, 9],
      [5, 9],
    ]);
    expect(seen[0]?.[0]).toEqual({
      routeId: 5,
      executorClass: 0,
      affinityClass: 0,
      deadlineAt: Infinity,
      mustHonor: false,
      body: new Uint8Array(0),
    });
  });

  it.each([
    ['with a frame and no operation', route(1, { operationId: 0n })],
    ['with an operation and no frame', route(0, { operationId: 101n })],
    ['with more than 1,024 bytes', execution(1, WIRE, 'x'.repeat(1025))],
    ['with another body than it says', route(1, { ...WIRE, bodyBytes: 3 })],
  ])('is refused %s', async (_, said) => {
    const { seen, errors } = await handled(said, submit4(1));
    expect(errors).toBe(1);
    expect(seen).toEqual([[undefined, undefined]]);
  });

  it('is not taken of an operation that has another name', async () => {
    const { errors } = await handled(route(1, { operationId: 9n }), submit4(1));
    expect(errors).toBe(1);
  });

  it('is reserved for as many operations as may be in flight', async () => {
    const ahead = Array.from({ length: 9 }, (_, index) => execution(index + 1));
    expect((await handled(...ahead)).errors).toBe(1);
  });

  it('is what a client says, and an interceptor; a server of preview3 hears nothing', async () => {
    const { served, seen } = serve();
    const hinting = await served.open(
      {},
      {
        revision: 'preview4',
        interceptors: [(operation, next) => next(operation.with({ executionHint: { executorClass: 7 } }))],
      },
    );
    await hinting.submit({ body: 'ask', routeHint: HINT }).whole();
    const older = await served.open({}, { revision: 'preview3' });
    await older.submit({ body: 'ask', routeHint: HINT }).whole();
    expect(seen).toEqual([
      [HINT, expect.objectContaining({ executorClass: 7, mustHonor: false, deadlineAt: Infinity })],
      [undefined, undefined],
    ]);
    expect(served.violations).toEqual([]);
  });

  it.each<[object, RegExp]>([
    [{ routeId: -1 }, /routeHint.routeId must be an integer/],
    [{ body: new Uint8Array(1025) }, /routeHint.body must be a Uint8Array of at most 1024 bytes/],
    [{ route: 1 }, /routeHint has no option "route"; /],
  ])('is not %p', async (odd, message) => {
    const { served } = serve();
    const session = await served.open({}, { revision: 'preview4' });
    await expect(session.submit({ body: 'ask', routeHint: odd }).whole()).rejects.toThrow(message);
  });
});
