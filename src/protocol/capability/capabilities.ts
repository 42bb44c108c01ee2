/** What an end of a session can do, what both have agreed on, or what an answer goes on with. */
export interface Capabilities {
  /** Of `CAPABILITY_TOKENS` of `nnrp-rx/wire`, or of those that the server was given besides; each once. Default none. */
  readonly tokens?: readonly string[];
  /** The profile that it is about. Default 0: that of the session. */
  readonly profileId?: number;
  /** What the limits are counted in: a `CostModel` of `nnrp-rx/wire`, or a number of the application's. Default 0. */
  readonly costModelId?: number;
  /** How it stands to other offers: the lower is the better. Default 0. */
  readonly preferenceRank?: number;
  /** Bytes in all. Default Infinity: no limit is said. */
  readonly limitBytes?: number;
  /** Units of the cost model in all. Default Infinity: no limit is said. */
  readonly limitUnits?: number;
  /** Whether a part of it is of no use. Default false. */
  readonly isRequired?: boolean;
  /** Whether it may become less later (DEGRADE_PROFILE). Default true. */
  readonly mayDegrade?: boolean;
}

/** What both ends can do of an offer: the tokens that both have; none where it wants all, and they are not. */
export function agreeOn(offer: Capabilities, own: readonly string[]): Capabilities {
  const { tokens = [], isRequired = false } = offer;
  const common = tokens.filter((token) => own.includes(token));
  return { ...offer, tokens: isRequired && common.length < tokens.length ? [] : common };
}
