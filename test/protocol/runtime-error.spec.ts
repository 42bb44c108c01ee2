import {
  describeError,
  protocolError,
  RuntimeError,
  unexpectedMessage,
} from '../../src/protocol/runtime-error';
import { NnrpError } from '../../src/wire/errors';

describe('RuntimeError', () => {
  it('says what happened, what it costs and who started it', () => {
    const cause = new Error('ECONNRESET');
    const error = new RuntimeError('io', 'the connection failed', {
      reach: 'connection',
      origin: 'peer',
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'RuntimeError',
      kind: 'io',
      message: 'the connection failed',
      reach: 'connection',
      origin: 'peer',
      cause,
    });
    expect(String(error)).toBe('RuntimeError: the connection failed');
  });

  it('has no cause where there is none', () => {
    expect('cause' in unexpectedMessage('x')).toBe(false);
  });

  it('is of a message that has no place here', () => {
    expect(unexpectedMessage('server received unexpected PONG')).toMatchObject({
      kind: 'unexpected-message',
      message: 'server received unexpected PONG',
      reach: 'packet',
      origin: 'peer',
    });
  });

  it('is of a break of the protocol, with its particulars as the cause', () => {
    const cause = new NnrpError({ kind: 'SessionNotOpen', sessionId: 3 });
    expect(protocolError(cause)).toMatchObject({
      kind: 'protocol',
      message: cause.message,
      reach: 'packet',
      origin: 'peer',
      cause,
    });
    expect(protocolError(cause, 'connection').reach).toBe('connection');
  });

  const particulars = { reach: 'session', origin: 'application' } as const;

  it('is shown whole by JSON, with its cause', () => {
    const cause = new NnrpError({ kind: 'UnknownOperation', operationId: 7n });
    expect(JSON.parse(JSON.stringify(protocolError(cause)))).toEqual({
      name: 'RuntimeError',
      message: 'operation 7 is unknown',
      kind: 'protocol',
      reach: 'packet',
      origin: 'peer',
      cause: {
        name: 'NnrpError',
        message: 'operation 7 is unknown',
        kind: 'UnknownOperation',
        fault: { kind: 'UnknownOperation', operationId: '7' },
      },
    });
    expect(JSON.parse(JSON.stringify(unexpectedMessage('x')))).not.toHaveProperty('cause');
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;
  it.each([
    ['an error', Object.assign(new Error('ECONNRESET'), circular), 'ECONNRESET'],
    ['text', 'no', 'no'],
    ['a bigint', 7n, '7'],
    ['an object that refers to itself', circular, 'a value of type object'],
  ])('is shown by JSON whatever was thrown: %s', (_, cause, shown) => {
    const error = new RuntimeError('internal', 'the handler failed', { ...particulars, cause });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ message: 'the handler failed', cause: shown });
  });

  it.each([
    ['an error', new TypeError('no'), 'no'],
    ['a string', 'no', 'no'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
  ])('is described by what was thrown: %s', (_, thrown, text) => {
    expect(describeError(thrown)).toBe(text);
  });
});
