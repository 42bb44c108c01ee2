import fc from 'fast-check';
import { concat, from, of, Subject, take, toArray, type Observable } from 'rxjs';
import { decodePackets } from '../../operators/decode-packets';
import { protocolError, RuntimeError } from '../../src/protocol/runtime-error';
import { NnrpError, type NnrpFault } from '../../src/wire/errors';
import type { Packet } from '../../src/wire/packet';
import { packetSequences, splits } from '../support/arbitraries';
import { marbles, particulars } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { bytesOf, cancelPacket, pingPacket, submitPacket } from '../support/packets';

const submit = submitPacket({ frameId: 1, body: 'Call me Ishmael.' });
const cancel = cancelPacket({ frameId: 1 });
const ping = pingPacket();
const packets = { s: submit, c: cancel, p: ping };

const submitBytes = bytesOf(submit);
const broken = new Uint8Array(40).fill(0x47);

function brokenBy(fault: NnrpFault): RuntimeError {
  return protocolError(new NnrpError(fault), 'connection');
}

function cutOffAfter(bytes: number): RuntimeError {
  const message = `the stream of bytes ended inside a packet, after ${bytes} bytes of it`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'peer' });
}

describe('decodePackets', () => {
  itIsAnOperator({
    create: () => decodePackets(),
    inputs: { a: submitBytes, b: bytesOf(cancel), c: bytesOf(ping) },
    outputs: { a: submit, b: cancel, c: ping },
  });

  it('takes several packets out of one chunk', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('--m-----|', { m: bytesOf(submit, cancel, ping) });
      const expected = '   --(scp)-|';

      expectObservable(source$.pipe(decodePackets())).toBe(expected, packets);
    });
  });

  it('puts a packet together from several chunks', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('--1--2--3--|', {
        1: submitBytes.subarray(0, 39),
        2: submitBytes.subarray(39, 41),
        3: submitBytes.subarray(41),
      });
      const expected = '   --------s--|';

      expectObservable(source$.pipe(decodePackets())).toBe(expected, packets);
    });
  });

  it('gives what a chunk completes before the chunk that begins in it', () => {
    marbles(({ hot, expectObservable }) => {
      const bytes = bytesOf(cancel, submit);
      const source$ = hot('--1--2--|', { 1: bytes.subarray(0, 60), 2: bytes.subarray(60) });
      const expected = '   --c--s--|';

      expectObservable(source$.pipe(decodePackets())).toBe(expected, packets);
    });
  });

  it('lets empty chunks pass', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('--e--s--e--|', { e: new Uint8Array(0), s: submitBytes });
      const expected = '   -----s-----|';

      expectObservable(source$.pipe(decodePackets())).toBe(expected, packets);
    });
  });

  it('errors at a broken frame, and unsubscribes the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('--s--x--s--|', { s: submitBytes, x: broken });
      const subs = '       ^----!';
      const expected = '   --s--#';

      const fault = brokenBy({ kind: 'InvalidMagic' });
      expectObservable(source$.pipe(decodePackets())).toBe(expected, packets, fault);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('gives the packets before a broken frame in the same chunk', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('--m-----|', { m: Uint8Array.of(...bytesOf(submit, cancel), ...broken) });
      const expected = '   --(sc#)';

      const fault = brokenBy({ kind: 'InvalidMagic' });
      expectObservable(source$.pipe(decodePackets())).toBe(expected, packets, fault);
    });
  });

  it.each([
    [39, 'inside the header'],
    [40, 'after the header'],
    [41, 'inside the metadata'],
    [submitBytes.length - 1, 'inside the body'],
  ])('errors where the source completes after %i bytes, %s', (length) => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('--s--x--|', { s: submitBytes, x: submitBytes.subarray(0, length) });
      const subs = '       ^-------!';
      const expected = '   --s-----#';

      expectObservable(source$.pipe(decodePackets())).toBe(expected, packets, cutOffAfter(length));
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('passes an error of the source inside a packet as it is', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('--x--#', { x: submitBytes.subarray(0, 50) }, new Error('the cable was cut'));
      const expected = '   -----#';

      expectObservable(source$.pipe(decodePackets())).toBe(expected, packets, new Error('the cable was cut'));
    });
  });

  it('judges the declared length of a body by its limit, before the body comes', () => {
    marbles(({ hot, expectObservable }) => {
      const limits = { maxBodyBytes: 15 };
      const source$ = hot('--h--|', { h: submitBytes.subarray(0, 40) });
      const expected = '   --#';

      const fault = brokenBy({ kind: 'MessageLengthOverflow', declared: 16, limit: 15 });
      expectObservable(source$.pipe(decodePackets(limits))).toBe(expected, packets, fault);
    });
  });

  it('judges the declared length of metadata by its limit', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('--h--|', { h: submitBytes.subarray(0, 40) });
      const expected = '   --#';

      const fault = brokenBy({ kind: 'MessageLengthOverflow', declared: 72, limit: 71 });
      expectObservable(source$.pipe(decodePackets({ maxMetadataBytes: 71 }))).toBe(expected, packets, fault);
    });
  });

  it('takes packets that are exactly as large as the limits allow', () => {
    marbles(({ hot, expectObservable }) => {
      const limits = { maxMetadataBytes: 72, maxBodyBytes: 16 };
      const source$ = hot('--s--|', { s: submitBytes });
      const expected = '   --s--|';

      expectObservable(source$.pipe(decodePackets(limits))).toBe(expected, packets);
    });
  });

  it('has a decoder of its own for each subscription', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('--1--2--s--|', {
        1: submitBytes.subarray(0, 50),
        2: submitBytes.subarray(50),
        s: submitBytes,
      });
      const first = '      ^';
      const firstSees = '  -----s--s--|';
      const late = '       ------^';
      const lateSees = '   --------s--|';

      const result$ = source$.pipe(decodePackets());
      expectObservable(result$, first).toBe(firstSees, packets);
      expectObservable(result$, late).toBe(lateSees, packets);
    });
  });

  it('stops inside a chunk when it is unsubscribed', () => {
    const chunk = Uint8Array.of(...bytesOf(submit, cancel), ...broken);
    const seen: unknown[] = [];
    concat(of(chunk), of(chunk))
      .pipe(decodePackets(), take(2))
      .subscribe({
        next: ({ header }) => seen.push(header.messageType),
        error: (error: unknown) => seen.push(error),
        complete: () => seen.push('complete'),
      });
    expect(seen).toEqual([submit.header.messageType, cancel.header.messageType, 'complete']);
  });

  it('keeps the order of chunks that arrive while packets are handled', () => {
    const bytes$ = new Subject<Uint8Array>();
    const seen: Packet[] = [];
    bytes$.pipe(decodePackets()).subscribe((packet) => {
      seen.push(packet);
      if (seen.length === 1) bytes$.next(bytesOf(ping));
    });
    bytes$.next(bytesOf(submit, cancel));
    expect(seen).toStrictEqual([submit, cancel, ping]);
  });

  it('gives views of the chunk and no copies', () => {
    const chunk = bytesOf(cancel, submit);
    let body: Uint8Array | undefined;
    of(chunk)
      .pipe(decodePackets())
      .subscribe((packet) => (body = packet.body));
    expect(body?.buffer).toBe(chunk.buffer);
  });

  it('gives the same packets however the bytes are split', () => {
    const sequences = packetSequences(40);
    const cases = sequences.chain((sent) => fc.tuple(fc.constant(sent), splits(bytesOf(...sent))));
    fc.assert(
      fc.property(cases, ([sent, chunks]) => {
        expect(outcome(from(chunks).pipe(decodePackets(), toArray()))).toStrictEqual([sent]);
      }),
      { numRuns: 200 },
    );
  });

  it('errors at every place where a packet can be cut off', () => {
    for (let length = 1; length < submitBytes.length; length++) {
      const cut$ = of(submitBytes.subarray(0, length));
      expect(outcome(cut$.pipe(decodePackets()))).toEqual([particulars(cutOffAfter(length))]);
    }
  });
});

/** What a synchronous stream emits, its error last. */
function outcome(stream$: Observable<unknown>): unknown[] {
  const seen: unknown[] = [];
  stream$.subscribe({
    next: (value) => seen.push(value),
    error: (error: unknown) => seen.push(particulars(error)),
  });
  return seen;
}
