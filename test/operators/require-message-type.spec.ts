import { of, type Observable } from 'rxjs';
import type { PacketOf } from '../../operators/of-message-type';
import { requireMessageType } from '../../operators/require-message-type';
import { unexpectedMessage } from '../../src/protocol/runtime-error';
import { MessageType } from '../../src/wire/message-type';
import { marbles } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { cancelPacket, dropPacket, pingPacket, resultPacket, submitPacket } from '../support/packets';
import { holds, type Same } from '../support/types';

const { FrameSubmit, ResultPush, ResultDrop, FlowUpdate } = MessageType;

const packets = {
  s: submitPacket({ frameId: 1 }),
  t: submitPacket({ frameId: 2, body: 'Call me' }),
  u: submitPacket({ frameId: 3, sessionId: 7 }),
  c: cancelPacket({ frameId: 1 }),
  r: resultPacket({ frameId: 1 }),
  d: dropPacket({ frameId: 2 }),
  p: pingPacket(),
};

describe('requireMessageType', () => {
  itIsAnOperator({
    create: () => requireMessageType(FrameSubmit),
    inputs: { a: packets.s, b: packets.t, c: packets.u },
    outputs: { a: packets.s, b: packets.t, c: packets.u },
  });

  it('errors at the first packet of another type, and unsubscribes the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-s-t-c-s-|', packets);
      const subs = '       ^----!';
      const expected = '   -s-t-#';

      const fault = unexpectedMessage('server expected FRAME_SUBMIT');
      expectObservable(source$.pipe(requireMessageType(FrameSubmit))).toBe(expected, packets, fault);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('names the end that checks', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-c-|', packets);
      const expected = '   -#';

      const fault = unexpectedMessage('client expected RESULT_PUSH');
      const result$ = source$.pipe(requireMessageType(ResultPush, { role: 'client' }));
      expectObservable(result$).toBe(expected, packets, fault);
    });
  });

  it('takes each of several types, and names all of them where none fits', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-r-d-p-|', packets);
      const expected = '   -r-d-#';

      const fault = unexpectedMessage('client expected RESULT_PUSH, RESULT_DROP, or FLOW_UPDATE');
      const result$ = source$.pipe(
        requireMessageType([ResultPush, ResultDrop, FlowUpdate], { role: 'client' }),
      );
      expectObservable(result$).toBe(expected, packets, fault);
    });
  });

  it('narrows the type of the packet', () => {
    const submits$ = of(packets.s).pipe(requireMessageType(FrameSubmit));
    const results$ = of(packets.r).pipe(requireMessageType([ResultPush, ResultDrop]));
    holds<Same<typeof submits$, Observable<PacketOf<typeof FrameSubmit>>>>();
    holds<Same<typeof results$, Observable<PacketOf<typeof ResultPush | typeof ResultDrop>>>>();

    const types: (typeof FrameSubmit | typeof ResultPush | typeof ResultDrop)[] = [];
    submits$.subscribe(({ header }) => types.push(header.messageType));
    results$.subscribe(({ header }) => types.push(header.messageType));
    expect(types).toEqual([FrameSubmit, ResultPush]);
  });
});
