import { breaksRule, NnrpError, type NnrpErrorKind, type NnrpFault } from '../../src/wire/errors';
import { faultOf } from './fault-of';

/** One fault of every kind; the compiler sees that none is missing. */
const faults: { readonly [K in NnrpErrorKind]: readonly [Extract<NnrpFault, { kind: K }>, string] } = {
  UnsupportedWireFormat: [
    { kind: 'UnsupportedWireFormat', actual: 3 },
    'wire format 3 is not supported, only 0 is',
  ],
  SourceTooShort: [
    { kind: 'SourceTooShort', expected: 40, actual: 7 },
    'the source is too short: 40 bytes expected, 7 present',
  ],
  DestinationTooShort: [
    { kind: 'DestinationTooShort', expected: 72, actual: 64 },
    'the destination is too short: 72 bytes needed, 64 present',
  ],
  InvalidMagic: [
    { kind: 'InvalidMagic' },
    'not an NNRP packet: it does not start with the bytes "NNRP"; does the other end speak HTTP, WebSocket or TLS?',
  ],
  InvalidHeaderLength: [
    { kind: 'InvalidHeaderLength', actual: 32 },
    'header length 32 is invalid, it must be 40',
  ],
  UnsupportedVersionMajor: [
    { kind: 'UnsupportedVersionMajor', actual: 2 },
    'protocol version 2 is not supported, only 1 is',
  ],
  UnknownMessageType: [{ kind: 'UnknownMessageType', actual: 0x7f }, 'message type 0x7f is unknown'],
  UnknownEnumValue: [
    { kind: 'UnknownEnumValue', enumName: 'close_reason', value: 9 },
    '9 is no close_reason',
  ],
  ReservedBitsSet: [
    { kind: 'ReservedBitsSet', field: 'common_header.flags', value: 0x8000_0041, allowed: 0x3f },
    'common_header.flags has reserved bits set: 0x80000041, allowed are 0x3f',
  ],
  InvalidProtocolCombination: [
    { kind: 'InvalidProtocolCombination', rule: 'inline FRAME_SUBMIT must not declare object_ref_mask' },
    'inline FRAME_SUBMIT must not declare object_ref_mask',
  ],
  ConnectionNotOpen: [{ kind: 'ConnectionNotOpen' }, 'the connection is not open'],
  ConnectionAlreadyClosed: [{ kind: 'ConnectionAlreadyClosed' }, 'the connection is already closed'],
  SessionAlreadyExists: [
    { kind: 'SessionAlreadyExists', sessionId: 42 },
    'session 42 already exists on this connection',
  ],
  UnknownSession: [{ kind: 'UnknownSession', sessionId: 42 }, 'session 42 is unknown on this connection'],
  SessionNotOpen: [{ kind: 'SessionNotOpen', sessionId: 42 }, 'session 42 is not open'],
  OperationAlreadyExists: [{ kind: 'OperationAlreadyExists', operationId: 7n }, 'operation 7 already exists'],
  UnknownOperation: [{ kind: 'UnknownOperation', operationId: 7n }, 'operation 7 is unknown'],
  InvalidOperationRelationship: [
    { kind: 'InvalidOperationRelationship', rule: 'an operation cannot be its own parent' },
    'an operation cannot be its own parent',
  ],
  InvalidOperationTransition: [
    { kind: 'InvalidOperationTransition', from: 7, to: 1 },
    'an operation cannot go from state 7 to state 1',
  ],
  DeclaredLengthMismatch: [
    { kind: 'DeclaredLengthMismatch', field: 'capability_count', declared: 2, actual: 1 },
    'capability_count declares 2, there are 1',
  ],
  InvalidCapabilityTokenBody: [
    { kind: 'InvalidCapabilityTokenBody', reason: 'capability tokens must be unique' },
    'capability tokens must be unique',
  ],
  InvalidCapabilityToken: [
    { kind: 'InvalidCapabilityToken', token: 'Object.delta' },
    '"Object.delta" is no capability token: one has only a-z, 0-9, ".", "_" and "-"',
  ],
  UnknownCapabilityToken: [
    { kind: 'UnknownCapabilityToken', token: 'x'.repeat(70) },
    `the capability "${'x'.repeat(64)}…" is unknown`,
  ],
  NonZeroReservedField: [
    { kind: 'NonZeroReservedField', field: 'frame_submit.reserved1' },
    'reserved field frame_submit.reserved1 is not zero',
  ],
  PacketLengthMismatch: [
    { kind: 'PacketLengthMismatch', declared: 44, actual: 42 },
    'the packet declares 44 bytes and has 42',
  ],
  MessageLengthOverflow: [
    { kind: 'MessageLengthOverflow', declared: 0x1_0000_0000, limit: 4096 },
    'the message declares 4294967296 bytes, the limit is 4096',
  ],
  ValueOutOfRange: [
    { kind: 'ValueOutOfRange', field: 'common_header.view_id', value: 65536, max: 65535 },
    'common_header.view_id must be an integer from 0 to 65535, got 65536',
  ],
};

describe('NnrpError', () => {
  it.each(Object.values(faults))('$kind', (fault, message) => {
    const error = new NnrpError(fault);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'NnrpError', kind: fault.kind, message });
    expect(error.fault).toBe(fault);
    expect(String(error)).toBe(`NnrpError: ${message}`);
    expect(error.stack).toContain('errors.spec.ts');
  });

  it.each([
    [5, 255, 'an integer from 0 to 255, got 5'],
    [5, 2n ** 64n - 1n, 'a bigint from 0 to 18446744073709551615, got 5'],
    [5n, 255, 'an integer from 0 to 255, got 5n'],
    ['5', 255, 'an integer from 0 to 255, got "5"'],
    [undefined, 255, 'an integer from 0 to 255, got undefined'],
    [null, 255, 'an integer from 0 to 255, got null'],
    [NaN, 255, 'an integer from 0 to 255, got NaN'],
    [0.5, 255, 'an integer from 0 to 255, got 0.5'],
    [Symbol('5'), 255, 'an integer from 0 to 255, got a symbol'],
    [Object.create(null), 255, 'an integer from 0 to 255, got an object'],
    [1, true, 'true or false, got 1'],
  ] as const)('says what is wrong with %p where the largest value is %p', (value, max, expected) => {
    const { message } = new NnrpError({ kind: 'ValueOutOfRange', field: 'ping.field', value, max });
    expect(message).toBe(`ping.field must be ${expected}`);
  });

  it('breaksRule throws the rule', () => {
    const fault = faultOf(() => breaksRule('two and two make four'));
    expect(fault).toEqual({ kind: 'InvalidProtocolCombination', rule: 'two and two make four' });
  });
});

describe('what JSON shows of an NnrpError', () => {
  it.each(Object.values(faults))('%j', (fault, message) => {
    const shown = JSON.parse(JSON.stringify(new NnrpError(fault))) as { fault: object };
    expect(shown).toMatchObject({ name: 'NnrpError', kind: fault.kind, message });
    expect(Object.keys(shown.fault)).toEqual(Object.keys(fault));
  });

  it('has u64s in decimal digits', () => {
    const error = new NnrpError({ kind: 'UnknownOperation', operationId: 2n ** 64n - 1n });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: {
        name: 'NnrpError',
        message: 'operation 18446744073709551615 is unknown',
        kind: 'UnknownOperation',
        fault: { kind: 'UnknownOperation', operationId: '18446744073709551615' },
      },
    });
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;
  it.each([
    ['a number that JSON has not', Infinity, 'Infinity'],
    ['an object that refers to itself', circular, 'a value of type object'],
    ['a symbol', Symbol('x'), 'a value of type symbol'],
    ['a function', () => 1, 'a value of type function'],
    ['null', null, null],
  ])('has any value that a field was given: %s', (_, value, shown) => {
    const error = new NnrpError({ kind: 'ValueOutOfRange', field: 'x.y', value, max: 255 });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ fault: { value: shown, max: 255 } });
  });
});
