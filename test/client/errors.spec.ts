import { inspect } from 'node:util';
import {
  MigrationRefusedError,
  OperationError,
  ServerRefusalError,
  SessionRejectedError,
  type OperationFailure,
  type SessionEnd,
} from '../../src/client/errors';
import { CloseReason } from '../../src/wire/messages/session-close';
import { SessionErrorCode, SessionStatus } from '../../src/wire/messages/session-open';

describe('OperationError', () => {
  it.each<[OperationFailure, string]>([
    [
      'dropped',
      'operation 3 of session 7 has no result: the server dropped it; its `failures$` and `limits$` tell why',
    ],
    ['refused', 'operation 3 of session 7 has no result: the server refused it'],
    ['cancelled', 'operation 3 of session 7 has no result: it was cancelled'],
    ['session-closed', 'operation 3 of session 7 has no result: its session is closed'],
    [
      'connection-lost',
      'operation 3 of session 7 has no result: the connection is lost, and whether the server has run it is unknown',
    ],
  ])('says whose operation has no result, and why: %s', (reason, message) => {
    const error = new OperationError(reason, 7, 3);
    expect(error).toMatchObject({ name: 'OperationError', reason, sessionId: 7, frameId: 3, errorCode: 0 });
    expect(error.message).toBe(message);
    expect(error).toBeInstanceOf(Error);
  });

  it('does not name an operation that was never sent', () => {
    expect(new OperationError('session-closed', 7, 0).message).toBe(
      'a submit of session 7 has no result: its session is closed',
    );
  });

  it.each([
    ['connection-lost', 'the connection is lost, and it was never sent'],
    ['taken-over', 'another client has taken its session over, and it was never sent'],
  ] as const)('says of one that was never sent that it was not run: %s', (reason, why) => {
    const error = new OperationError(reason, 7, 0);
    expect(error.message).toBe(`a submit of session 7 has no result: ${why}`);
    expect(error.outcome).toBe('not-run');
  });

  it.each([
    ['dropped', 'given-up'],
    ['refused', 'given-up'],
    ['cancelled', 'unknown'],
    ['session-closed', 'unknown'],
    ['connection-lost', 'unknown'],
  ] as const)('says what is known of an operation that was sent: %s is %s', (reason, outcome) => {
    expect(new OperationError(reason, 7, 3).outcome).toBe(outcome);
  });

  it.each([
    ['session-closed', { closeReason: CloseReason.ServerShutdown }, 'its session is closed (ServerShutdown)'],
    [
      'session-closed',
      { closeReason: CloseReason.AuthRevoked, errorCode: SessionErrorCode.AuthFailed },
      'its session is closed (AuthRevoked, AuthFailed)',
    ],
    [
      'connection-lost',
      { errorCode: SessionErrorCode.AuthFailed, text: 'the token is over' },
      'the connection is lost, and whether the server has run it is unknown (the token is over)',
    ],
    ['taken-over', { text: 'by another' }, 'another client has taken its session over, and has its answer'],
  ] as const)('says why the session has ended that had it: %s, %j', (reason, told, why) => {
    const sessionEnd: SessionEnd = {
      by: 'server',
      closeReason: undefined,
      errorCode: 0,
      text: '',
      mayOpenAgain: true,
      ...told,
    };
    const { message } = new OperationError(reason, 7, 3, { sessionEnd });
    expect(message).toBe(`operation 3 of session 7 has no result: ${why}`);
  });

  it('shows its outcome to whoever logs it', () => {
    expect(inspect(new OperationError('failed', 7, 3, { errorCode: 500 }))).toContain("outcome: 'given-up'");
  });

  it('passes on what the server says', () => {
    const error = new OperationError('refused', 7, 3, { errorCode: 0x30001, text: 'not cached' });
    expect(error.errorCode).toBe(0x30001);
    expect(error.message).toBe('operation 3 of session 7 has no result: the server refused it: not cached');
  });
});

describe('SessionRejectedError', () => {
  it.each([
    [SessionStatus.Rejected, SessionErrorCode.AuthFailed, 'the server refused the session: AuthFailed'],
    [SessionStatus.Rejected, 0xc0ffee, 'the server refused the session: 0xc0ffee'],
    [SessionStatus.RetryLater, 0, 'the server cannot take the session now'],
  ] as const)('says what the server says: %i, %i', (status, errorCode, message) => {
    const error = new SessionRejectedError(status, errorCode);
    expect(error).toMatchObject({ name: 'SessionRejectedError', status, errorCode, message });
  });
});

describe('MigrationRefusedError', () => {
  it('says which session stays where it is', () => {
    expect(new MigrationRefusedError(7, 2)).toMatchObject({
      name: 'MigrationRefusedError',
      sessionId: 7,
      acceptCode: 2,
      message: 'the server refused to move session 7: accept code 2',
    });
  });
});

describe('what JSON shows of the errors of a client', () => {
  it.each([
    [
      new OperationError('refused', 7, 3, { errorCode: 0x30001, text: 'not cached' }),
      {
        reason: 'refused',
        sessionId: 7,
        frameId: 3,
        errorCode: 0x30001,
        text: 'not cached',
        retryAfterMs: 0,
        outcome: 'given-up',
      },
    ],
    [
      new SessionRejectedError(SessionStatus.Rejected, SessionErrorCode.AuthFailed),
      { status: SessionStatus.Rejected, errorCode: SessionErrorCode.AuthFailed, text: '' },
    ],
    [new ServerRefusalError(5, 'no'), { errorCode: 5 }],
    [new MigrationRefusedError(7, 2), { sessionId: 7, acceptCode: 2 }],
  ])('%s', (error, particulars) => {
    const { name, message } = error;
    expect(JSON.parse(JSON.stringify(error))).toEqual({ name, message, ...particulars });
  });
});
