import { MAX_SAID_BYTES } from '../../wire/preview4';
import { encodeCapabilityTokens } from '../../wire/preview4/capability-tokens';
import { flag, integerOrNone, listOf, rule, u16 } from '../options/rules';
import type { Rules } from '../options/take-options';
import type { Capabilities } from './capabilities';

const TOKEN = /^[a-z0-9._-]{1,126}$/;

/** Tokens that a user gives. */
export const capabilityTokens = listOf(
  rule<string>(
    'of a-z, 0-9, ".", "_" and "-", 1 to 126 of them',
    (value) => typeof value === 'string' && TOKEN.test(value),
    'string',
  ),
);

const limit = integerOrNone(1, Number.MAX_SAFE_INTEGER);

export const CAPABILITY_RULES: Rules<Capabilities> = {
  tokens: {
    ...capabilityTokens,
    expected: `${capabilityTokens.expected}, none twice, ${MAX_SAID_BYTES} bytes of them at most`,
    fits: (value) => capabilityTokens.fits(value) && mayBeSaid(value as readonly string[]),
  },
  profileId: u16,
  costModelId: u16,
  preferenceRank: u16,
  limitBytes: limit,
  limitUnits: limit,
  isRequired: flag,
  mayDegrade: flag,
};

function mayBeSaid(tokens: readonly string[]): boolean {
  return new Set(tokens).size === tokens.length && encodeCapabilityTokens(tokens).length <= MAX_SAID_BYTES;
}
