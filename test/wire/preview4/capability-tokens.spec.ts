import {
  CAPABILITY_TOKENS,
  decodeCapabilityTokens,
  encodeCapabilityTokens,
  type NnrpFault,
} from '../../../src/wire';
import vectors from '../../vectors/preview4/capability-tokens.json';
import { fromHex, toHex } from '../../support/hex';
import { faultOf } from '../fault-of';

interface Vector {
  readonly count: number;
  readonly hex: string;
  readonly tokens?: readonly string[];
  readonly error?: string;
  readonly detail?: string;
}

const cases = vectors.cases as readonly Vector[];

/** A fault as the reference prints it. */
function printed(fault: NnrpFault): string {
  switch (fault.kind) {
    case 'InvalidCapabilityTokenBody':
      return `{ reason: "${fault.reason}" }`;
    case 'InvalidCapabilityToken':
    case 'UnknownCapabilityToken':
      return `("${fault.token}")`;
    case 'DeclaredLengthMismatch':
      return `{ field: "${fault.field}", declared: ${fault.declared}, actual: ${fault.actual} }`;
    default:
      return 'another fault';
  }
}

describe('capability tokens', () => {
  it.each(cases)('$count in $hex', ({ count, hex, tokens, error, detail }) => {
    const bytes = fromHex(hex);
    if (tokens === undefined) {
      const fault = faultOf(() => decodeCapabilityTokens(bytes, count));
      expect([fault.kind, printed(fault)]).toEqual([error, detail]);
      return;
    }
    expect(decodeCapabilityTokens(bytes, count)).toEqual(tokens);
    expect(toHex(encodeCapabilityTokens(tokens))).toBe(hex);
    expect(toHex(encodeCapabilityTokens([...tokens].reverse()))).toBe(hex);
  });

  it('are 18, in the order that they are written in', () => {
    expect(CAPABILITY_TOKENS).toHaveLength(18);
    expect(decodeCapabilityTokens(encodeCapabilityTokens(CAPABILITY_TOKENS), 18)).toEqual(CAPABILITY_TOKENS);
  });

  it('may be agreed on otherwise', () => {
    const body = encodeCapabilityTokens(['vendor.runtime']);
    expect(decodeCapabilityTokens(body, 1, ['vendor.runtime'])).toEqual(['vendor.runtime']);
  });

  it.each([
    [['a', 'b', 'a'], { kind: 'InvalidCapabilityTokenBody', reason: 'capability tokens must be unique' }],
    [['Upper'], { kind: 'InvalidCapabilityToken', token: 'Upper' }],
    [[''], { kind: 'InvalidCapabilityToken', token: '' }],
    [['a'.repeat(65536)], { kind: 'MessageLengthOverflow', declared: 65536, limit: 65535 }],
  ])('that are none are not written: case %#', (tokens, fault) => {
    expect(faultOf(() => encodeCapabilityTokens(tokens))).toEqual(fault);
  });
});
