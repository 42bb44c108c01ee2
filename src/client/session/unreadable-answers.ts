import type { RuntimeError } from '../../protocol/runtime-error';
import { PacketTooLong } from '../../wire/packet-decoder';
import type { Submissions } from '../submissions/submissions';
import type { SessionCarrier } from './session-carrier';

/** The operations of a session whose answers end the connection, and would end each one after it. */
export class UnreadableAnswers {
  /** Results that had come when a connection last ended of what nobody can tell whose it was. */
  private after: number | undefined;

  constructor(
    private readonly session: Pick<SessionCarrier, 'sessionId'>,
    private readonly submissions: Submissions,
  ) {}

  /**
   * A packet has ended the link, after so many results: ends the operation whose it was, or all that it may have been.
   * `isCounted`: the server sends again what has not come.
   */
  lost({ message, cause }: RuntimeError, received: number, isCounted: boolean): void {
    const { session, submissions } = this;
    if (cause instanceof PacketTooLong) {
      const { header } = cause;
      if (header.sessionId === session.sessionId)
        submissions.fail(header.frameId, 'unreadable', { detail: message });
      return;
    }
    const isAgain = this.after === received;
    this.after = received;
    // A server that counts sends it again; from any other it never comes.
    if (isAgain || !isCounted) submissions.failAll('unreadable', { detail: message });
  }
}
