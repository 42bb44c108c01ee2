import { createHmac, timingSafeEqual } from 'node:crypto';
import { freshToken, MIN_TOKEN_BYTES, type RandomBytes } from './resume-token';

/** Of a token's end, by which the server knows what it has made, without having kept it. */
const TAG_BYTES = 8;

/** Shorter tokens have none: it must leave enough of a token that cannot be guessed. */
export const MIN_TAGGED_BYTES = MIN_TOKEN_BYTES + TAG_BYTES;

/**
 * Makes resume tokens, and knows those that it has made: behind its random bytes a token has a tag, their
 * HMAC-SHA256 under the server's key, cut short. A token without it was never one of this server's (it may
 * be of the process before), so it is no guess at anything.
 */
export class TokenMint {
  constructor(
    private readonly source: RandomBytes,
    private readonly length: number,
    /** Undefined for tokens without a tag. */
    private readonly key: Uint8Array | undefined,
  ) {}

  /** A source that fails costs nothing but that `failed` hears of it; see {@link freshToken}. */
  make(failed: (cause: unknown) => void): Uint8Array {
    const { source, key, length } = this;
    if (key === undefined || !this.isTagged) return freshToken(source, length, failed);
    const random = freshToken(source, length - TAG_BYTES, failed);
    return Buffer.concat([random, tagOf(random, key)]);
  }

  /** Whether a token may be one of its own. Takes as long for any token. */
  knows(token: Uint8Array): boolean {
    const { key } = this;
    if (key === undefined || !this.isTagged) return true;
    const end = Math.max(0, token.length - TAG_BYTES);
    const tag = new Uint8Array(TAG_BYTES);
    tag.set(token.subarray(end));
    return timingSafeEqual(tag, tagOf(token.subarray(0, end), key)) && token.length === this.length;
  }

  private get isTagged(): boolean {
    return this.length >= MIN_TAGGED_BYTES;
  }
}

function tagOf(random: Uint8Array, key: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(random).digest().subarray(0, TAG_BYTES);
}
