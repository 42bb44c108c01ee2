import {
  acceptsMessages,
  acceptsOperations,
  afterClose,
  afterCloseAck,
  SessionState,
} from '../../../src/protocol/session/session-lifecycle';
import { CloseStatus } from '../../../src/wire/messages/session-close';
import { faultOf } from '../support';

const { Open, Resumed, Closing, Draining, Closed } = SessionState;
const states = Object.values(SessionState);

describe('a session', () => {
  it('takes operations while it is open or resumed, and messages until it is closed', () => {
    expect(states.filter(acceptsOperations)).toEqual([Open, Resumed]);
    expect(states.filter(acceptsMessages)).toEqual([Open, Resumed, Closing, Draining]);
  });

  it.each([Open, Resumed])('goes from %s to closing with SESSION_CLOSE', (state) => {
    expect(afterClose(state, 42)).toBe(Closing);
  });

  it.each([Closing, Draining, Closed])('cannot be closed while it is %s', (state) => {
    expect(faultOf(() => afterClose(state, 42))).toEqual({ kind: 'SessionNotOpen', sessionId: 42 });
  });

  describe.each([
    ['acknowledged', CloseStatus.Acknowledged, Closing],
    ['draining', CloseStatus.Draining, Draining],
    ['closed', CloseStatus.Closed, Closed],
    ['rejected', CloseStatus.Rejected, Open],
  ])('with a SESSION_CLOSE_ACK that says %s', (_, status, expected) => {
    it.each([Open, Resumed, Closing, Draining])(`goes from %s to ${expected}`, (state) => {
      expect(afterCloseAck(state, status, 42)).toBe(expected);
    });

    it('stays closed', () => {
      expect(faultOf(() => afterCloseAck(Closed, status, 42))).toEqual({
        kind: 'SessionNotOpen',
        sessionId: 42,
      });
    });
  });
});
