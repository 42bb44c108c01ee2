import { map, mergeMap, type Observable } from 'rxjs';
import type { Server } from '../../src/server/server';
import {
  clientHello,
  flow,
  inPreview4,
  open,
  openAck,
  serverHelloAck,
  type FlowServerOptions,
} from '../../src/testing';
import type { ServerSession } from '../../src/server/session/session';
import type { Submit } from '../../src/server/session/session-message';
import { MessageType as T } from '../../src/wire/message-type';
import { CacheObjectKind } from '../../src/wire/messages/cache';
import { CacheMissReason } from '../../src/wire/preview4/cache';
import { CapabilityFlag } from '../../src/wire/preview4/capability';
import { encodeCapabilityTokens } from '../../src/wire/preview4/capability-tokens';
import { PressureFlag, PressureLevel } from '../../src/wire/preview4/control/pressure';
import { RuntimeRole } from '../../src/wire/preview4/control/runtime-role';
import { ObjectDeltaFlag, ObjectReleaseReason, OwnershipHint } from '../../src/wire/preview4/objects';
import { DropReason, ResultDropFlag } from '../../src/wire/preview4/results';
import { utf8, violation } from './support';

const at = { sessionId: 42 };
const of = (frameId: number) => ({ ...at, frameId });
const named = { operationId: 7n };
const key = { cacheNamespace: 1, cacheKeyHi: 0n, cacheKeyLo: 5n };

/** What a client of the reference opens with, and how its first operation begins and ends. */
const packets = {
  h: clientHello(),
  H: serverHelloAck(),
  o: open(42),
  A: openAck(42),
  s: inPreview4(T.FrameSubmit, of(1), named, 'ask'),
  S: inPreview4(T.ResultPush, of(1), { statusCode: 200 }).ignoring(
    'metadata.inferenceMs',
    'metadata.queueMs',
    'metadata.serverTotalMs',
  ),
};

function dropped(dropReasonCode: DropReason) {
  const fields = {
    ...named,
    resultSequence: 1n,
    sourceRole: RuntimeRole.Server,
    flags: ResultDropFlag.Final,
  };
  return inPreview4(T.ResultDropReason, of(1), { ...fields, dropReasonCode });
}

/** The part of that number of an answer, so many bytes. */
function part(number: number, bytes: number) {
  const fields = { ...named, resultSequence: BigInt(number) };
  return inPreview4(T.PartialResult, of(1), fields, new Uint8Array(bytes));
}

/** A server that answers a submit as the function says, and with nothing more at once. */
function answering(say: (submit: Submit) => void): FlowServerOptions {
  return {
    respond: (submit) => {
      say(submit);
      return submit.complete();
    },
  };
}

describe('what ends an operation of preview4', () => {
  it.each([
    ['CANCEL', inPreview4(T.Cancel, of(1), named, 'not wanted'), DropReason.PeerCancelled],
    ['ABORT', inPreview4(T.Abort, of(1), named), DropReason.PeerCancelled],
    ['SUPERSEDE', inPreview4(T.Supersede, of(1), { oldOperationId: 7n }), DropReason.Superseded],
  ])('is %s, once, and its client is told', (_, c, reason) =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-') });
      clientPeer({ ...packets, c, D: dropped(reason) })
        .sends('hos-c')
        .expects('HA--D');
    }),
  );

  it.each([
    ['DEADLINE', T.Deadline, 1, '----D'],
    ['EXPIRE_AT', T.ExpireAt, 1, '----D'],
    ['DEADLINE of a client that takes what is late', T.Deadline, 0, '-----'],
  ] as const)('is %s, to the millisecond', (_, type, flags, end) =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-') });
      const d = inPreview4(type, of(1), { ...named, deadlineUnixMs: 7n, flags });
      clientPeer({ ...packets, d, D: dropped(DropReason.DeadlineExpired) })
        .sends('hods')
        .expects(`HA-${end}`);
    }),
  );

  it('is a budget that the next part would go beyond', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('-a--a', { a: new Uint8Array(8) }) });
      const b = inPreview4(T.BudgetUpdate, of(1), { ...named, bandwidthBudgetBytes: 12n, flags: 1 });
      const D = dropped(DropReason.BudgetExceeded).with({ resultSequence: 2n });
      clientPeer({ ...packets, b, P: part(1, 8), D })
        .sends('hobs')
        .expects('HA--P--D');
    }));
});

function hints({ routeHint, executionHint, degraded }: Submit): string {
  return [routeHint?.routeId, executionHint?.routeId, degraded?.limitUnits].join(' ');
}

describe('what a client of preview4 says of an operation', () => {
  const hinting = {
    r: inPreview4(T.RouteHint, of(1), { ...named, routeId: 3 }),
    e: inPreview4(T.ExecutionHint, of(1), { ...named, routeId: 4 }),
    d: inPreview4(T.DegradeProfile, of(1), { limitUnits: 5n }),
  };

  it('reaches its handler: where it would run, what should run it, and with how little', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (submit) => submit.complete(utf8(hints(submit))) });
      clientPeer({ ...packets, ...hinting, S: packets.S.withBody('3 4 5') })
        .sends('horeds')
        .expects('HA---S');
    }));

  it.each([
    ['ROUTE_HINT', inPreview4(T.RouteHint, of(1), named, 'x'.repeat(1025)), 1024],
    ['EXECUTION_HINT', inPreview4(T.ExecutionHint, of(1), named, 'x'.repeat(1025)), 1024],
    ['TRACE_CONTEXT', inPreview4(T.TraceContext, of(1), { traceId: 1n, spanId: 1n }, 'x'.repeat(1025)), 1024],
    ['CANCEL', inPreview4(T.Cancel, of(1), named, 'x'.repeat(4097)), 4096],
    ['RETRY_AFTER', inPreview4(T.RetryAfter, of(1), {}, 'x'.repeat(4097)), 4096],
  ])('is no more than %s has room for', (name, x, most) =>
    flow(({ serve, clientPeer }) => {
      serve(answering(() => undefined));
      const X = violation(1, `the body of ${name} has ${most} bytes at most`);
      clientPeer({ ...packets, x, X })
        .sends('hoxs')
        .expects('HAXS');
    }),
  );

  const scope = { scopeId: 7n, flags: PressureFlag.Operation };
  const b = inPreview4(T.Backpressure, at, { ...scope, pressureLevel: PressureLevel.Paused });
  const c = inPreview4(T.CreditUpdate, at, { ...scope, creditWindow: 9n });

  it('holds its results, and lets go of them', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('a-b', { a: new Uint8Array(1), b: new Uint8Array(2) }) });
      clientPeer({ ...packets, b, c, P: part(1, 1), Q: part(2, 2) })
        .sends('hosb--c')
        .expects('HAP---Q');
    }));
});

describe('what a server of preview4 says of an operation', () => {
  const progress = { ...named, progressSequence: 1n, stageCode: 5, percentX100: 4000 };
  const degraded = { limitUnits: 200n, flags: CapabilityFlag.DowngradeAllowed };
  const say = (submit: Submit): void => {
    submit.progress({ percent: 40, stage: 5, text: 'half' });
    submit.degrade({ limitUnits: 200 });
  };
  const B = [
    inPreview4(T.Progress, of(1), progress, 'half'),
    inPreview4(T.DegradeProfile, of(1), degraded),
    packets.S,
  ];

  it('is how far it is, and with what less it goes on', () =>
    flow(({ serve, clientPeer }) => {
      serve(answering(say));
      clientPeer({ ...packets, B })
        .sends('hos')
        .expects('HAB');
    }));

  it('is why it has no answer', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (submit) => submit.drop(DropReason.CapabilityMismatch) });
      clientPeer({ ...packets, D: dropped(DropReason.CapabilityMismatch) })
        .sends('hos')
        .expects('HAD');
    }));
});

describe('an offer of capabilities', () => {
  const offered = (...of: readonly string[]) =>
    inPreview4(
      T.CapabilityNegotiation,
      at,
      { capabilityCount: of.length, profileId: 2 },
      encodeCapabilityTokens(of),
    );

  it('is answered with what both can do', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve({ capabilities: ['object.delta'] });
      const n = offered('control.trace_context', 'object.delta');
      clientPeer({ ...packets, n, N: offered('object.delta') })
        .sends('hon')
        .expects('HAN');
      expectQuiescent();
    }));
});

describe('a reference to a cached object', () => {
  const put = { ...key, objectKind: CacheObjectKind.CameraBlock, ttlMs: 60_000 };
  const p = inPreview4(T.CachePut, at, put, 'a camera');
  const P = inPreview4(T.CacheAck, at, { ...key, acceptedTtlMs: 4 });
  const r = inPreview4(T.CacheReference, at, { ...key, profileId: 2 }, 'again');
  const missed = (missReason: CacheMissReason) =>
    inPreview4(T.CacheMiss, at, { ...key, profileId: 2, missReason });

  const caching = { supportedCacheObjects: [CacheObjectKind.CameraBlock], leaseTtlMs: 4 };
  const A = packets.A.with({ leaseTtlMs: 4 });
  const misses = { M: missed(CacheMissReason.NotFound), E: missed(CacheMissReason.Expired) };

  it('is missed before it is there, and once its lease is over', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve(caching);
      clientPeer({ ...packets, A, p, P, r, ...misses })
        .sends('horpr---r')
        .expects('HAMP----E');
      expectQuiescent();
    }));
});

/** The bytes of each object that a client declares, at each change. */
function bytesOf({ sessions$ }: Server): Observable<string> {
  return sessions$.pipe(
    mergeMap(({ objects }) => objects.declared$),
    mergeMap((object) => object.changes$.pipe(map(() => new TextDecoder().decode(object.bytes)))),
  );
}

describe('an object', () => {
  const declared = { objectId: 1n, producerRole: RuntimeRole.Client, sessionId: 42 };
  const d = inPreview4(T.ObjectDeclare, at, declared, 'about');
  const release = { objectId: 1n, sourceRole: RuntimeRole.Server };
  const released = (fields: object, frameId = 0) =>
    inPreview4(T.ObjectRelease, of(frameId), { ...release, ...fields });

  const patch = {
    objectId: 1n,
    deltaSequence: 1n,
    metadataBytes: 0,
    deltaBytes: 3,
    flags: ObjectDeltaFlag.Replaces,
  };
  const p = inPreview4(T.ObjectPatch, at, patch, 'one');
  const r = inPreview4(T.ObjectRef, at, { objectId: 1n });
  const R = released({ releaseReason: ObjectReleaseReason.Invalidated }).withBody('there is no such object');

  it('of a client is changed by it, and is not there once that has released it', () =>
    flow(({ serve, clientPeer, expectObservable }) => {
      expectObservable(bytesOf(serve())).toBe('---a', { a: 'one' });
      const x = inPreview4(T.ObjectRelease, at, { objectId: 1n, sourceRole: RuntimeRole.Client });
      clientPeer({ ...packets, d, p, x, r, R })
        .sends('hodp-xr')
        .expects('HA----R');
    }));

  it('that nobody has declared is said to be none', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ ...packets, r, R })
        .sends('hor')
        .expects('HAR');
    }));

  const own = { objectId: 2n, producerRole: RuntimeRole.Server, sessionId: 42 };
  const delta = { objectId: 2n, deltaSequence: 1n, metadataBytes: 0, deltaBytes: 3 };
  const said = {
    D: inPreview4(T.ObjectDeclare, at, own, 'about'),
    E: inPreview4(T.ObjectDelta, at, delta, 'one'),
    R: released({ objectId: 2n }),
  };

  /** What a server does with one of its own. */
  const acts = (session: () => ServerSession) => ({
    d: (): void => void session().objects.declare({}, undefined, utf8('about')),
    e: (): void => session().objects.get(2n)?.append(utf8('one')),
    r: (): void => session().objects.get(2n)?.release(),
  });

  it('of a server is declared, added to and released', () =>
    flow(({ serve, clientPeer, act, session }) => {
      serve();
      const acted = acts(() => session(42));
      act('----d-e-r', acted);
      clientPeer({ ...packets, ...said })
        .sends('hos')
        .expects('HA--D-E-R');
    }));

  it('ends when its time is over, and not before', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve();
      const lasting = d.with({ lifetimeHintMs: 3, ownershipHint: OwnershipHint.ConsumerOwned });
      clientPeer({ ...packets, d: lasting, R: released({ releaseReason: ObjectReleaseReason.Expired }) })
        .sends('hod')
        .expects('HA---R');
      expectQuiescent();
    }));

  it('that an operation refers to is let go of with that', () =>
    flow(({ serve, clientPeer, cold }) => {
      serve({ respond: () => cold('--|') });
      const r = inPreview4(T.ObjectRef, of(1), { objectId: 1n, ...named });
      const R = [packets.S, released(named, 1)];
      clientPeer({ ...packets, d, r, R })
        .sends('hosdr')
        .expects('HA--R');
    }));
});
