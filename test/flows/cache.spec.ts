import {
  CacheAckStatus,
  CacheErrorCode,
  CacheInvalidateScope,
  CacheObjectKind,
} from '../../src/wire/messages/cache';
import {
  cacheAck,
  cacheInvalidate,
  cachePut,
  cacheReference,
  cancel,
  error,
  flow,
  open,
  openAck,
  result,
  submit,
  type FlowServerOptions,
} from '../../src/testing';
import { utf8, violation } from './support';

const camera = { objectKind: CacheObjectKind.CameraBlock, key: 5 };
const refused = { status: CacheAckStatus.Rejected, acceptedTtlMs: 0 };
const missed = (sessionId: number, frameId: number, code: CacheErrorCode, what: string) =>
  error({ sessionId, frameId }, code, `the submit refers to an object ${what}`).ofFrame();
const packets = {
  o: open(42),
  A: openAck(42),
  p: cachePut(42, camera, 'a camera'),
  P: cacheAck(42, camera),
  s: submit(42, 1).referring(0b1, cacheReference(camera)),
  t: submit(42, 2).referring(0b1, cacheReference(camera)),
  S: result(42, 1, utf8('a camera')),
  M: missed(42, 1, CacheErrorCode.Miss, 'that is not cached'),
  N: missed(42, 2, CacheErrorCode.Miss, 'that is not cached'),
};

/** Answers with what the submit refers to. */
const echoing: FlowServerOptions = {
  supportedCacheObjects: [CacheObjectKind.CameraBlock],
  respond: (each) => each.complete(each.objects[0]?.bytes),
};

describe('the cache of a session', () => {
  it('gives a submit the objects that it refers to', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve(echoing);
      clientPeer(packets).sends('ops').expects('APS');
      expectQuiescent();
    }));

  it('refuses a submit that refers to anything else, with its frame and view', () =>
    flow(({ serve, clientPeer }) => {
      serve(echoing);
      const v = packets.s.withHeader({ viewId: 3 });
      clientPeer({ ...packets, v, M: packets.M.ofFrame(3) })
        .sends('ov')
        .expects('AM');
    }));

  it('takes a cancel that crosses with the refusal for no fault, also once the id is used again', () =>
    flow(({ serve, clientPeer }) => {
      serve(echoing);
      const c = cancel(42, 1);
      clientPeer({ ...packets, c, d: cancel(42, 9), D: violation(9, 'operation 9 is unknown') })
        .sends('osccpscd')
        .expects('AM--PS-D');
    }));

  it('lets the frame id of a refused submit be used', () =>
    flow(({ serve, clientPeer }) => {
      serve(echoing);
      clientPeer(packets).sends('osps').expects('AMPS');
    }));

  it.each([
    CacheInvalidateScope.ObjectKey,
    CacheInvalidateScope.Namespace,
    CacheInvalidateScope.WholeSession,
  ])('takes objects back, scope %i', (invalidateScope) =>
    flow(({ serve, clientPeer }) => {
      serve(echoing);
      const i = cacheInvalidate(42, camera, { invalidateScope });
      clientPeer({ ...packets, i })
        .sends('opsit')
        .expects('APS-N');
    }),
  );

  it('forgets an object when its lease is over', () =>
    flow(({ serve, clientPeer }) => {
      serve({ ...echoing, leaseTtlMs: 4 });
      const L = missed(42, 2, CacheErrorCode.LeaseExpired, 'whose lease has expired');
      const short = { A: packets.A.with({ leaseTtlMs: 4 }), P: cacheAck(42, camera, { acceptedTtlMs: 4 }) };
      clientPeer({ ...packets, ...short, L })
        .sends('op--st')
        .expects('AP--SL');
    }));

  it('replaces an object of the same name', () =>
    flow(({ serve, clientPeer }) => {
      serve(echoing);
      const R = cacheAck(42, camera, { status: CacheAckStatus.Replaced });
      const again = { q: cachePut(42, camera, 'another'), R, S: result(42, 1, utf8('another')) };
      clientPeer({ ...packets, ...again })
        .sends('opqs')
        .expects('APRS');
    }));

  it.each<[string, FlowServerOptions]>([
    ['a kind that the server does not support', { supportedCacheObjects: [] }],
    ['an object that is too large', { maxCacheObjectBytes: 7 }],
    ['more bytes than fit', { maxCacheBytes: 7 }],
  ])('refuses %s', (_, options) =>
    flow(({ serve, clientPeer }) => {
      serve({ ...echoing, ...options });
      const R = cacheAck(42, camera, { ...refused, maxObjectBytes: options.maxCacheObjectBytes ?? 0 });
      clientPeer({ ...packets, R })
        .sends('op')
        .expects('AR');
    }),
  );

  it('refuses more objects than it may hold', () =>
    flow(({ serve, clientPeer }) => {
      serve({ ...echoing, maxCacheObjects: 1 });
      const other = { objectKind: CacheObjectKind.CameraBlock, key: 6 };
      const peer = clientPeer({ ...packets, q: cachePut(42, other, 'b'), R: cacheAck(42, other, refused) });
      peer.sends('opq').expects('APR');
    }));

  it('refuses references that do not fit their mask', () =>
    flow(({ serve, clientPeer }) => {
      serve(echoing);
      const E = violation(1, 'object reference region must exactly match object_ref_mask');
      clientPeer({ ...packets, x: submit(42, 1).referring(0b1), E })
        .sends('opx')
        .expects('APE');
    }));

  it('is a session’s own', () =>
    flow(({ serve, clientPeer }) => {
      serve(echoing);
      const x = submit(7, 1).referring(0b1, cacheReference(camera));
      const X = missed(7, 1, CacheErrorCode.Miss, 'that is not cached');
      clientPeer({ ...packets, q: open(7), Q: openAck(7), x, X })
        .sends('opqx')
        .expects('APQX');
    }));

  it('refuses an object that is not as long as announced', () =>
    flow(({ serve, clientPeer }) => {
      serve(echoing);
      const p = packets.p.with({ objectBytes: 9 });
      clientPeer({ ...packets, p, R: cacheAck(42, camera, refused) })
        .sends('op')
        .expects('AR');
    }));
});
