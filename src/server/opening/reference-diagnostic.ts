import { cutText } from '../../protocol/cut-text';
import { SessionErrorCode, type SessionOpenMetadata } from '../../wire/messages/session-open';
import { EMPTY } from '../../wire/packet';
import type { ServerSettings } from '../options';
import type { OpenRefusal } from './judge-open';

/** The extension block of an ack that refuses, as the reference's preview4 has it: a text, and nothing else. */
export function referenceDiagnostic(
  { errorCode, text = '' }: OpenRefusal,
  open: Pick<SessionOpenMetadata, 'maxInFlightOperations'>,
  { maxInFlightOperations }: Pick<ServerSettings, 'maxInFlightOperations'>,
): Uint8Array {
  switch (errorCode) {
    case SessionErrorCode.ProfileUnsupported:
      return cutText(text || 'requested profile is unsupported');
    case SessionErrorCode.SchemaUnsupported:
      return cutText(text || 'requested schema is unsupported');
    case SessionErrorCode.SessionLimitReached:
      // An id that is in use gets none there.
      if (open.maxInFlightOperations <= maxInFlightOperations) return EMPTY;
      return cutText('requested in-flight limit exceeds the server limit');
    default:
      return cutText(text);
  }
}
