import fc from 'fast-check';
import {
  cancel,
  describePacket,
  error,
  flowUpdate,
  open,
  openAck,
  ping,
  raw,
  result,
  resumeToken,
  submit,
} from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { packets } from '../../support/arbitraries';

describe('describePacket', () => {
  it.each([
    [ping(), 'PING'],
    [cancel(42, 1), 'FRAME_CANCEL session 42 frame 1'],
    [submit(42, 1, 'hi'), 'FRAME_SUBMIT session 42 frame 1 "hi"'],
    [submit(42, 1).with({ latencyBudgetMs: 5 }), 'FRAME_SUBMIT session 42 frame 1 latencyBudgetMs 5'],
    [submit(42, 1).withHeader({ viewId: 3 }), 'FRAME_SUBMIT session 42 frame 1 viewId 3'],
    [result(42, 1, 'del').partial(), 'RESULT_PUSH session 42 frame 1 partial tokens "del"'],
    [result(42, 1), 'RESULT_PUSH session 42 frame 1 complete'],
    [result(42, 1, Uint8Array.of(0, 255)), 'RESULT_PUSH session 42 frame 1 complete 0x00ff (2 bytes)'],
    [open(42), 'SESSION_OPEN requestedSessionId 42'],
    [
      open(42).auth('s').resuming(resumeToken(1, 2)),
      'SESSION_OPEN requestedSessionId 42 sessionFlags 0x1 resumeToken 0x0101 (2 bytes) auth "s"',
    ],
    [openAck(42), 'SESSION_OPEN_ACK session 42'],
    [
      openAck(42).rejected(0x10001),
      'SESSION_OPEN_ACK sessionStatus Rejected (1) sessionErrorCode AuthFailed (0x10001)',
    ],
    [
      error({ sessionId: 42 }, 0x30001, 'gone'),
      'ERROR session 42 errorCode Miss (0x30001) errorScope Session (1) "gone"',
    ],
    [
      flowUpdate(42).grant(3, 1),
      'FLOW_UPDATE session 42 scopeKind Session (1) sessionCredit 3 creditEpoch 1 flowFlags 0x1',
    ],
    [raw(MessageType.FrameSubmit, {}, Uint8Array.of(1)), 'FRAME_SUBMIT metadata 0x01 (1 bytes)'],
  ])('%#', (packet, line) => {
    expect(describePacket(packet)).toBe(line);
  });

  it('is one line, not too long, for any packet', () => {
    fc.assert(
      fc.property(packets(400), (packet) => {
        const line = describePacket(packet);
        expect(line).not.toContain('\n');
        expect(line.length).toBeLessThan(2000);
      }),
    );
  });
});
