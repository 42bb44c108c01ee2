import { NnrpError } from '../wire/errors';
import { describeError, protocolError, RuntimeError } from './runtime-error';

/**
 * What was thrown while a packet was handled, as what it means: a break of the protocol, or a fault of this
 * side's.
 */
export function asRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (error instanceof NnrpError) return protocolError(error);
  return new RuntimeError('internal', describeError(error), {
    reach: 'packet',
    origin: 'local',
    cause: error,
  });
}
