import { of, type Observable } from 'rxjs';
import { ofMessageType, type PacketOf } from '../../operators/of-message-type';
import { requireSession } from '../../operators/require-session';
import { protocolError, unexpectedMessage } from '../../src/protocol/runtime-error';
import { NnrpError } from '../../src/wire/errors';
import { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import { marbles } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { cancelPacket, flowUpdatePacket, resultPacket, submitPacket } from '../support/packets';
import { holds, type Same } from '../support/types';

const packets = {
  s: submitPacket({ sessionId: 42, frameId: 1 }),
  c: cancelPacket({ sessionId: 42, frameId: 1 }),
  r: resultPacket({ sessionId: 42, frameId: 1 }),
  t: submitPacket({ sessionId: 43, frameId: 1 }),
  d: cancelPacket({ sessionId: 0, frameId: 1 }),
  q: resultPacket({ sessionId: 43, frameId: 1 }),
  f: flowUpdatePacket({ sessionId: 43 }),
};

describe('requireSession', () => {
  itIsAnOperator({
    create: () => requireSession(42),
    inputs: { a: packets.s, b: packets.c, c: packets.r },
    outputs: { a: packets.s, b: packets.c, c: packets.r },
  });

  it('errors at the first packet of another session, and unsubscribes the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-s-c-t-s-|', packets);
      const subs = '       ^----!';
      const expected = '   -s-c-#';

      const fault = unexpectedMessage('server received submit for another session');
      expectObservable(source$.pipe(requireSession(42))).toBe(expected, packets, fault);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('errors at a packet of the connection', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-s-d-|', packets);
      const expected = '   -s-#';

      const fault = unexpectedMessage('server received cancel for another session');
      expectObservable(source$.pipe(requireSession(42))).toBe(expected, packets, fault);
    });
  });

  it('names the end that checks', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-r-q-|', packets);
      const expected = '   -r-#';

      const fault = unexpectedMessage('client received result for another session');
      expectObservable(source$.pipe(requireSession(42, { role: 'client' }))).toBe(expected, packets, fault);
    });
  });

  it('calls the session of a foreign FLOW_UPDATE unknown', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-f-|', packets);
      const expected = '   -#';

      const fault = protocolError(new NnrpError({ kind: 'UnknownSession', sessionId: 43 }));
      expectObservable(source$.pipe(requireSession(42, { role: 'client' }))).toBe(expected, packets, fault);
    });
  });

  it('keeps what is known of the type of the packet', () => {
    const submits$ = of(packets.s).pipe(ofMessageType(MessageType.FrameSubmit), requireSession(42));
    holds<Same<typeof submits$, Observable<Packet & PacketOf<typeof MessageType.FrameSubmit>>>>();

    const types: (typeof MessageType.FrameSubmit)[] = [];
    submits$.subscribe(({ header }) => types.push(header.messageType));
    expect(types).toEqual([MessageType.FrameSubmit]);
  });
});
