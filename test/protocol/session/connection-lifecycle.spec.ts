import { ConnectionLifecycle, ConnectionState } from '../../../src/protocol/session/connection-lifecycle';
import { SessionState } from '../../../src/protocol/session/session-lifecycle';
import { MessageType } from '../../../src/wire/message-type';
import { FlowFlag, FlowScope, FlowUpdateMetadata } from '../../../src/wire/messages/flow-update';
import {
  CloseStatus,
  SessionCloseAckMetadata,
  SessionCloseMetadata,
} from '../../../src/wire/messages/session-close';
import {
  PriorityClass,
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { brokenRule, faultOf, kindOf } from '../support';

const openAck = (sessionId: number, fields: Partial<SessionOpenAckMetadata> = {}): SessionOpenAckMetadata =>
  SessionOpenAckMetadata.of({
    sessionId,
    acceptedProfileId: 2,
    acceptedPriorityClass: PriorityClass.Balanced,
    schemaId: 0x1001,
    schemaVersion: 3,
    maxInFlightOperations: 4,
    routeScopeId: 7,
    ...fields,
  });

function connectionWith(...sessionIds: readonly number[]): ConnectionLifecycle {
  const connection = new ConnectionLifecycle();
  for (const sessionId of sessionIds) connection.applySessionOpenAck(openAck(sessionId));
  return connection;
}

const closeHeader = (sessionId: number) => ({ messageType: MessageType.SessionClose, sessionId });
const ackHeader = (sessionId: number) => ({ messageType: MessageType.SessionCloseAck, sessionId });
const flowHeader = (sessionId: number) => ({ messageType: MessageType.FlowUpdate, sessionId });
const close = SessionCloseMetadata.of({ lastOperationId: 7n, sessionErrorCode: 3 });
const closeAck = (closeStatus: CloseStatus) =>
  SessionCloseAckMetadata.of({ closeStatus, lastOperationId: 9n });
const sessionFlow = FlowUpdateMetadata.of({
  scopeKind: FlowScope.Session,
  sessionCredit: 1,
  flowFlags: FlowFlag.CreditValid,
});

describe('ConnectionLifecycle', () => {
  it('is open and has no session at first', () => {
    const connection = new ConnectionLifecycle();
    expect(connection.state).toBe(ConnectionState.Open);
    expect([...connection.sessions()]).toEqual([]);
    expect(connection.session(42)).toBeUndefined();
  });

  describe('SESSION_OPEN_ACK', () => {
    it('installs what the server accepted', () => {
      const connection = connectionWith(42, 43);
      expect(connection.sessionCount).toBe(2);
      expect(connection.session(42)).toEqual({
        sessionId: 42,
        state: SessionState.Open,
        profileId: 2,
        priorityClass: PriorityClass.Balanced,
        schemaId: 0x1001,
        schemaVersion: 3,
        maxInFlightOperations: 4,
        routeScopeId: 7,
        lastOperationId: 0n,
        sessionErrorCode: 0,
      });
      expect([...connection.sessions()].map(({ sessionId }) => sessionId)).toEqual([42, 43]);
    });

    it('installs a resumed session as such', () => {
      const connection = new ConnectionLifecycle();
      connection.applySessionOpenAck(openAck(42, { sessionStatus: SessionStatus.Resumed }));
      expect(connection.session(42)?.state).toBe(SessionState.Resumed);
    });

    it.each([SessionStatus.Opened, SessionStatus.Resumed])('with status %i needs an id', (sessionStatus) => {
      expect(
        faultOf(() => new ConnectionLifecycle().applySessionOpenAck(openAck(0, { sessionStatus }))),
      ).toEqual(brokenRule('successful SESSION_OPEN_ACK requires a non-zero session_id'));
    });

    it('installs an id once', () => {
      const connection = connectionWith(42);
      for (const sessionStatus of [SessionStatus.Opened, SessionStatus.Resumed]) {
        expect(faultOf(() => connection.applySessionOpenAck(openAck(42, { sessionStatus })))).toEqual({
          kind: 'SessionAlreadyExists',
          sessionId: 42,
        });
      }
    });

    it.each([SessionStatus.Rejected, SessionStatus.RetryLater])(
      'with status %i installs nothing and carries no id',
      (sessionStatus) => {
        const connection = new ConnectionLifecycle();
        const fields = { sessionStatus, sessionErrorCode: SessionErrorCode.ProfileUnsupported };
        connection.applySessionOpenAck(openAck(0, fields));
        expect(connection.sessionCount).toBe(0);
        expect(faultOf(() => connection.applySessionOpenAck(openAck(42, fields)))).toEqual(
          brokenRule('rejected SESSION_OPEN_ACK must not install a session_id'),
        );
      },
    );
  });

  describe('SESSION_CLOSE', () => {
    it('moves its session to closing and leaves its siblings alone', () => {
      const connection = connectionWith(42, 43);
      connection.beginSessionClose(closeHeader(42), close);
      expect(connection.session(42)).toMatchObject({
        state: SessionState.Closing,
        lastOperationId: 7n,
        sessionErrorCode: 3,
      });
      expect(connection.session(43)).toMatchObject({ state: SessionState.Open, lastOperationId: 0n });
    });

    it.each([
      [
        'another header',
        { messageType: MessageType.Ping, sessionId: 42 },
        brokenRule('SESSION_CLOSE lifecycle transition requires a SESSION_CLOSE header'),
      ],
      ['no session', closeHeader(0), brokenRule('SESSION_CLOSE requires header.session_id!=0')],
      ['an unknown session', closeHeader(9), { kind: 'UnknownSession', sessionId: 9 }],
    ])('is refused with %s', (_, header, fault) => {
      expect(faultOf(() => connectionWith(42).beginSessionClose(header, close))).toEqual(fault);
    });

    it('is refused twice, and changes nothing then', () => {
      const connection = connectionWith(42);
      connection.beginSessionClose(closeHeader(42), close);
      const second = SessionCloseMetadata.of({ lastOperationId: 99n });
      expect(faultOf(() => connection.beginSessionClose(closeHeader(42), second))).toEqual({
        kind: 'SessionNotOpen',
        sessionId: 42,
      });
      expect(connection.session(42)?.lastOperationId).toBe(7n);
    });
  });

  describe('SESSION_CLOSE_ACK', () => {
    it.each([
      [CloseStatus.Acknowledged, SessionState.Closing],
      [CloseStatus.Draining, SessionState.Draining],
      [CloseStatus.Closed, SessionState.Closed],
      [CloseStatus.Rejected, SessionState.Open],
    ])('with status %i makes its session %s', (status, state) => {
      const connection = connectionWith(42, 43);
      connection.beginSessionClose(closeHeader(42), close);
      connection.applySessionCloseAck(ackHeader(42), closeAck(status));
      expect(connection.session(42)).toMatchObject({ state, lastOperationId: 9n, sessionErrorCode: 0 });
      expect(connection.session(43)?.state).toBe(SessionState.Open);
    });

    it('closes a session that asked for nothing', () => {
      const connection = connectionWith(42);
      connection.applySessionCloseAck(ackHeader(42), closeAck(CloseStatus.Closed));
      expect(kindOf(() => connection.beginSessionClose(closeHeader(42), close))).toBe('SessionNotOpen');
    });

    it.each([
      [
        'another header',
        closeHeader(42),
        brokenRule('SESSION_CLOSE_ACK lifecycle transition requires a SESSION_CLOSE_ACK header'),
      ],
      ['no session', ackHeader(0), brokenRule('SESSION_CLOSE_ACK requires header.session_id!=0')],
      ['an unknown session', ackHeader(9), { kind: 'UnknownSession', sessionId: 9 }],
    ])('is refused with %s', (_, header, fault) => {
      const connection = connectionWith(42);
      expect(faultOf(() => connection.applySessionCloseAck(header, closeAck(CloseStatus.Closed)))).toEqual(
        fault,
      );
    });

    it('is refused by a closed session', () => {
      const connection = connectionWith(42);
      connection.applySessionCloseAck(ackHeader(42), closeAck(CloseStatus.Closed));
      expect(
        faultOf(() => connection.applySessionCloseAck(ackHeader(42), closeAck(CloseStatus.Rejected))),
      ).toEqual({ kind: 'SessionNotOpen', sessionId: 42 });
    });
  });

  describe('FLOW_UPDATE', () => {
    const connectionFlow = FlowUpdateMetadata.of({ scopeKind: FlowScope.Connection, connectionCredit: 6 });
    const operationFlow = FlowUpdateMetadata.of({ scopeKind: FlowScope.Operation, operationId: 5n });

    it('goes to the connection, or to a session until it is closed', () => {
      const connection = connectionWith(42);
      const validate = (sessionId: number, update: FlowUpdateMetadata) =>
        connection.validateFlowUpdate(flowHeader(sessionId), update);
      validate(0, connectionFlow);
      validate(42, sessionFlow);
      validate(42, operationFlow);
      connection.beginSessionClose(closeHeader(42), close);
      validate(42, sessionFlow);
      connection.applySessionCloseAck(ackHeader(42), closeAck(CloseStatus.Draining));
      validate(42, sessionFlow);
      connection.applySessionCloseAck(ackHeader(42), closeAck(CloseStatus.Closed));
      const fault = { kind: 'UnknownSession', sessionId: 42 };
      expect(faultOf(() => validate(42, sessionFlow))).toEqual(fault);
      expect(faultOf(() => validate(42, operationFlow))).toEqual(fault);
      validate(0, connectionFlow);
    });

    it('goes to no unknown session', () => {
      expect(faultOf(() => connectionWith(42).validateFlowUpdate(flowHeader(9), sessionFlow))).toEqual({
        kind: 'UnknownSession',
        sessionId: 9,
      });
    });

    it('is judged by its routing before its session', () => {
      expect(kindOf(() => connectionWith(42).validateFlowUpdate(flowHeader(9), connectionFlow))).toBe(
        'InvalidProtocolCombination',
      );
    });
  });

  describe('closing', () => {
    it('closes every session with the connection', () => {
      const connection = connectionWith(42, 43);
      connection.close();
      expect(connection.state).toBe(ConnectionState.Closed);
      expect([...connection.sessions()].map(({ state }) => state)).toEqual(['closed', 'closed']);
      expect(faultOf(() => connection.close())).toEqual({ kind: 'ConnectionAlreadyClosed' });
    });

    it('goes by way of closing, with the sessions as they were', () => {
      const connection = connectionWith(42);
      connection.beginClose();
      expect(connection.state).toBe(ConnectionState.Closing);
      expect(connection.session(42)?.state).toBe(SessionState.Open);
      expect(faultOf(() => connection.beginClose())).toEqual({ kind: 'ConnectionNotOpen' });
      connection.close();
      expect(connection.state).toBe(ConnectionState.Closed);
    });

    it.each(['beginClose', 'close'] as const)('refuses everything after %s', (how) => {
      const connection = connectionWith(42);
      connection[how]();
      const actions = [
        () => connection.applySessionOpenAck(openAck(43)),
        () => connection.beginSessionClose(closeHeader(42), close),
        () => connection.applySessionCloseAck(ackHeader(42), closeAck(CloseStatus.Closed)),
        () => connection.validateFlowUpdate(flowHeader(42), sessionFlow),
        () => connection.beginClose(),
      ];
      for (const action of actions) expect(faultOf(action)).toEqual({ kind: 'ConnectionNotOpen' });
    });
  });

  describe('forget', () => {
    it('frees a closed session and its id', () => {
      const connection = connectionWith(42);
      connection.applySessionCloseAck(ackHeader(42), closeAck(CloseStatus.Closed));
      expect(connection.forget(42)).toBe(true);
      expect(connection.sessionCount).toBe(0);
      connection.applySessionOpenAck(openAck(42));
      expect(connection.session(42)?.state).toBe(SessionState.Open);
    });

    it('leaves a session that is not closed, and knows no other', () => {
      const connection = connectionWith(42);
      expect(connection.forget(42)).toBe(false);
      connection.beginSessionClose(closeHeader(42), close);
      expect(connection.forget(42)).toBe(false);
      expect(connection.sessionCount).toBe(1);
      expect(connection.forget(9)).toBe(false);
    });

    it('keeps memory from growing with sessions opened and closed', () => {
      const connection = new ConnectionLifecycle();
      for (let sessionId = 1; sessionId <= 10_000; sessionId++) {
        connection.applySessionOpenAck(openAck(sessionId));
        connection.applySessionCloseAck(ackHeader(sessionId), closeAck(CloseStatus.Closed));
        connection.forget(sessionId);
        expect(connection.sessionCount).toBe(0);
      }
    });
  });
});
