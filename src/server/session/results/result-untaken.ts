import { RuntimeError } from '../../../protocol/runtime-error';

/** Tells the application that its client takes no result so large, and was told that instead. */
export function resultTooLarge(sessionId: number, frameId: number): RuntimeError {
  const operation = `operation ${frameId} of session ${sessionId}`;
  const message = `a result of ${operation} is larger than its client takes over its transport, which ends it; send it in parts`;
  return new RuntimeError('internal', message, { reach: 'operation', origin: 'application' });
}

/** Tells the application that connections end of a result, or are taken to. */
export function resultUndeliverable(sessionId: number, frameId: number, bytes: number): RuntimeError {
  const operation = `operation ${frameId} of session ${sessionId}`;
  const message = `connections of its client have ended, one after another, while a result of ${operation} was on its way, with a body of ${bytes} bytes: it is not sent again, and ends the operation; send it in parts`;
  return new RuntimeError('io', message, { reach: 'operation', origin: 'peer' });
}

/** Tells the same of an ack as of a result that is too large: its request is refused. */
export function ackTooLarge(sessionId: number): RuntimeError {
  const message = `an ack of session ${sessionId} is larger than its client takes over its transport by now, which refuses its request; answer with less`;
  return new RuntimeError('internal', message, { reach: 'session', origin: 'application' });
}
