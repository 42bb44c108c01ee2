import type { SessionExtension } from '../../protocol/session/session-extension';
import { decodeTokens } from '../../protocol/content/token-decoder';
import type { RequestEncoder } from '../../protocol/revision/requests';
import { FrameSubmitMetadata } from '../../wire/messages/frame-submit';
import type { Backlog } from '../submissions/results/backlog';
import { ResultQueue } from '../submissions/results/result-queue';
import type { ResultStream } from '../submissions/results/result-stream';
import { AnswerCalls } from '../submissions/answer-calls';
import { ResumedResults } from '../submissions/results/resumed-results';
import { submission } from '../submissions/submission';
import type { Submissions } from '../submissions/submissions';
import type { Results } from './messages/results';

/** What was submitted. */
export interface SentRequest {
  readonly metadata: Readonly<FrameSubmitMetadata>;
  readonly body: Uint8Array;
  /** The body, where it is text. */
  readonly text: string;
}

/** An operation of a session that was resumed with a ticket: one that runs, or that has ended lately. */
export interface ResumedOperation {
  readonly operationId: number;
  /** What was submitted; undefined where the server has only results of it: it has ended, or its node is gone. */
  readonly sent: SentRequest | undefined;
  /** Whether `results` begin with the first; else they go on after those that the ticket counts. */
  readonly isWhole: boolean;
  /**
   * Its results, to be read once: they wait for whoever does, in the bounds of `maxBufferedBytes`. To unsubscribe, or to
   * leave the loop, sends FRAME_CANCEL.
   */
  readonly results: ResultStream;
}

/** The parts of a session that its operations are made of. */
interface SessionParts {
  readonly submissions: Submissions;
  readonly backlog: Backlog;
  readonly results: Results;
}

/**
 * Goes on where another client of the session was, as far as the server tells: with its operations. Throws an `NnrpError`
 * where one was never submitted so.
 */
export function takeUp(
  { countFrom = 0, lastOperationId = 0, operations = [] }: SessionExtension = {},
  { submitted }: Pick<RequestEncoder, 'submitted'>,
  { submissions, backlog, results }: SessionParts,
): readonly ResumedOperation[] {
  results.countFrom(countFrom);
  submissions.inFlight.numberAfter(lastOperationId);
  return operations.map(({ operationId, isWhole, sent }) => {
    const request = sent && new Sent(FrameSubmitMetadata.decode(submitted(sent.metadata)), sent.body);
    const queue = new ResultQueue(backlog);
    const calls = new AnswerCalls(submissions.over$);
    const begun = submission(request ?? {}, queue, calls);
    begun.frameId = operationId;
    if (!isWhole) begun.parts = Infinity;
    queue.submission = begun;
    backlog.add(queue);
    submissions.inFlight.takeUp(begun);
    return { operationId, isWhole, sent: request, results: new ResumedResults(queue, submissions, calls) };
  });
}

class Sent implements SentRequest {
  constructor(
    readonly metadata: FrameSubmitMetadata,
    readonly body: Uint8Array,
  ) {}

  get text(): string {
    return decodeTokens(this).join('');
  }
}
