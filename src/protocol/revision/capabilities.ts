import { CapabilityFlag, CapabilityMetadata } from '../../wire/preview4/capability';
import { decodeCapabilityTokens, encodeCapabilityTokens } from '../../wire/preview4/capability-tokens';
import type { Capabilities } from '../capability/capabilities';
import { boundOf, boundOnWire } from './bound';

/** Metadata and body of CAPABILITY_NEGOTIATION, or of DEGRADE_PROFILE. Throws an `NnrpError` where a token is none. */
export function encodeCapabilities(capabilities: Capabilities): [metadata: Uint8Array, body: Uint8Array] {
  const {
    tokens = [],
    limitBytes = Infinity,
    limitUnits = Infinity,
    isRequired = false,
    mayDegrade = true,
    ...fields
  } = capabilities;
  const body = encodeCapabilityTokens(tokens);
  const metadata = CapabilityMetadata.of({
    ...fields,
    capabilityCount: tokens.length,
    limitBytes: boundOnWire(limitBytes),
    limitUnits: boundOnWire(limitUnits),
    bodyBytes: body.length,
    flags:
      (isRequired ? CapabilityFlag.HardRequirement : 0) | (mayDegrade ? CapabilityFlag.DowngradeAllowed : 0),
  });
  return [CapabilityMetadata.encode(metadata), body];
}

/**
 * What such a message says; tokens are those that the protocol registers, and `extensions`. Throws an `NnrpError` where one
 * is neither, or the body is malformed.
 */
export function decodeCapabilities(
  metadata: CapabilityMetadata,
  body: Uint8Array,
  extensions: readonly string[],
): Required<Capabilities> {
  const { profileId, capabilityCount, costModelId, preferenceRank, limitBytes, limitUnits, flags } = metadata;
  return {
    tokens: decodeCapabilityTokens(body, capabilityCount, extensions),
    profileId,
    costModelId,
    preferenceRank,
    limitBytes: boundOf(limitBytes),
    limitUnits: boundOf(limitUnits),
    isRequired: (flags & CapabilityFlag.HardRequirement) !== 0,
    mayDegrade: (flags & CapabilityFlag.DowngradeAllowed) !== 0,
  };
}
