import { EndCode } from '../../protocol/operation/end-code';
import type { DropCause } from '../../protocol/revision/answers';
import { operationEnd } from '../connection/error-packet';
import type { SessionOperations } from '../session/submits/session-operations';
import type { SessionParts } from '../session/submits/session-parts';
import type { LoggedAnswer, SentBefore } from './sent-before';

/** The operations that a session had at the node that is gone. They wait for whoever serves the session here. */
export class LostOperations {
  private isSettled = false;

  constructor(
    private readonly core: Pick<SessionParts, 'sessionId' | 'sender'> & {
      readonly operations: SessionOperations;
    },
    private readonly answers: ReadonlyMap<number, LoggedAnswer>,
    /** Those of which nobody knows what was submitted. */
    private readonly bodiless: ReadonlySet<number>,
    /** Those that the client waits for, and the log has not heard of. */
    private unlogged: readonly number[],
  ) {}

  /** What was sent of an operation that is gone on with; undefined of one that has begun here. */
  before(frameId: number): SentBefore | undefined {
    return this.answers.get(frameId);
  }

  /** Whether it is known what was submitted. */
  isKnown(frameId: number): boolean {
    return !this.bodiless.has(frameId);
  }

  /** Why an operation ends: of one that has run there, nobody may say that it has not begun. */
  causeOf({ frameId }: { readonly frameId: number }, cause: DropCause): DropCause {
    return cause === 'closed' && this.answers.has(frameId) ? 'node-lost' : cause;
  }

  /** The client is there: it hears of what may have run, and nobody knows of. */
  tell(): void {
    const { sessionId, sender } = this.core;
    for (const frameId of this.unlogged) {
      if (sender.takesFailures) {
        sender.refusal(operationEnd(sessionId, frameId, { errorCode: EndCode.NodeLost }));
      } else sender.drop(frameId);
    }
    this.unlogged = [];
  }

  /** The session is served, for the first time: those that nobody goes on with end. */
  served({ continues }: { readonly continues: boolean }): void {
    if (this.isSettled) return;
    this.isSettled = true;
    const { operations } = this.core;
    for (const [frameId, answer] of this.answers) {
      const submit = operations.get(frameId);
      if (submit === undefined || (continues && answer.isCounted)) continue;
      operations.giveUp(submit, 'failed', { tell: true, why: 'node-lost' });
    }
  }
}
