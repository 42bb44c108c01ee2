import { ErrorMetadata, ErrorScope } from '../../../src/wire';
import { errorOf, faultOf } from '../fault-of';

const error = ErrorMetadata.of({ errorCode: 0x30001, errorScope: ErrorScope.Frame, relatedFrameId: 7 });

describe('ErrorMetadata', () => {
  it.each([true, false])('is fatal: %p', (isFatal) => {
    const bytes = ErrorMetadata.encode({ ...error, isFatal });
    expect([...bytes.subarray(8, 12)]).toEqual([Number(isFatal), 0, 0, 0]);
    expect(ErrorMetadata.decode(bytes)).toEqual({ ...error, isFatal });
  });

  it.each([2, 0x100, 0x8000_0000, 0xffff_ffff])('is neither fatal nor not with %i', (value) => {
    const bytes = ErrorMetadata.encode(error);
    new DataView(bytes.buffer).setUint32(8, value, true);
    expect(faultOf(() => ErrorMetadata.decode(bytes))).toEqual({
      kind: 'InvalidProtocolCombination',
      rule: 'ERROR is_fatal must be 0 or 1',
    });
  });

  it('is written with a boolean', () => {
    const given = { ...error, isFatal: 1 as unknown as boolean };
    expect(errorOf(() => ErrorMetadata.encode(given)).message).toBe(
      'error.is_fatal must be true or false, got 1',
    );
  });
});
