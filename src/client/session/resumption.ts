import { openBody } from '../../protocol/session/open-blocks';
import { CLIENT_CLAIMS, encodeSessionExtension } from '../../protocol/session/session-extension';
import { EMPTY } from '../../wire/packet';
import { openRequest, type OpenRequest } from '../link/open-queue';
import { authOf, sessionOpen, type SessionOptions } from '../options';
import { acceptedOpen, type AcceptedOpen } from './open-answer';

/** What a client that comes back has, and wants. */
export interface Progress {
  /** Bytes; see `Transport`. */
  readonly largestPacket: number | undefined;
  /** Results of the session that have arrived. */
  readonly receivedResults: number;
  /** The operations that somebody still waits for; undefined where they are too many to be told. */
  readonly wantedOperations: readonly number[] | undefined;
}

/** What a session comes back with: its options, the last token that the server gave it, how often it tried. */
export class Resumption {
  private attempts = 0;

  constructor(
    private readonly sessionId: number,
    private readonly options: SessionOptions,
    private token: Uint8Array,
  ) {}

  /** Whether there is a token. */
  get isGranted(): boolean {
    return this.token.length > 0;
  }

  /** The server has given another token. */
  renew(token: Uint8Array): void {
    this.token = token;
  }

  /**
   * A SESSION_OPEN that resumes, and tells the progress where a server may hear of it. `accept` takes an ack
   * that fits; what it throws rejects the open.
   */
  request(tellProgress: () => Progress, accept: (answer: AcceptedOpen) => void): OpenRequest {
    const { options, sessionId } = this;
    const extension =
      options.announce === false
        ? EMPTY
        : encodeSessionExtension({
            ...CLIENT_CLAIMS,
            ...tellProgress(),
            resumeAttempt: (this.attempts += 1),
          });
    const blocks = { resumeToken: this.token, auth: authOf(options), extension };
    const wanted: SessionOptions = { ...options, requestedSessionId: sessionId, allowResume: true };
    const open = sessionOpen(wanted, blocks);
    return openRequest(open, openBody(blocks), (answer) => {
      accept(acceptedOpen(open, answer));
    });
  }
}
