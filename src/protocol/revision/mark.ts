import type { RevisionName } from '../../wire/message';
import { packet, type Packet } from '../../wire/packet';

/**
 * By which the ends of this project know each other: `trace_id` of the headers of CLIENT_HELLO and of its ack is
 * `nnrp-rx` and the number of a revision. The reference ignores it there, and sends 0. A hello names the newest
 * revision that its client speaks; the ack, which the connection goes on in.
 */
const MARKS: Readonly<Record<RevisionName, bigint>> = {
  preview3: 0x03_78_72_2d_70_72_6e_6en,
  preview4: 0x04_78_72_2d_70_72_6e_6en,
};

/** A hello, or its ack, with the mark of a revision. */
export function marked({ header, metadata, body }: Packet, revision: RevisionName): Packet {
  return packet({ messageType: header.messageType, traceId: MARKS[revision] }, metadata, body);
}

/** The revision that a hello or its ack names; undefined where it is not of this project. */
export function markOf({ header: { traceId } }: Pick<Packet, 'header'>): RevisionName | undefined {
  if (traceId === MARKS.preview4) return 'preview4';
  return traceId === MARKS.preview3 ? 'preview3' : undefined;
}
