import { pingPacket } from '../../protocol/ping';
import type { SessionTable } from '../../protocol/session/session-table';
import type { Transport } from '../../transport/transport';
import type { CarriedSession } from './carried-sessions';

/** A PING without its PONG, and how many results each session had sent before it. */
interface Question {
  readonly number: number;
  readonly marks: ReadonlyMap<CarriedSession, number>;
}

/**
 * Has a peer prove what it has received: a PONG says that everything before its PING has come, so the
 * outboxes of the sessions need not keep that any longer. One question at a time.
 */
export class ReceiptProof {
  private asked = 0;
  /** The last PING that was answered. */
  private lastAnswered = 0;
  private question: Question | undefined;

  constructor(
    private readonly transport: Pick<Transport, 'send'>,
    /** Those that the connection carries, as they come and go. */
    private readonly sessions: Pick<SessionTable<CarriedSession>, 'get' | 'all'>,
  ) {}

  ask(): void {
    if (this.question !== undefined) return;
    this.asked += 1;
    const marks = new Map(this.sessions.all().map((core) => [core, core.sentResults]));
    this.question = { number: this.asked, marks };
    this.send(this.asked);
  }

  /** Says something to the peer, also while a question is open. */
  ping(): void {
    if (this.question === undefined) this.ask();
    else this.send(++this.asked);
  }

  /** Has the peer show that it has received what was sent so far; returns whether it has. */
  receipt(): () => boolean {
    this.ping();
    const number = this.asked;
    return () => this.lastAnswered >= number;
  }

  /** A PONG has come, at `now`. False where it answers nothing: then it proves nothing. */
  answered(number: number, now: number): boolean {
    if (number <= this.lastAnswered || number > this.asked) return false;
    this.lastAnswered = number;
    const { question } = this;
    if (question === undefined || number < question.number) return true;
    this.question = undefined;
    for (const [core, sentResults] of question.marks) {
      if (this.sessions.get(core.sessionId) !== core) continue;
      core.proved(sentResults, now);
    }
    return true;
  }

  private send(frameId: number): void {
    this.transport.send(pingPacket(frameId));
  }
}
