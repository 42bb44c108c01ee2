import { CapabilityFlag, CapabilityMetadata } from '../../wire/preview4/capability';
import { decodeCapabilityTokens, encodeCapabilityTokens } from '../../wire/preview4/capability-tokens';
import type { Capabilities } from '../capability/capabilities';

/** Metadata and body of CAPABILITY_NEGOTIATION, or of DEGRADE_PROFILE. Throws an `NnrpError` where a token is none. */
export function encodeCapabilities(capabilities: Capabilities): [metadata: Uint8Array, body: Uint8Array] {
  const {
    tokens = [],
    limitBytes,
    limitUnits,
    isRequired = false,
    mayDegrade = true,
    ...fields
  } = capabilities;
  const body = encodeCapabilityTokens(tokens);
  const metadata = CapabilityMetadata.of({
    ...fields,
    capabilityCount: tokens.length,
    limitBytes: onWire(limitBytes),
    limitUnits: onWire(limitUnits),
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
    limitBytes: fromWire(limitBytes),
    limitUnits: fromWire(limitUnits),
    isRequired: (flags & CapabilityFlag.HardRequirement) !== 0,
    mayDegrade: (flags & CapabilityFlag.DowngradeAllowed) !== 0,
  };
}

/** 0 is no limit. */
function onWire(limit = Infinity): bigint {
  return limit === Infinity ? 0n : BigInt(limit);
}

function fromWire(limit: bigint): number {
  // Beyond the exact numbers it would go back as another; nothing reaches it.
  return limit === 0n || limit > Number.MAX_SAFE_INTEGER ? Infinity : Number(limit);
}
