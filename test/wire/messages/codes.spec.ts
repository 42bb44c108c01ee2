import {
  CacheErrorCode,
  DescriptorFlag,
  FlowFlag,
  HeaderFlag,
  LossTolerance,
  PayloadKind,
  Profile,
  ResultFlag,
  SchemaErrorCode,
  SchemaFlag,
  SessionAckFlag,
  SessionErrorCode,
  SessionFlag,
  StreamSemantics,
} from '../../../src/wire';

// Numbers of the protocol that no record checks: the vectors cannot show that they are right.
describe('codes', () => {
  it.each([
    [
      'session_error_code',
      SessionErrorCode,
      [0, 0x10001, 0x10002, 0x10003, 0x10004, 0x10005, 0x10006, 0x10007],
    ],
    ['cache_error_code', CacheErrorCode, [0x30000, 0x30001, 0x30002, 0x30003, 0x30004, 0x30005]],
    ['schema_error_code', SchemaErrorCode, [0x40000, 0x40001, 0x40002, 0x40003, 0x40004, 0x40005, 0x40006]],
    ['stream semantics', StreamSemantics, [0, 1, 2, 3, 4, 5]],
    ['loss tolerance', LossTolerance, [0, 1, 2, 3, 0xff]],
    ['profiles', Profile, [0, 1, 2]],
  ])('%s', (_, codes, numbers) => {
    expect(Object.values(codes)).toEqual(numbers);
  });

  // Their numbers alone fit any order of names.
  it('of a result have the names of the protocol', () => {
    expect(ResultFlag).toEqual({ Stale: 1, Fallback: 2, Partial: 4 });
  });

  it.each([
    ['header', HeaderFlag, 6],
    ['session', SessionFlag, 4],
    ['session ack', SessionAckFlag, 5],
    ['flow', FlowFlag, 4],
    ['result', ResultFlag, 3],
    ['payload kind', PayloadKind, 7],
    ['descriptor', DescriptorFlag, 4],
    ['schema', SchemaFlag, 4],
  ])('%s flags are one bit each, from the lowest on', (_, flags, count) => {
    expect(Object.values(flags)).toEqual(Array.from({ length: count }, (_, bit) => 1 << bit));
  });
});
