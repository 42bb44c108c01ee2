import { noop } from 'rxjs';
import { decodeToolAnswer, encodeToolAnswer, type ToolOutcome } from '../../../protocol/content/tool-call';
import type { JsonBody } from '../../../protocol/content/json-body';
import { HEADER_LENGTH } from '../../../wire/header';
import type { SessionCarrier } from '../../session/session-carrier';
import { submission, type Submission } from '../submission';

const NOBODY = { next: noop, error: noop, complete: noop };

/** What a call of an operation is answered with, as a submit that depends on it. */
export function toolAnswer(
  parentId: number,
  id: number,
  outcome: ToolOutcome,
  { largestPacket }: SessionCarrier,
): Submission {
  const { body, fields } = answerThatFits(id, outcome, largestPacket);
  const answer = submission({ body, metadata: { ...fields, dependencyFrameId: parentId } }, NOBODY);
  answer.isCounted = false;
  return answer;
}

export function isToolAnswer({ subscriber }: Submission): boolean {
  return subscriber === NOBODY;
}

/** Judges an answer anew, which the server has not received: it is to be sent over another connection. */
export function fitToolAnswer(answer: Submission, { largestPacket }: SessionCarrier): void {
  if (!isToolAnswer(answer) || fits(answer, largestPacket)) return;
  const { id } = decodeToolAnswer(answer) ?? { id: 0 };
  answer.body = tooLarge(id, answer, largestPacket).body;
}

/** What cannot be told is told to be so: the handler is not to wait for it. */
function answerThatFits(id: number, outcome: ToolOutcome, largestPacket: number): JsonBody {
  const answer = encoded(id, outcome);
  return fits(answer, largestPacket) ? answer : tooLarge(id, answer, largestPacket);
}

function fits({ body }: Pick<JsonBody, 'body'>, largestPacket: number): boolean {
  return HEADER_LENGTH + body.length <= largestPacket;
}

function tooLarge(id: number, { body }: Pick<JsonBody, 'body'>, largestPacket: number): JsonBody {
  const most = largestPacket - HEADER_LENGTH;
  const text = `the result has ${body.length} bytes, and ${most} are the most that the server takes`;
  return encodeToolAnswer(id, { error: { status: 413, text } });
}

function encoded(id: number, outcome: ToolOutcome): JsonBody {
  try {
    return encodeToolAnswer(id, outcome);
  } catch {
    // What it is the other end is not told: it may be a secret.
    const text = 'the result is none that JSON has; one that gives nothing has to give null';
    return encodeToolAnswer(id, { error: { status: 500, text } });
  }
}
