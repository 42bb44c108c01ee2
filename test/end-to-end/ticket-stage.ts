import { firstValueFrom, type Subject } from 'rxjs';
import type { ClientOptions, ResumeOptions } from '../../src/client/options';
import type { ClientSession } from '../../src/client/session/session';
import type { ServerOptions } from '../../src/server/options';
import type { RevisionName } from '../../src/wire/message';
import { answeredByHand } from '../support/answered-by-hand';
import { settled } from '../support/async';
import { Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

/** So much time passes at once, and what was said meanwhile arrives. */
const STEP_MS = 500;

/** Answers as they are told to, what is asked for them in order, and time that passes as it is told to. */
export class TicketStage {
  readonly time = new VirtualTime();
  readonly served: Served;
  /** Of each submit, what it answers. */
  readonly answers: readonly Subject<string>[];

  constructor(
    options: Partial<ServerOptions>,
    private readonly revision: RevisionName,
  ) {
    this.served = new Served({ scheduler: this.time, ...options });
    ({ answers: this.answers } = answeredByHand(this.served.server));
  }

  async open(): Promise<ClientSession> {
    const client = await this.served.connect(this.clientOptions);
    return client.openSession({ maxInFlightOperations: 4, reconnect: {} });
  }

  /** From another page, as it were. */
  async resume(ticket: string, options?: ResumeOptions): Promise<ClientSession> {
    const client = await this.served.connect(this.clientOptions);
    return client.resumeSession(ticket, options);
  }

  /** The page is loaded again: its connection is gone, and nobody has closed the session. */
  async leave(): Promise<void> {
    this.served.endpoint.cut();
    await settled();
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.time.advance(Math.min(STEP_MS, ms - passed));
      await settled();
    }
  }

  /** An operation gives so many parts more, and is through where it says so. */
  async give(operation: number, parts: readonly string[], end?: 'end'): Promise<void> {
    await settled();
    for (const part of parts) this.answers[operation]!.next(part);
    if (end !== undefined) this.answers[operation]!.complete();
    await settled();
  }

  private get clientOptions(): ClientOptions {
    return { scheduler: this.time, revision: this.revision };
  }
}

/** What a page has of its answers: the question, how it begins, and the text as far as it has come. */
export function seen({ operations }: ClientSession) {
  return operations.map(({ operationId, sent, isWhole, results }) => ({
    operationId,
    asked: sent?.text,
    isWhole,
    text: told(results.text$),
  }));
}

export const ticketOf = (session: ClientSession): Promise<string> => firstValueFrom(session.ticket$);
