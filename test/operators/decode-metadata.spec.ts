import { from, of, type Observable } from 'rxjs';
import { decodeMetadata } from '../../operators/decode-metadata';
import { protocolError, unexpectedMessage, RuntimeError } from '../../src/protocol/runtime-error';
import { NnrpError, type NnrpFault } from '../../src/wire/errors';
import { decodeMessage, type AnyMessage, type Message } from '../../src/wire/message';
import { MessageType, messageTypeName, Preview3MessageType } from '../../src/wire/message-type';
import { CloseReason } from '../../src/wire/messages/session-close';
import { packet } from '../../src/wire/packet';
import { preview3 } from '../../src/wire/preview3';
import { isHeaderOnly } from '../../src/wire/revision';
import { marbles, particulars } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { cancelPacket, closePacket, rawPacket, submitPacket, text } from '../support/packets';
import { holds, type Same } from '../support/types';

const { FrameSubmit, FrameCancel, SessionClose, Close } = MessageType;

const packets = {
  s: submitPacket({ frameId: 1, metadata: { latencyBudgetMs: 250 }, body: 'Call me Ishmael.' }),
  t: submitPacket({ frameId: 2, sessionId: 7 }),
  u: submitPacket({ frameId: 3, metadata: { retryOfFrame: 1 } }),
  c: cancelPacket({ frameId: 1 }),
  x: closePacket({ metadata: { closeReason: CloseReason.ClientShutdown, lastOperationId: 9n } }),
  short: rawPacket(FrameSubmit, { frameId: 4, metaLen: 71 }),
  long: rawPacket(FrameSubmit, { frameId: 4, metaLen: 73 }),
  longCancel: rawPacket(FrameCancel, { frameId: 4, bodyLen: 1 }),
  reserved: packet(
    { messageType: FrameSubmit, sessionId: 42, frameId: 4 },
    new Uint8Array(72).fill(1, 55, 56),
  ),
};

function broken(fault: NnrpFault): RuntimeError {
  return protocolError(new NnrpError(fault), 'packet');
}

describe('decodeMetadata without a type', () => {
  itIsAnOperator({
    create: () => decodeMetadata(),
    inputs: { a: packets.s, b: packets.c, c: packets.x },
    outputs: { a: decodeMessage(packets.s), b: decodeMessage(packets.c), c: decodeMessage(packets.x) },
  });

  it('gives what the packet says, metadata decoded', () => {
    const seen: AnyMessage[] = [];
    from([packets.s, packets.c])
      .pipe(decodeMetadata())
      .subscribe((message) => seen.push(message));
    expect(seen).toMatchObject([
      {
        messageType: FrameSubmit,
        sessionId: 42,
        frameId: 1,
        metadata: { latencyBudgetMs: 250, retryOfFrame: 0 },
        body: text('Call me Ishmael.'),
      },
      { messageType: FrameCancel, sessionId: 42, frameId: 1, metadata: undefined, body: text('') },
    ]);
    expect(seen[0]?.header).toBe(packets.s.header);
  });

  it('errors at a record that is too short, and unsubscribes the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-c-k-c-|', { c: packets.c, k: packets.short });
      const subs = '       ^--!';
      const expected = '   -c-#';

      const fault = broken({ kind: 'SourceTooShort', expected: 72, actual: 71 });
      expectObservable(source$.pipe(decodeMetadata())).toBe(expected, { c: decodeMessage(packets.c) }, fault);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('errors at a reserved byte that is not 0', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-r-|', { r: packets.reserved });
      const expected = '   -#';

      const fault = broken({ kind: 'NonZeroReservedField', field: 'frame_submit.reserved4' });
      expectObservable(source$.pipe(decodeMetadata())).toBe(expected, {}, fault);
    });
  });

  it('takes metadata that is longer than its record, as the parsers of the protocol do', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-l-|', { l: packets.long });
      const expected = '   -l-|';

      expectObservable(source$.pipe(decodeMetadata())).toBe(expected, { l: decodeMessage(packets.long) });
    });
  });

  it('gives a union that its messageType discriminates', () => {
    const messages$ = of(packets.x).pipe(decodeMetadata());
    holds<Same<typeof messages$, Observable<AnyMessage>>>();

    const reasons: CloseReason[] = [];
    messages$.subscribe((message) => {
      if (message.messageType === SessionClose) reasons.push(message.metadata.closeReason);
    });
    expect(reasons).toEqual([CloseReason.ClientShutdown]);
  });
});

describe('decodeMetadata of a type', () => {
  itIsAnOperator({
    create: () => decodeMetadata(FrameSubmit),
    inputs: { a: packets.s, b: packets.t, c: packets.u },
    outputs: { a: decodeMessage(packets.s), b: decodeMessage(packets.t), c: decodeMessage(packets.u) },
  });

  const values = { s: decodeMessage(packets.s), c: decodeMessage(packets.c) };

  it('errors at another type, and unsubscribes the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-s-c-s-|', packets);
      const subs = '       ^--!';
      const expected = '   -s-#';

      const fault = unexpectedMessage('server expected FRAME_SUBMIT');
      expectObservable(source$.pipe(decodeMetadata(FrameSubmit))).toBe(expected, values, fault);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it.each(['short', 'long'] as const)('errors at metadata that is too %s', (which) => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-s-x-|', { s: packets.s, x: packets[which] });
      const expected = '   -s-#';

      const fault = unexpectedMessage('server received malformed FRAME_SUBMIT metadata length');
      expectObservable(source$.pipe(decodeMetadata(FrameSubmit))).toBe(expected, values, fault);
    });
  });

  it('errors at a broken record', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-s-r-|', { s: packets.s, r: packets.reserved });
      const expected = '   -s-#';

      const fault = broken({ kind: 'NonZeroReservedField', field: 'frame_submit.reserved4' });
      expectObservable(source$.pipe(decodeMetadata(FrameSubmit))).toBe(expected, values, fault);
    });
  });

  it('takes a header-only type, and errors where it is more', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-c-x-|', { c: packets.c, x: packets.longCancel });
      const expected = '   -c-#';

      const fault = unexpectedMessage('server received malformed FRAME_CANCEL lengths');
      expectObservable(source$.pipe(decodeMetadata(FrameCancel))).toBe(expected, values, fault);
    });
  });

  it('takes a CLOSE, which has a body and no record', () => {
    marbles(({ hot, expectObservable }) => {
      const bye = packet({ messageType: Close }, undefined, text('going away'));
      const source$ = hot('-b-x-|', { b: bye, x: rawPacket(Close, { metaLen: 1 }) });
      const expected = '   -b-#';

      const fault = unexpectedMessage('server received malformed CLOSE metadata length');
      expectObservable(source$.pipe(decodeMetadata(Close))).toBe(expected, { b: decodeMessage(bye) }, fault);
    });
  });

  it('names the end that checks', () => {
    const told = [packets.c, packets.long, packets.longCancel].map((wrong) => {
      const type = wrong === packets.longCancel ? FrameCancel : FrameSubmit;
      let outcome: unknown;
      of(wrong)
        .pipe(decodeMetadata(type, { role: 'client' }))
        .subscribe({ error: (error: unknown) => (outcome = particulars(error)) });
      return outcome;
    });
    expect(told).toEqual(
      [
        'client expected FRAME_SUBMIT',
        'client received malformed FRAME_SUBMIT metadata length',
        'client received malformed FRAME_CANCEL lengths',
      ].map((message) => particulars(unexpectedMessage(message))),
    );
  });

  it('gives that type of message', () => {
    const submits$ = of(packets.s).pipe(decodeMetadata(FrameSubmit));
    const cancels$ = of(packets.c).pipe(decodeMetadata(FrameCancel));
    holds<Same<typeof submits$, Observable<Message<typeof FrameSubmit>>>>();
    holds<Same<typeof cancels$, Observable<Message<typeof FrameCancel>>>>();

    const seen: (number | undefined)[] = [];
    submits$.subscribe(({ metadata }) => seen.push(metadata.latencyBudgetMs));
    cancels$.subscribe(({ metadata }) => seen.push(metadata));
    expect(seen).toEqual([250, undefined]);
  });

  it.each(Object.values(Preview3MessageType).map((type) => [messageTypeName(type), type] as const))(
    'takes no other length of %s than that of its record',
    (_name, type) => {
      const length = preview3.messages[type]?.record?.length ?? 0;
      const outcomes = [length - 1, length + 1].map((metaLen) => {
        let kind: unknown = 'decoded';
        of(rawPacket(type, { metaLen: Math.max(metaLen, 1) }))
          .pipe(decodeMetadata(type))
          .subscribe({ error: (error: unknown) => (kind = error instanceof RuntimeError && error.kind) });
        return kind;
      });
      const refusal =
        isHeaderOnly(preview3, type) && type !== FrameCancel ? 'protocol' : 'unexpected-message';
      expect(outcomes).toEqual([refusal, refusal]);
    },
  );
});
