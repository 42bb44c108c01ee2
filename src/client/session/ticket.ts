import { fromBase64Url, toBase64Url } from '../../protocol/base64url';
import { exactNumber } from '../../protocol/exact-number';
import type { SessionExtension } from '../../protocol/session/session-extension';
import { enumU8, u64, u8 } from '../../wire/codec/fields';
import { enumeration } from '../../wire/codec/enumeration';
import { record } from '../../wire/codec/record';
import type { RevisionName } from '../../wire/message';
import { SessionOpenMetadata } from '../../wire/messages/session-open';
import { EMPTY } from '../../wire/packet';
import {
  decodeRecoveryTicket,
  encodeRecoveryTicket,
  type RecoveryTicket,
} from '../../wire/preview4/recovery-ticket';
import { sessionOpen, type SessionOptions } from '../options';

/** What takes a session up, from wherever. */
export interface Ticket extends Pick<RecoveryTicket, 'sessionId' | 'resumeToken' | 'resumeWindowMs'> {
  readonly revision: RevisionName;
  /** Results of the session that its client had received. */
  readonly receivedResults: number;
  /** What its SESSION_OPEN had, and a resume has again. */
  readonly options: SessionOptions;
}

const VERSION = 1;
const SpokenRevision = enumeration('ticket_revision', { preview3: 3, preview4: 4 });

/** What stands behind the ticket of preview4 and the SESSION_OPEN. */
const TicketTail = record({
  name: 'TicketTail',
  length: 10,
  fields: { version: u8(0), revision: enumU8(1, SpokenRevision), receivedResults: u64(2) },
});

/** Of the ticket of preview4, before its token. */
const PREFIX = 28;
const BEHIND_TOKEN = SessionOpenMetadata.length + TicketTail.length;
/** As much as any server gives. */
const MAX_TOKEN = 4096;
const MAX_LETTERS = Math.ceil(((PREFIX + MAX_TOKEN + BEHIND_TOKEN) * 4) / 3);

/** base64url of preview4's recovery ticket, the SESSION_OPEN of a resume, the revision and the count of results. */
export function writeTicket(ticket: Ticket): string {
  const { options, revision, resumeToken } = ticket;
  const open = sessionOpen(
    { ...options, requestedSessionId: ticket.sessionId, allowResume: true },
    { resumeToken, auth: EMPTY, extension: EMPTY },
  );
  const recovery = encodeRecoveryTicket(ticket);
  const bytes = new Uint8Array(recovery.length + BEHIND_TOKEN);
  bytes.set(recovery);
  SessionOpenMetadata.encodeInto(open, bytes.subarray(recovery.length));
  TicketTail.encodeInto(
    {
      version: VERSION,
      revision: SpokenRevision[revision],
      receivedResults: BigInt(ticket.receivedResults),
    },
    bytes.subarray(recovery.length + SessionOpenMetadata.length),
  );
  return toBase64Url(bytes);
}

/** Throws a `TypeError` for what is none, which does not show it: it may be a secret. */
export function readTicket(text: unknown): Ticket {
  const ticket = typeof text === 'string' && text.length <= MAX_LETTERS ? ticketOf(text) : undefined;
  if (ticket === undefined) throw new TypeError('the ticket must be a text that `session.ticket$` has given');
  return ticket;
}

function ticketOf(text: string): Ticket | undefined {
  const bytes = fromBase64Url(text);
  const end = (bytes?.length ?? 0) - BEHIND_TOKEN;
  if (bytes === undefined || end <= PREFIX) return undefined;
  try {
    const open = SessionOpenMetadata.decode(bytes.subarray(end, end + SessionOpenMetadata.length));
    const tail = TicketTail.decode(bytes.subarray(end + SessionOpenMetadata.length));
    const { sessionId, resumeToken, resumeWindowMs } = decodeRecoveryTicket(bytes.subarray(0, end));
    const ticket: Ticket = {
      sessionId,
      resumeToken,
      resumeWindowMs,
      revision: tail.revision === SpokenRevision.preview4 ? 'preview4' : 'preview3',
      receivedResults: exactNumber(tail.receivedResults),
      options: optionsOf(open),
    };
    // One way to write it, so that nothing is in it that is not looked at.
    return writeTicket(ticket) === text ? ticket : undefined;
  } catch {
    // Whatever is wrong with it: the error would show it.
    return undefined;
  }
}

function optionsOf(open: SessionOpenMetadata): SessionOptions {
  const { requestedSessionId, profileId, schemaId, schemaVersion, priorityClass } = open;
  const { defaultDeadlineMs, maxInFlightOperations, leaseTtlHintMs, clientSessionTag } = open;
  return {
    requestedSessionId,
    profileId,
    schemaId,
    schemaVersion,
    priorityClass,
    defaultDeadlineMs,
    maxInFlightOperations,
    leaseTtlHintMs,
    clientSessionTag,
    allowResume: true,
  };
}

/** What a server is told that a ticket is shown. */
export function toldWith({ receivedResults }: Ticket): SessionExtension {
  return { isByTicket: true, receivedResults };
}
