import { CreditLedger } from '../../../src/testing/flow/credit-ledger';
import { drop, flowUpdate, raw, result, sessionCloseAck } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';

function stoppedAfter(...packets: readonly Packet[]): readonly string[] {
  const ledger = new CreditLedger();
  for (const packet of packets) ledger.note(packet, 0);
  return ledger.stopped();
}

describe('CreditLedger', () => {
  it('knows who is stopped: the connection, a session, an operation', () => {
    expect(stoppedAfter(flowUpdate().pause(1), flowUpdate(42).hard(1), flowUpdate(42, 7).pause(1))).toEqual([
      'the connection',
      'session 42',
      'operation 7 of session 42',
    ]);
  });

  it('knows who goes on again', () => {
    expect(stoppedAfter(flowUpdate(42).pause(1), flowUpdate(42).resume(2, 2))).toEqual([]);
    expect(stoppedAfter(flowUpdate(42).hard(1), flowUpdate(42).grant(2, 1))).toEqual([]);
    expect(stoppedAfter(flowUpdate(42).pause(3), flowUpdate(42).grant(2, 2))).toEqual(['session 42']);
  });

  it('forgets an operation that has ended, and not one that goes on', () => {
    const stopped = flowUpdate(42, 7).pause(1);
    expect(stoppedAfter(stopped, result(42, 7))).toEqual([]);
    expect(stoppedAfter(stopped, drop(42, 7))).toEqual([]);
    expect(stoppedAfter(stopped, result(42, 7).partial())).toEqual(['operation 7 of session 42']);
    expect(stoppedAfter(stopped, result(42, 8))).toEqual(['operation 7 of session 42']);
  });

  it('forgets a session that is closed, with its operations, and no other', () => {
    const stopped = [flowUpdate(42).pause(1), flowUpdate(42, 7).pause(1), flowUpdate(4).pause(1)];
    expect(stoppedAfter(...stopped, sessionCloseAck(42))).toEqual(['session 4']);
    expect(stoppedAfter(...stopped, sessionCloseAck(42).draining())).toHaveLength(3);
  });

  it('leaves broken packets to others', () => {
    expect(stoppedAfter(raw(MessageType.FlowUpdate, { sessionId: 42 }, Uint8Array.of(1)))).toEqual([]);
  });
});
