import { firstValueFrom } from 'rxjs';
import {
  createServer,
  type ConnectEndpoint,
  type ListenEndpoint,
  type Server,
  type ServerOptions,
} from '../../../src';
import { open, patch } from '../../../src/testing';
import { SessionOpenAckMetadata, SessionStatus, type Packet } from '../../../src/wire';
import { Peer } from '../../support/peer';

/** A server whose sessions are worth a guess: what it says of itself, and the tokens that it gave. */
export class Victims {
  readonly server: Server;
  /** Everything that an operator could write to a log. */
  readonly told: unknown[] = [];
  /** The token of each session, by its id. */
  readonly tokens = new Map<number, Uint8Array>();
  /** Tokens that were good once: rotated, or of sessions that are over. */
  readonly oldTokens: Uint8Array[] = [];

  constructor(listen: ListenEndpoint, options: Partial<ServerOptions> = {}) {
    this.server = createServer({ listen, ...options });
    const note = (message: unknown): void => {
      this.told.push(message);
    };
    this.server.violations$.subscribe(note);
    this.server.failures$.subscribe(note);
    this.server.limits$.subscribe(note);
    this.server.sessions$.subscribe((session) => {
      session.respond((submit) => submit.complete(submit.body));
    });
  }

  /** Opens sessions of these ids, and leaves them; each has changed its token once. */
  async leave(endpoint: ConnectEndpoint, ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      this.oldTokens.push(await this.visit(endpoint, open(id).resumable()));
      const first = this.oldTokens.at(-1)!;
      this.tokens.set(id, await this.visit(endpoint, open(id).resuming(first)));
    }
  }

  private async visit(endpoint: ConnectEndpoint, asked: Packet): Promise<Uint8Array> {
    const peer = new Peer(await firstValueFrom(endpoint.connect()));
    const answer = (await peer.send(asked).next(10_000))!;
    const ack = SessionOpenAckMetadata.decode(answer.metadata);
    if (ack.sessionStatus === SessionStatus.Rejected) throw new Error('a victim was refused');
    // A word, by which the server knows that the token has come: the one before it is of no more use.
    peer.send(patch(ack.sessionId));
    await peer.next(10_000);
    await peer.close();
    return answer.body.slice(0, ack.resumeTokenBytes);
  }
}
