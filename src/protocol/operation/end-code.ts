/**
 * Why a server has no answer for an operation, where no handler has said so: the codes of ERRORs of frame scope that
 * end one. Statuses (100 to 599) are handlers', and the codes of the protocol have numbers of their own.
 */
export const EndCode = {
  /** Past its deadline. */
  Late: 0x20004,
  /** Another operation has taken its place. */
  Superseded: 0x20005,
  /** Its session is closing, and it had not begun. */
  Draining: 0x20006,
  /** There was no room for it to wait in, though its client had credit. */
  NoRoom: 0x20007,
  /** Its client had no credit for it, and there was no room for it to wait in. */
  OverCredit: 0x20008,
  /** Its node is gone, and nobody goes on with it; whether it has run, nobody knows. 0x20009 is `TAKEN_OVER`. */
  NodeLost: 0x2000a,
  /** Connections have ended, one after another, while a part of its answer was on its way. */
  Undeliverable: 0x2000b,
} as const;

export type EndCode = (typeof EndCode)[keyof typeof EndCode];
