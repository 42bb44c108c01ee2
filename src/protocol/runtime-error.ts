import type { NnrpError } from '../wire/errors';
import { PrintableError } from '../wire/json';
import { describeValue } from './describe-value';

/**
 * The kind of fault in a running connection:
 *
 * - `io`: the network or the operating system
 * - `protocol`: bytes or a state transition that the protocol forbids; `cause` is the `NnrpError`
 * - `unsupported-transport`: a transport of a kind that the server or client is not configured for
 * - `frame-id-overflow`: a session has used all of its 2³² − 1 frame ids
 * - `unexpected-message`: a well-formed message that has no place here
 * - `internal`: a fault of this library, or of a callback that it was given
 */
export type RuntimeErrorKind =
  'io' | 'protocol' | 'unsupported-transport' | 'frame-id-overflow' | 'unexpected-message' | 'internal';

/** The part of a running system that an error costs. */
export type ErrorReach = 'packet' | 'operation' | 'session' | 'connection' | 'server';

/** The side that started it. */
export type ErrorOrigin = 'peer' | 'local' | 'application';

/**
 * The report of a transport, a server or a client that something has failed.
 *
 * @example
 * server.violations$.subscribe(({ error, peer }) => log.warn(`${peer}: ${error.kind}: ${error.message}`));
 */
export class RuntimeError extends PrintableError {
  override readonly name = 'RuntimeError';
  readonly reach: ErrorReach;
  readonly origin: ErrorOrigin;

  constructor(
    readonly kind: RuntimeErrorKind,
    message: string,
    { reach, origin, cause }: Pick<RuntimeError, 'reach' | 'origin'> & { readonly cause?: unknown },
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.reach = reach;
    this.origin = origin;
  }
}

/** A peer's message that has no place here; it costs the packet. */
export function unexpectedMessage(message: string): RuntimeError {
  return new RuntimeError('unexpected-message', message, { reach: 'packet', origin: 'peer' });
}

/** A peer's break of the protocol. */
export function protocolError(cause: NnrpError, reach: ErrorReach = 'packet'): RuntimeError {
  return new RuntimeError('protocol', cause.message, { reach, origin: 'peer', cause });
}

/** Says in words what was thrown; anything can be. */
export function describeError(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return describeValue(error);
  }
}
