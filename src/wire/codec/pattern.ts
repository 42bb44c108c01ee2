import { generatesCode } from './compiled';

/** Whether bytes begin with those of a pattern. */
export type Matcher = (bytes: Uint8Array) => boolean;

/** Bytes that are compared before it is looked at whether they differ. */
const GROUP = 16;

/**
 * Compares bytes with a pattern, but for those at `holes`. As straight-line code, as records are read: a token's reader
 * compares 120 bytes for each five that it is after, and a loop over two arrays takes three times as long.
 */
export function matcherOf(pattern: Uint8Array, holes: readonly number[] = []): Matcher {
  return generatesCode() ? compileMatcher(pattern, holes) : interpretMatcher(pattern, holes);
}

export function compileMatcher(pattern: Uint8Array, holes: readonly number[] = []): Matcher {
  const places = placesOf(pattern, holes);
  const groups: string[] = [];
  // From the end: what differs nearly always does so there.
  for (let end = places.length; end > 0; end -= GROUP) {
    const bytes = places.slice(Math.max(0, end - GROUP), end);
    groups.push(`(${bytes.map((at) => `b[${at}] ^ ${pattern[at]}`).join(' | ')}) === 0`);
  }
  const checks = [`b.length >= ${pattern.length}`, ...groups];
  return new Function('b', `"use strict"; return ${checks.join(' && ')};`) as Matcher;
}

export function interpretMatcher(pattern: Uint8Array, holes: readonly number[] = []): Matcher {
  const places = placesOf(pattern, holes);
  return (bytes) => bytes.length >= pattern.length && places.every((at) => bytes[at] === pattern[at]);
}

function placesOf(pattern: Uint8Array, holes: readonly number[]): number[] {
  return [...pattern.keys()].filter((at) => !holes.includes(at));
}
