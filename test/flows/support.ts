import type { Observable } from 'rxjs';
import { VIOLATION_CODE } from '../../src/server/connection/error-packet';
import { error, type ErrorPacket } from '../../src/testing';

/** ERROR that answers a packet of session 42 which the protocol forbids. */
export function violation(frameId: number, text: string, sessionId = 42): ErrorPacket {
  return error({ sessionId, frameId }, VIOLATION_CODE, text);
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Subscribes to streams whose errors are not what the test is about. */
export function run(...streams: readonly Observable<unknown>[]): void {
  for (const stream$ of streams) stream$.subscribe({ error: () => undefined });
}
