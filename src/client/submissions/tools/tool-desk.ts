import type { ToolOutcome } from '../../../protocol/content/tool-call';
import { decodeToolCall } from '../../../protocol/content/tool-call';
import type { ResultPush } from '../../../protocol/operation/result';
import { PayloadKind } from '../../../wire/messages/payload-kind';
import type { SessionCarrier } from '../../session/session-carrier';
import type { InFlight } from '../in-flight';
import type { Submission } from '../submission';
import { toolAnswer } from './tool-answer';
import { ReceivedCall } from './tool-calls';

/** Calls and answers that are not settled, of a session: a server asks for 64 at most, unless it is told else. */
const MAX_UNSETTLED = 1024;

/**
 * The calls of tools that come in the middle of answers, and what they are answered with: a submit that depends on the
 * operation, takes no credit, and is kept until the server has it.
 */
export class ToolDesk {
  /** Whether the server takes answers. */
  isOpen = false;
  /** Calls without an answer. */
  private open = 0;

  constructor(
    private readonly carrier: SessionCarrier,
    private readonly inFlight: InFlight,
  ) {}

  /** Takes a part of an answer that is a call; `none` of any other, `too-many` where it cannot be taken. */
  take(asked: Submission, part: ResultPush): 'taken' | 'none' | 'too-many' {
    if (!this.isOpen || part.metadata.payloadKindBitmap !== PayloadKind.ToolDelta) return 'none';
    const call = decodeToolCall(part);
    if (call === undefined) return 'none';
    // What does not count is such an answer, or waits for one.
    if (this.open + this.inFlight.size - this.inFlight.counted >= MAX_UNSETTLED) return 'too-many';
    const received = new ReceivedCall(call, (answered, outcome) => {
      this.answer(asked, answered, outcome);
    });
    (asked.calls ??= new Set()).add(received);
    this.open += 1;
    this.inFlight.count(asked, false);
    if (asked.listener?.called(received) !== 'heard') received.refuse();
    return 'taken';
  }

  /** An operation has ended: nobody waits for its tools. */
  ended({ calls }: Submission): void {
    if (calls === undefined) return;
    this.open -= calls.size;
    for (const call of calls) call.end();
    calls.clear();
  }

  private answer(asked: Submission, call: ReceivedCall, outcome: ToolOutcome): void {
    const { inFlight, carrier } = this;
    // Its operation has ended meanwhile.
    if (asked.calls?.delete(call) !== true || !inFlight.hasIdsLeft) return;
    this.open -= 1;
    const answer = toolAnswer(asked.frameId, call.id, outcome, carrier);
    inFlight.add(answer);
    // While there is no link it waits, and is sent with what else the server has not received.
    carrier.submit(answer);
    if (asked.calls.size === 0) inFlight.count(asked, true);
  }
}
