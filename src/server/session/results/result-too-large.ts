import { RuntimeError } from '../../../protocol/runtime-error';

/** Tells the application that its client takes no result so large, and was told that instead. */
export function resultTooLarge(sessionId: number, frameId: number): RuntimeError {
  const operation = `operation ${frameId} of session ${sessionId}`;
  const message = `a result of ${operation} is larger than its client takes over its transport, which ends it; send it in parts`;
  return new RuntimeError('internal', message, { reach: 'operation', origin: 'application' });
}

/** The same of an ack, whose request is refused. */
export function ackTooLarge(sessionId: number): RuntimeError {
  const message = `an ack of session ${sessionId} is larger than its client takes over its transport by now, which refuses its request; answer with less`;
  return new RuntimeError('internal', message, { reach: 'session', origin: 'application' });
}
