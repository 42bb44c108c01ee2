import { HEADER_LENGTH } from '../../wire/header';
import { OperationError } from '../errors';
import type { Submission } from './submission';

/** Whether a submit is larger than a packet may be, in bytes of header and body. */
export function isLarger({ body }: Submission, largestPacket: number): boolean {
  return HEADER_LENGTH + body.length > largestPacket;
}

/** What such a submit ends with. */
export function tooLarge(
  { frameId, body }: Submission,
  sessionId: number,
  largestPacket: number,
): OperationError {
  const detail = `its body has ${body.length} bytes, and ${largestPacket - HEADER_LENGTH} are the most`;
  return new OperationError('too-large', sessionId, frameId, 0, detail);
}
