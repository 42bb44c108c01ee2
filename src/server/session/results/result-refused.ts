import { describeError, RuntimeError } from '../../../protocol/runtime-error';
import { NnrpError } from '../../../wire/errors';

/** What the application hears where a result of its own is none that can be sent. */
export function resultRefused(sessionId: number, frameId: number | undefined, cause: unknown): RuntimeError {
  const kind = cause instanceof NnrpError ? 'protocol' : 'internal';
  const operation = frameId === undefined ? '' : `operation ${frameId} of `;
  const message = `a result of ${operation}session ${sessionId} was not sent: ${describeError(cause)}`;
  return new RuntimeError(kind, message, { reach: 'operation', origin: 'application', cause });
}
