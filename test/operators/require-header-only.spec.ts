import { requireHeaderOnly } from '../../operators/require-header-only';
import { protocolError, unexpectedMessage } from '../../src/protocol/runtime-error';
import { NnrpError } from '../../src/wire/errors';
import { MessageType } from '../../src/wire/message-type';
import { marbles } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { cancelPacket, dropPacket, pingPacket, rawPacket } from '../support/packets';

const packets = {
  c: cancelPacket({ frameId: 1 }),
  d: dropPacket({ frameId: 1 }),
  p: pingPacket(),
  m: rawPacket(MessageType.FrameCancel, { frameId: 1, metaLen: 1 }),
  b: rawPacket(MessageType.FrameCancel, { frameId: 1, bodyLen: 1 }),
  r: rawPacket(MessageType.ResultDrop, { frameId: 1, bodyLen: 1 }),
};

describe('requireHeaderOnly', () => {
  itIsAnOperator({
    create: () => requireHeaderOnly(),
    inputs: { a: packets.c, b: packets.d, c: packets.p },
    outputs: { a: packets.c, b: packets.d, c: packets.p },
  });

  const malformed = unexpectedMessage('server received malformed FRAME_CANCEL lengths');

  it('errors at the first packet with metadata, and unsubscribes the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('-c-d-m-c-|', packets);
      const subs = '       ^----!';
      const expected = '   -c-d-#';

      expectObservable(source$.pipe(requireHeaderOnly())).toBe(expected, packets, malformed);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('errors at the first packet with a body', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-c-b-c-|', packets);
      const expected = '   -c-#';

      expectObservable(source$.pipe(requireHeaderOnly())).toBe(expected, packets, malformed);
    });
  });

  it('names the end that checks', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-m-|', packets);
      const expected = '   -#';

      const fault = unexpectedMessage('client received malformed FRAME_CANCEL lengths');
      expectObservable(source$.pipe(requireHeaderOnly({ role: 'client' }))).toBe(expected, packets, fault);
    });
  });

  it('says of a RESULT_DROP which rule it breaks', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('-d-r-|', packets);
      const expected = '   -d-#';

      const rule = 'RESULT_DROP is header-only and requires meta_len=0 and body_len=0';
      const fault = protocolError(new NnrpError({ kind: 'InvalidProtocolCombination', rule }));
      expectObservable(source$.pipe(requireHeaderOnly({ role: 'client' }))).toBe(expected, packets, fault);
    });
  });
});
