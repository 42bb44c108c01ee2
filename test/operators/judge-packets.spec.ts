import { judgePackets } from '../../operators/judge-packets';
import { protocolError, unexpectedMessage, type RuntimeError } from '../../src/protocol/runtime-error';
import { NnrpError } from '../../src/wire/errors';
import { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import { preview4 } from '../../src/wire/preview4';
import { marbles } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { cancelPacket, pingPacket, rawPacket, resultPacket, submitPacket } from '../support/packets';

const packets = {
  s: submitPacket({ frameId: 1 }),
  c: cancelPacket({ frameId: 1 }),
  p: pingPacket({ frameId: 1 }),
  r: resultPacket({ frameId: 1 }),
  /** Of a type that no revision has; of preview4; with a body that it must not have; of no session. */
  u: rawPacket(0x7f as MessageType),
  f: rawPacket(MessageType.Progress, {
    metaLen: preview4.messages[MessageType.Progress]?.record?.length ?? 0,
  }),
  b: rawPacket(MessageType.FrameCancel, { bodyLen: 1 }),
  n: submitPacket({ sessionId: 0 }),
};

const unknown = protocolError(new NnrpError({ kind: 'UnknownMessageType', actual: 0x7f }));

describe('judgePackets', () => {
  itIsAnOperator<Packet, Packet>({
    create: () => judgePackets(),
    inputs: { a: packets.s, b: packets.c, c: packets.p },
    outputs: { a: packets.s, b: packets.c, c: packets.p },
  });

  it.each<[string, string, RuntimeError]>([
    ['of no known type', '-s-u-s-|', unknown],
    [
      'that is not the other end’s to send',
      '-s-r-s-|',
      unexpectedMessage('server received unexpected RESULT_PUSH'),
    ],
    [
      'that is longer than its record',
      '-s-b-s-|',
      unexpectedMessage('server received malformed FRAME_CANCEL lengths'),
    ],
    ['of another scope', '-s-n-s-|', unexpectedMessage('server received unexpected FRAME_SUBMIT')],
  ])('errors at the first packet %s, and unsubscribes the source', (_, source, fault) => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot<Packet>(source, packets);
      const subs = '              ^--!';
      const expected = '          -s-#';

      expectObservable(source$.pipe(judgePackets())).toBe(expected, packets, fault);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('tells of each fault and goes on, where somebody is told', () => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const source$ = hot<Packet>('-s-u-(br)-c-|', packets);
      const subs = '               ^-----------!';
      const expected = '           -s--------c-|';

      const told: unknown[] = [];
      const onViolation = (fault: RuntimeError, packet: Packet): void =>
        void told.push([fault.message, packet]);
      expectObservable(source$.pipe(judgePackets({ onViolation }))).toBe(expected, packets);
      expectSubscriptions(source$.subscriptions).toBe(subs);
      flush();
      expect(told).toEqual([
        [unknown.message, packets.u],
        ['server received malformed FRAME_CANCEL lengths', packets.b],
        ['server received unexpected RESULT_PUSH', packets.r],
      ]);
    });
  });

  it('judges for the client, too, and by another revision', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot<Packet>('-r-f-s-|', packets);
      const fault = unexpectedMessage('client received unexpected FRAME_SUBMIT');
      const asClient = judgePackets({ role: 'client', revision: preview4 });
      expectObservable(source$.pipe(asClient)).toBe('-r-f-#', packets, fault);
    });
  });

  it('errors with what onViolation throws', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot<Packet>('-s-u-s-|', packets);
      const subs = '               ^--!';
      const expected = '           -s-#';

      const bug = new Error('a bug');
      const onViolation = (): never => {
        throw bug;
      };
      expectObservable(source$.pipe(judgePackets({ onViolation }))).toBe(expected, packets, bug);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });
});
