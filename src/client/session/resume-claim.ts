import { defer, map, startWith, Subject, EMPTY as NEVER_ANY, type Observable } from 'rxjs';
import type { SessionExtension } from '../../protocol/session/session-extension';
import type { ClientLink } from '../link/link';
import type { OpenRequest } from '../link/open-queue';
import type { SessionOptions } from '../options';
import { openRequest, type AcceptedOpen } from './open';
import type { Results } from './results';
import type { SessionCarrier } from './session-carrier';
import { writeTicket } from './ticket';

/** How far a session has come, as a server that takes it up hears. */
type Progress = Pick<SessionExtension, 'receivedResults' | 'wantedOperations'>;

/** What a session is taken up with over the next link, by its client or by who has its ticket. */
export class ResumeClaim {
  private token: Uint8Array;
  private windowMs: number;
  private attempts = 0;
  private readonly renewals = new Subject<void>();

  constructor(
    private readonly options: SessionOptions,
    { ack, resumeToken }: AcceptedOpen,
  ) {
    this.token = resumeToken;
    this.windowMs = ack.resumeWindowMs;
  }

  /** Whether the server has given a token. */
  get isGranted(): boolean {
    return this.token.length > 0;
  }

  /** Taken up, and given another token. */
  renew({ ack, resumeToken }: AcceptedOpen): void {
    this.token = resumeToken;
    this.windowMs = ack.resumeWindowMs;
    this.renewals.next();
  }

  /** The session is over. */
  end(): void {
    this.token = new Uint8Array(0);
    this.renewals.complete();
  }

  /** The ticket now, and after each renewal; nothing where there is no token. */
  tickets(carrier: SessionCarrier, results: Results): Observable<string> {
    const ticket = (): string =>
      writeTicket({
        sessionId: carrier.sessionId,
        revision: carrier.speech.name,
        receivedResults: results.received,
        resumeToken: this.token,
        resumeWindowMs: this.windowMs,
        options: this.options,
      });
    return defer(() => (this.isGranted ? this.renewals.pipe(startWith(undefined), map(ticket)) : NEVER_ANY));
  }

  /** A resume on a link, which tells how far the session has come where a server may hear of it. */
  request(
    sessionId: number,
    link: ClientLink,
    auth: Uint8Array,
    progress: () => Progress,
    accept: (answer: AcceptedOpen) => void,
  ): OpenRequest {
    const { options, token } = this;
    const told =
      options.announce === false
        ? {}
        : {
            largestPacket: link.transport.largestPacket,
            ...progress(),
            resumeAttempt: (this.attempts += 1),
          };
    const wanted = { ...options, requestedSessionId: sessionId, allowResume: true };
    return openRequest(wanted, { resumeToken: token, auth }, told, link.speech, accept);
  }
}
