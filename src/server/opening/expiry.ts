import { SessionErrorCode, SessionStatus } from '../../wire/messages/session-open';
import type { OpenRefusal } from './judge-open';

/** What a policy has accepted is over. One that was given in seconds, as tokens have it, shows as a day in 1970. */
export function timeIsOver(expiresAt: number): OpenRefusal {
  const text = `the time that the policy has given was over at ${describeInstant(expiresAt)}`;
  return { status: SessionStatus.Rejected, errorCode: SessionErrorCode.AuthFailed, text };
}

/** Seconds since 1970 of the years 2001 to 2286. */
const LIKELY_SECONDS = { from: 1e9, to: 1e10 };

/** Whether a time that is over would not be, were it in seconds. */
export function areSeconds(expiresAt: number, now: number): boolean {
  return expiresAt >= LIKELY_SECONDS.from && expiresAt < LIKELY_SECONDS.to && expiresAt * 1000 > now;
}

export function inSeconds(expiresAt: number): Error {
  return new RangeError(
    `it accepts until ${expiresAt}, which is ${describeInstant(expiresAt)}: expiresAt is a Date or milliseconds since 1970, and these look like seconds, as the exp of a JWT has them; multiply by 1000`,
  );
}

function describeInstant(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}
