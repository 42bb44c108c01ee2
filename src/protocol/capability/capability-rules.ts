import { flag, integerOrInfinity, listOf, rule, u16 } from '../options/rules';
import type { Rules } from '../options/take-options';
import type { Capabilities } from './capabilities';

const TOKEN = /^[a-z0-9._-]{1,126}$/;
/** Of that length they fit into what the other end takes of a message. */
const MAX_TOKENS = 32;

/** Tokens that a user gives. */
export const capabilityTokens = listOf(
  rule<string>(
    'of a-z, 0-9, ".", "_" and "-", 1 to 126 of them',
    (value) => typeof value === 'string' && TOKEN.test(value),
    'string',
  ),
);

const limit = integerOrInfinity(1, Number.MAX_SAFE_INTEGER);

export const CAPABILITY_RULES: Rules<Capabilities> = {
  tokens: {
    ...capabilityTokens,
    expected: `${capabilityTokens.expected}, none twice, ${MAX_TOKENS} at most`,
    fits: (value) => capabilityTokens.fits(value) && areSoFew(value as readonly string[]),
  },
  profileId: u16,
  costModelId: u16,
  preferenceRank: u16,
  limitBytes: { ...limit, take: (value) => value as number },
  limitUnits: { ...limit, take: (value) => value as number },
  isRequired: flag,
  mayDegrade: flag,
};

function areSoFew(tokens: readonly string[]): boolean {
  return tokens.length <= MAX_TOKENS && new Set(tokens).size === tokens.length;
}
