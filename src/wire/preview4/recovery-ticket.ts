import { u16, u32, u64, maskU16 } from '../codec/fields';
import { record } from '../codec/record';
import { breaksRule, NnrpError } from '../errors';

/** A ticket that a client keeps to resume a session with, perhaps in another process. */
export interface RecoveryTicket {
  readonly sessionId: number;
  readonly resumeToken: Uint8Array;
  /** Milliseconds that the server keeps the session for. */
  readonly resumeWindowMs: number;
  /** The operation to go on from, where the client says one. */
  readonly resumeFromOperationId?: bigint;
}

const VERSION = 1;
const HAS_OPERATION = 0x1;

/** The prefix of a ticket's token. */
const TicketPrefix = record({
  name: 'RecoveryTicket',
  length: 28,
  magic: [0x4e, 0x52, 0x54, 0x4b],
  fields: {
    version: u16(4),
    flags: maskU16(6, HAS_OPERATION),
    sessionId: u32(8),
    tokenBytes: u32(12),
    resumeWindowMs: u32(16),
    resumeFromOperationId: u64(20),
  },
  rules({ version, sessionId, tokenBytes }) {
    if (version !== VERSION) breaksRule('the version of a recovery ticket must be 1');
    if (sessionId === 0) breaksRule('a recovery ticket requires a non-zero session_id');
    if (tokenBytes === 0) breaksRule('a recovery ticket requires a resume token');
  },
});

/**
 * Reads a ticket, such as the reference's client writes it: `NRTK`, 28 bytes of prefix, and the token.
 * Throws an `NnrpError`. `resumeToken` is a copy.
 */
export function decodeRecoveryTicket(bytes: Uint8Array): RecoveryTicket {
  const { flags, tokenBytes, resumeFromOperationId, ...prefix } = TicketPrefix.decode(bytes);
  const actual = bytes.length - TicketPrefix.length;
  if (actual !== tokenBytes) {
    throw new NnrpError({
      kind: 'DeclaredLengthMismatch',
      field: 'recovery_ticket.token_bytes',
      declared: tokenBytes,
      actual,
    });
  }
  return {
    sessionId: prefix.sessionId,
    resumeToken: new Uint8Array(bytes.subarray(TicketPrefix.length)),
    resumeWindowMs: prefix.resumeWindowMs,
    ...((flags & HAS_OPERATION) === 0 ? {} : { resumeFromOperationId }),
  };
}

/** Writes a ticket that the reference's client takes. Throws an `NnrpError`. */
export function encodeRecoveryTicket(ticket: RecoveryTicket): Uint8Array {
  const { resumeToken, sessionId, resumeWindowMs, resumeFromOperationId } = ticket;
  const bytes = new Uint8Array(TicketPrefix.length + resumeToken.length);
  TicketPrefix.encodeInto(
    {
      version: VERSION,
      flags: resumeFromOperationId === undefined ? 0 : HAS_OPERATION,
      sessionId,
      tokenBytes: resumeToken.length,
      resumeWindowMs,
      resumeFromOperationId: resumeFromOperationId ?? 0n,
    },
    bytes,
  );
  bytes.set(resumeToken, TicketPrefix.length);
  return bytes;
}
