import { HELD_RESULT_BYTES } from '../../../protocol/operation/result-outbox';
import type { SentSubmit } from '../../../protocol/session/told-operation';
import type { PeerName } from '../../../transport/transport';
import { ownBytes } from '../../../wire/bytes/own-bytes';
import type { RetainedTotals } from '../../limits/retained-totals';
import type { SubmitEnd } from '../session-message';
import type { Outgoing } from './outgoing';

/** A submit that has come. */
interface RetainedSubmit {
  readonly frameId: number;
  readonly sent: SentSubmit;
}

/** A submit and its answer, from the first result on. */
export class RetainedAnswer {
  readonly results: Outgoing[] = [];
  byteLength = 0;
  /** Until when it is kept, in milliseconds of the scheduler; undefined while it runs. */
  until: number | undefined;

  constructor(
    readonly frameId: number,
    readonly sent: SentSubmit,
    readonly party: string,
    private readonly left: (answer: RetainedAnswer) => void,
  ) {}

  forgotten(): void {
    this.left(this);
  }
}

interface RetainingSession {
  readonly server: { readonly retained: RetainedTotals<RetainedAnswer> | undefined };
  readonly isResumable: boolean;
  readonly claim: { partyAt(peer: PeerName): string };
  readonly outlet: {
    readonly peer: PeerName;
    readonly log: { changed(frameId: number): void } | undefined;
  };
}

/** Those of a session, where the server keeps any: only clients that count results can hand their session on. */
export function retainedOf(
  session: RetainingSession,
  { isAnnounced }: { readonly isAnnounced: boolean },
): RetainedAnswers | undefined {
  const { claim, isResumable, server } = session;
  if (server.retained === undefined || !isResumable || !isAnnounced) return undefined;
  return new RetainedAnswers(
    server.retained,
    () => claim.partyAt(session.outlet.peer),
    (frameId) => session.outlet.log?.changed(frameId),
  );
}

/** The answers of a session that a client with a ticket gets whole: those that run, and those that ended lately. */
export class RetainedAnswers {
  private readonly answers = new Map<number, RetainedAnswer>();

  constructor(
    private readonly totals: RetainedTotals<RetainedAnswer>,
    /** Who the session is counted for, at present. */
    private readonly party: () => string,
    /** An answer is kept no more. */
    private readonly left: (frameId: number) => void = () => undefined,
  ) {}

  get size(): number {
    return this.answers.size;
  }

  get byteLength(): number {
    let bytes = 0;
    for (const answer of this.answers.values()) bytes += answer.byteLength;
    return bytes;
  }

  /** In the order in which they were submitted. */
  all(): readonly RetainedAnswer[] {
    return [...this.answers.values()];
  }

  has(frameId: number): boolean {
    return this.answers.has(frameId);
  }

  get(frameId: number): RetainedAnswer | undefined {
    return this.answers.get(frameId);
  }

  /** A submit has come. */
  begin({ frameId, sent: { metadata, body } }: RetainedSubmit): void {
    const sent = { metadata: ownBytes(metadata), body: ownBytes(body) };
    const answer = new RetainedAnswer(frameId, sent, this.party(), this.leave);
    this.answers.set(frameId, answer);
    this.grow(answer, HELD_RESULT_BYTES + sent.metadata.buffer.byteLength + sent.body.buffer.byteLength);
  }

  /** A result is sent, or waits to be. */
  add(frameId: number, result: Outgoing): void {
    const answer = this.answers.get(frameId);
    if (answer === undefined) return;
    answer.results.push(result);
    this.grow(answer, result.byteLength);
  }

  /** A result that waits has grown. */
  grown(frameId: number, bytes: number): void {
    const answer = this.answers.get(frameId);
    if (answer !== undefined) this.grow(answer, bytes);
  }

  /** An operation has ended. What its client has taken back is wanted by nobody. */
  ended(frameId: number, end: SubmitEnd): void {
    const answer = this.answers.get(frameId);
    if (answer === undefined) return;
    if (end === 'cancelled') this.forget(frameId);
    else answer.until = this.totals.ended(answer);
  }

  /** One that has ended at another node, and is kept for so many milliseconds more. */
  restore(submit: RetainedSubmit, results: readonly Outgoing[], leftMs: number): void {
    this.begin(submit);
    for (const result of results) this.add(submit.frameId, result);
    const answer = this.answers.get(submit.frameId);
    if (answer !== undefined) answer.until = this.totals.endedBefore(answer, leftMs);
  }

  /** An answer is kept no more. */
  forget(frameId: number): void {
    const answer = this.answers.get(frameId);
    if (answer === undefined) return;
    this.totals.leave(answer);
    answer.forgotten();
  }

  /** The session is over. */
  clear(): void {
    for (const frameId of [...this.answers.keys()]) this.forget(frameId);
  }

  private readonly leave = ({ frameId }: RetainedAnswer): void => {
    this.answers.delete(frameId);
    this.left(frameId);
  };

  private grow(answer: RetainedAnswer, by: number): void {
    // Counted there first: where there is no room, it is gone with what it had before.
    if (this.totals.grow(answer, by)) answer.byteLength += by;
  }
}
