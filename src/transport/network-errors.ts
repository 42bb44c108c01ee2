import { describeError, RuntimeError } from '../protocol/runtime-error';

/** What an operating system's code means to whoever listens. */
const LISTEN_FAULTS: Faults = {
  EADDRINUSE: 'the port is in use; choose another, or 0 for any free one',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not permitted; ports below 1024 need privileges',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name could not be looked up, try again',
};

/** What it means to whoever connects. */
const CONNECT_FAULTS: Faults = {
  ECONNREFUSED: 'nothing listens there; is the server running?',
  ECONNRESET: 'whoever listens there closed the connection at once; is it a server of this transport?',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name could not be looked up, try again',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EADDRNOTAVAIL: 'this machine has no address to connect from',
  EACCES: 'not permitted by this machine',
};

type Faults = Readonly<Record<string, string>>;

/** A failure to listen, as one clear sentence with host and port. */
export function listenError(place: string, cause: unknown): RuntimeError {
  const message = `cannot listen on ${place}: ${reason(LISTEN_FAULTS, cause)}`;
  return new RuntimeError('io', message, { reach: 'server', origin: 'local', cause });
}

/** A failure to connect, as one clear sentence with host and port. */
export function connectError(place: string, cause: unknown): RuntimeError {
  const message = `cannot connect to ${place}: ${reason(CONNECT_FAULTS, cause)}`;
  return new RuntimeError('io', message, { reach: 'connection', origin: 'local', cause });
}

/** A fault of an established connection. */
export function connectionError(peer: string, cause: unknown): RuntimeError {
  return new RuntimeError('io', `the connection to ${peer} failed: ${textOf(cause)}`, {
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

function reason(faults: Faults, cause: unknown): string {
  // Node tries every address of a name and reports them together. That one of them refused says more
  // than that there is no way to another.
  const attempts = attemptsOf(cause);
  const told = attempts.find((attempt) => codeOf(attempt) === 'ECONNREFUSED') ?? attempts[0] ?? cause;
  return faults[codeOf(told) ?? ''] ?? textOf(told);
}

// By their properties: where code runs in a context of its own, Node's errors are no instances of its Error.

function attemptsOf(cause: unknown): readonly unknown[] {
  return isObject(cause) && 'errors' in cause && Array.isArray(cause.errors) ? cause.errors : [];
}

function codeOf(cause: unknown): string | undefined {
  return isObject(cause) && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}

function textOf(cause: unknown): string {
  return isObject(cause) && 'message' in cause && typeof cause.message === 'string'
    ? cause.message
    : describeError(cause);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
