import { describeError, RuntimeError } from '../protocol/runtime-error';

const SENTENCES: Readonly<Record<string, (place: string) => string>> = {
  EADDRINUSE: (place) =>
    `cannot listen on ${place}: the port is in use; choose another, or 0 for any free one`,
  EADDRNOTAVAIL: (place) => `cannot listen on ${place}: this machine has no such address`,
  EACCES: (place) => `cannot listen on ${place}: not permitted; ports below 1024 need privileges`,
  ECONNREFUSED: (place) => `cannot connect to ${place}: nothing listens there; is the server running?`,
  ENOTFOUND: (place) => `cannot connect to ${place}: the host name does not resolve`,
  EAI_AGAIN: (place) => `cannot connect to ${place}: the host name could not be looked up, try again`,
  ETIMEDOUT: (place) => `cannot connect to ${place}: no answer in time`,
  EHOSTUNREACH: (place) => `cannot connect to ${place}: the host cannot be reached`,
  ENETUNREACH: (place) => `cannot connect to ${place}: the network cannot be reached`,
};

/** A failure to listen, as one clear sentence with host and port. */
export function listenError(place: string, cause: unknown): RuntimeError {
  const message = sentence(place, cause) ?? `cannot listen on ${place}: ${describeError(cause)}`;
  return new RuntimeError('io', message, { reach: 'server', origin: 'local', cause });
}

/** A failure to connect, as one clear sentence with host and port. */
export function connectError(place: string, cause: unknown): RuntimeError {
  const message = sentence(place, cause) ?? `cannot connect to ${place}: ${describeError(cause)}`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'local', cause });
}

/** A fault of an established connection. */
export function connectionError(peer: string, cause: unknown): RuntimeError {
  return new RuntimeError('io', `the connection to ${peer} failed: ${describeError(cause)}`, {
    reach: 'connection',
    origin: 'peer',
    cause,
  });
}

/** The stream ended before the packet that it had begun. */
export function endInsidePacket(peer: string, missing: string): RuntimeError {
  return new RuntimeError('io', `the connection to ${peer} ended inside a packet, ${missing}`, {
    reach: 'connection',
    origin: 'peer',
  });
}

function sentence(place: string, cause: unknown): string | undefined {
  const code = errorCode(cause);
  return code === undefined ? undefined : SENTENCES[code]?.(place);
}

function errorCode(cause: unknown): string | undefined {
  // Node tries every address of a name and reports them together.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : undefined;
}
