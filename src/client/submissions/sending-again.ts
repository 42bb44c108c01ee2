import { Suspect } from '../../protocol/suspect';
import type { OperationFailure } from '../errors';
import type { SessionCarrier } from '../session/session-carrier';
import type { Submission } from './submission';
import { fitToolAnswer } from './tools/tool-answer';

/** Why something is not sent again. */
export interface Unsendable {
  readonly reason: Extract<OperationFailure, 'undeliverable' | 'too-large'>;
  readonly errorCode?: number;
  readonly text?: string;
  readonly detail?: string;
}

/** Sends what the server has not received again, as the session goes on over another connection. */
export class SendingAgain {
  private readonly suspect = new Suspect<number>();

  constructor(private readonly carrier: SessionCarrier) {}

  /** Takes all of it, in order. Returns what is not sent, and why. */
  send(unreceived: readonly Submission[]): [Submission, Unsendable][] {
    this.note(unreceived[0]);
    const unsendable: [Submission, Unsendable][] = [];
    for (const asked of unreceived) {
      fitToolAnswer(asked, this.carrier);
      const why = this.whyNot(asked);
      if (why === undefined) this.carrier.submit(asked);
      else unsendable.push([asked, why]);
    }
    return unsendable;
  }

  private note(first: Submission | undefined): void {
    const { lost, largestPacket } = this.carrier;
    // Moved: what it was sent over has not ended.
    if (lost === undefined) return;
    const unreceived = first && {
      key: first.frameId,
      bytes: first.body.length,
      outweighs: first.outweighs,
    };
    this.suspect.note(unreceived, { ...lost, isTold: largestPacket !== Infinity });
  }

  private whyNot(asked: Submission): Unsendable | undefined {
    const { carrier, suspect } = this;
    if (suspect.isFatal(asked.frameId)) return { reason: 'undeliverable', ...suspect.lastWord };
    const detail = carrier.excessOf(asked);
    return detail === undefined ? undefined : { reason: 'too-large', detail };
  }
}
