import { NnrpError } from '../errors';

/** The capabilities that preview4 registers. */
export const CAPABILITY_TOKENS: readonly string[] = [
  'cache.reference',
  'control.budget_update',
  'control.cancel_abort',
  'control.capability_costs',
  'control.credit_backpressure',
  'control.deadline_expire',
  'control.degrade_profile',
  'control.priority_update',
  'control.progress_partial',
  'control.recoverable_error',
  'control.result_drop_reason',
  'control.route_execution_hint',
  'control.supersede',
  'control.trace_context',
  'object.cost',
  'object.delta',
  'object.lifecycle',
  'object.ownership',
];

/** Bytes of a token's length. */
const LENGTH_BYTES = 2;
const MAX_TOKEN_BYTES = 0xffff;

const TOKEN = /^[a-z0-9._-]+$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Reads the body of CAPABILITY_NEGOTIATION or DEGRADE_PROFILE: as many tokens as `count` says, each once, in
 * the order of their bytes, and each registered: in {@link CAPABILITY_TOKENS} or among `extensions`, which
 * the two ends have agreed on otherwise.
 *
 * @throws NnrpError `InvalidCapabilityTokenBody`, `InvalidCapabilityToken`, `UnknownCapabilityToken`, and
 * `DeclaredLengthMismatch` where there are more or fewer than `count`.
 * @example
 * const wanted = decodeCapabilityTokens(packet.body, metadata.capabilityCount);
 */
export function decodeCapabilityTokens(
  body: Uint8Array,
  count: number,
  extensions: readonly string[] = [],
): string[] {
  const tokens = tokensOf(body, count);
  if (tokens.length !== count) {
    throw new NnrpError({
      kind: 'DeclaredLengthMismatch',
      field: 'capability_count',
      declared: count,
      actual: tokens.length,
    });
  }
  for (const token of tokens) {
    if (!CAPABILITY_TOKENS.includes(token) && !extensions.includes(token)) {
      throw new NnrpError({ kind: 'UnknownCapabilityToken', token });
    }
  }
  return tokens;
}

/**
 * Writes the body of CAPABILITY_NEGOTIATION or DEGRADE_PROFILE, tokens in the order of their bytes.
 * Throws an `NnrpError` where one is no token, or is there twice.
 */
export function encodeCapabilityTokens(tokens: readonly string[]): Uint8Array {
  // All of a token's characters are ASCII, so that its code units are its bytes.
  const sorted = [...tokens].sort((a, b) => (a < b ? -1 : 1));
  sorted.forEach((token, index) => {
    checkToken(token);
    if (token === sorted[index - 1]) broken('capability tokens must be unique');
  });
  const body = new Uint8Array(sorted.reduce((sum, token) => sum + LENGTH_BYTES + token.length, 0));
  let at = 0;
  for (const token of sorted) {
    body[at] = token.length;
    body[at + 1] = token.length >>> 8;
    body.set(encoder.encode(token), at + LENGTH_BYTES);
    at += LENGTH_BYTES + token.length;
  }
  return body;
}

function tokensOf(body: Uint8Array, count: number): string[] {
  if (count === 0 && body.length > 0) broken('zero capability count requires an empty body');
  if (count > 0 && body.length === 0) broken('non-zero capability count requires a non-empty body');
  const tokens: string[] = [];
  let previous = '';
  for (let at = 0; at < body.length;) {
    const start = at + LENGTH_BYTES;
    if (start > body.length) broken('capability entry is missing its token length');
    const length = (body[at] ?? 0) | ((body[at + 1] ?? 0) << 8);
    if (length === 0) broken('capability token length must be non-zero');
    at = start + length;
    if (at > body.length) broken('capability token exceeds the declared body');
    const token = textOf(body.subarray(start, at));
    checkToken(token);
    if (token === previous) broken('capability tokens must be unique');
    if (token < previous) broken('capability tokens must use canonical byte order');
    tokens.push(token);
    previous = token;
  }
  return tokens;
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return broken('capability token must be ASCII');
  }
}

function checkToken(token: string): void {
  if (!TOKEN.test(token)) throw new NnrpError({ kind: 'InvalidCapabilityToken', token });
  if (token.length > MAX_TOKEN_BYTES) {
    throw new NnrpError({ kind: 'MessageLengthOverflow', declared: token.length, limit: MAX_TOKEN_BYTES });
  }
}

function broken(reason: string): never {
  throw new NnrpError({ kind: 'InvalidCapabilityTokenBody', reason });
}
