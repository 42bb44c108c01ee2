import { decodeRecoveryTicket, encodeRecoveryTicket } from '../../../src/wire';
import { fromHex, toHex } from '../../support/hex';
import { faultOf } from '../fault-of';

// NRTK, version 1, flags 1, session 42, 3 bytes of token, window 30,000 ms, from operation 7.
const HEX = '4e52544b010001002a00000003000000307500000700000000000000aabbcc';
const ticket = {
  sessionId: 42,
  resumeToken: Uint8Array.of(0xaa, 0xbb, 0xcc),
  resumeWindowMs: 30_000,
  resumeFromOperationId: 7n,
};

function changed(at: number, byte: number): Uint8Array {
  const bytes = fromHex(HEX);
  bytes[at] = byte;
  return bytes;
}

describe('a recovery ticket', () => {
  it('is read and written', () => {
    expect(decodeRecoveryTicket(fromHex(HEX))).toEqual(ticket);
    expect(toHex(encodeRecoveryTicket(ticket))).toBe(HEX);
  });

  it('need not say from where to go on', () => {
    const { resumeFromOperationId: _, ...without } = ticket;
    const bytes = encodeRecoveryTicket(without);
    expect(decodeRecoveryTicket(bytes)).toEqual(without);
    expect(bytes[6]).toBe(0);
  });

  it.each([
    ['shorter than its prefix', fromHex(HEX).subarray(0, 27), { kind: 'SourceTooShort' }],
    ['something else', changed(0, 0), { kind: 'InvalidMagic' }],
    ['of another version', changed(4, 2), { kind: 'InvalidProtocolCombination' }],
    ['with other flags', changed(6, 2), { kind: 'ReservedBitsSet' }],
    ['of no session', changed(8, 0), { kind: 'InvalidProtocolCombination' }],
    ['without a token', changed(12, 0), { kind: 'InvalidProtocolCombination' }],
    [
      'cut in its token',
      fromHex(HEX).subarray(0, 30),
      { kind: 'DeclaredLengthMismatch', declared: 3, actual: 2 },
    ],
    ['with more behind it', changed(12, 2), { kind: 'DeclaredLengthMismatch', declared: 2, actual: 3 }],
  ])('is refused: one %s', (_, bytes, fault) => {
    expect(faultOf(() => decodeRecoveryTicket(bytes))).toMatchObject(fault);
  });
});
