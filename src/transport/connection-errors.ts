import { describeError, RuntimeError } from '../protocol/runtime-error';

// Failures in the words of their cause. What the codes of a system mean is in network-errors.ts, which no page needs.

/** A failure to connect, as one clear sentence with host and port. */
export function noConnection(place: string, cause: unknown, reason = textOf(cause)): RuntimeError {
  const message = `cannot connect to ${place}: ${reason}`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'local', cause });
}

/** A fault of an established connection. */
export function lostConnection(peer: string, cause: unknown, reason = textOf(cause)): RuntimeError {
  const message = `the connection to ${peer} failed: ${reason}`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'peer', cause });
}

/** By its properties: where code runs in a context of its own, Node's errors are no instances of its Error. */
export function textOf(cause: unknown): string {
  return typeof cause === 'object' &&
    cause !== null &&
    'message' in cause &&
    typeof cause.message === 'string'
    ? cause.message
    : describeError(cause);
}
