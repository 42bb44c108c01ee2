import type { SessionOpenMetadata } from '../../wire/messages/session-open';

// SessionLimitReached is one code for several limits (protocol section 9): which one, and what helps, is said in words.

type Wishes = Pick<SessionOpenMetadata, 'maxInFlightOperations'>;

export function tooManyOperations({ maxInFlightOperations }: Wishes, allowed: number): string {
  return `maxInFlightOperations ${maxInFlightOperations} is too many, ask for at most ${allowed}`;
}

export function idInUse(sessionId: number): string {
  return `session id ${sessionId} is in use, ask for another or, with 0, for any`;
}

export function tooManySessions(allowed: number | undefined): string {
  const limit =
    allowed === undefined ? 'the sessions that it may have' : `${allowed} sessions, the most that it may`;
  return `the connection has ${limit}; close one, or connect once more`;
}
