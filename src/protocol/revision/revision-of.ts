import type { Packet } from '../../wire/packet';
import type { Revision } from '../../wire/revision';

/** Who tells of a packet that comes which revision it is of: of a connection that may still be found out. */
export type RevisionOf = (packet: Packet) => Revision;

export function revisionOf(revision: Revision | RevisionOf): RevisionOf {
  return typeof revision === 'function' ? revision : () => revision;
}
