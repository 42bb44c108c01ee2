import { defer, EMPTY as NEVER_ANY, map, startWith, Subject, type Observable } from 'rxjs';
import { NnrpError } from '../../wire/errors';
import type { SessionOpenAckMetadata } from '../../wire/messages/session-open';
import { EMPTY } from '../../wire/packet';
import type { ClientLink } from '../link/link';
import type { OpenRequest } from '../link/open-queue';
import type { SessionOptions } from '../options';
import { openRequest, type AcceptedOpen } from './open';
import type { Results } from './messages/results';
import type { SessionCarrier } from './session-carrier';
import { writeTicket } from './ticket';

/** How far a session has come. */
export interface SessionProgress {
  /** Results that have arrived. */
  readonly receivedResults: number;
  /** The operations that are still waited for; undefined where they are too many to be told. */
  readonly wantedOperations: readonly number[] | undefined;
  /** Parts that have come of each of those. */
  readonly receivedParts: readonly number[];
  /** The id of the newest operation, whether or not it was received. */
  readonly lastOperationId: number;
}

/**
 * What the server of a session has granted last, and what is asked of the next link's by that: to take the session up
 * where it was, or for another in its place.
 */
export class SessionGrant {
  private attempts = 0;
  private readonly renewals = new Subject<void>();

  constructor(
    private readonly options: SessionOptions,
    private last: AcceptedOpen,
  ) {}

  get ack(): SessionOpenAckMetadata {
    return this.last.ack;
  }

  /** Whether the server may have the session yet, and gives it back. */
  get isResumable(): boolean {
    return this.last.resumeToken.length > 0;
  }

  /** Whether another session may take its place, with what this one has not begun. */
  get reopens(): boolean {
    const { reconnect } = this.options;
    return this.isResumable && reconnect !== undefined && reconnect.reopen !== false;
  }

  /** Whether the server counts its results, and sends again what has not arrived. */
  get isCounted(): boolean {
    return this.last.extension !== undefined;
  }

  /** Whether the session is at another node than its link leads to. */
  get isRelayed(): boolean {
    return this.last.extension?.isRelayed === true;
  }

  accepted(accepted: AcceptedOpen): void {
    this.last = accepted;
  }

  /** Taken up, or opened anew: its ticket is another. */
  renewed(): void {
    this.renewals.next();
  }

  /** The session is over. */
  end(): void {
    this.forget();
    this.renewals.complete();
  }

  /** The ticket now, and after each renewal; nothing where there is no token. */
  tickets(carrier: SessionCarrier, results: Results): Observable<string> {
    const ticket = (): string =>
      writeTicket({
        sessionId: carrier.sessionId,
        revision: carrier.speech.name,
        receivedResults: results.received,
        resumeToken: this.last.resumeToken,
        resumeWindowMs: this.ack.resumeWindowMs,
        options: this.options,
      });
    return defer(() =>
      this.isResumable ? this.renewals.pipe(startWith(undefined), map(ticket)) : NEVER_ANY,
    );
  }

  /** The server has the session no more. */
  forget(): void {
    this.last = { ...this.last, resumeToken: EMPTY };
    this.attempts = 0;
  }

  /** A resume. Tells how far the session has come, where a server may hear of it. */
  resume(
    sessionId: number,
    link: ClientLink,
    auth: Uint8Array,
    progress: () => SessionProgress,
    accept: (answer: AcceptedOpen) => void,
  ): OpenRequest {
    const { options, last } = this;
    const { resumeToken } = last;
    const told =
      options.announce === false
        ? {}
        : {
            largestPacket: link.transport.largestPacket,
            ...progress(),
            resumeAttempt: (this.attempts += 1),
          };
    const wanted = { ...options, requestedSessionId: sessionId, allowResume: true };
    return openRequest(wanted, { resumeToken, auth }, told, link.speech, accept);
  }

  /** An open, of a session in the place of one that the server has no more. */
  anew(link: ClientLink, auth: Uint8Array, accept: (answer: AcceptedOpen) => void): OpenRequest {
    const { resumeTokenBytes: _, ...options } = this.options;
    const { largestPacket } = link.transport;
    // Its objects are declared again, which counts against no rate.
    const told = { largestPacket, ...(options.objects !== undefined && { isInPlace: true as const }) };
    return openRequest(options, { auth }, told, link.speech, (answer) => {
      requireFreeId(link, answer);
      accept(answer);
    });
  }
}

/** A server that chooses may not choose the id of a session that goes on. */
export function requireFreeId(link: ClientLink, { ack: { sessionId } }: AcceptedOpen): void {
  if (link.hasId(sessionId)) throw new NnrpError({ kind: 'SessionAlreadyExists', sessionId });
}
