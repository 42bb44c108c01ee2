import { noop } from 'rxjs';
import { encodeToolAnswer, type ToolOutcome } from '../../../protocol/content/tool-call';
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

/** What cannot be told is told to be so: the handler is not to wait for it. */
function answerThatFits(id: number, outcome: ToolOutcome, largestPacket: number): JsonBody {
  const answer = encoded(id, outcome);
  if (HEADER_LENGTH + answer.body.length <= largestPacket) return answer;
  const text = `the result has ${answer.body.length} bytes, more than the server takes`;
  return encodeToolAnswer(id, { error: { status: 413, text } });
}

function encoded(id: number, outcome: ToolOutcome): JsonBody {
  try {
    return encodeToolAnswer(id, outcome);
  } catch {
    return encodeToolAnswer(id, { error: { status: 500, text: 'the result is none that JSON has' } });
  }
}
