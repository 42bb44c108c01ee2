import { finalize, firstValueFrom, Subject } from 'rxjs';
import type { ClientSession } from '../../src/client/session/session';
import { settled } from '../support/async';
import { Served } from '../support/served';

/** A server that answers as it is told to. */
export class Stage {
  readonly served = new Served({ retain: {} });
  readonly asked: string[] = [];
  /** Of each submit. */
  readonly answers: Subject<string>[] = [];
  /** Answers that have ended, whoever ended them. */
  over = 0;

  constructor() {
    this.served.server.sessions$.subscribe((session) => {
      session.respond(({ text }) => {
        const answer = new Subject<string>();
        this.asked.push(text);
        this.answers.push(answer);
        return answer.pipe(finalize(() => (this.over += 1)));
      });
    });
  }

  open(): Promise<ClientSession> {
    return this.served.open({ requestedSessionId: 0, maxInFlightOperations: 4, reconnect: {} });
  }

  /** As a page that is loaded again takes it up. */
  async reload(session: ClientSession): Promise<ClientSession> {
    const ticket = await firstValueFrom(session.ticket$);
    this.served.endpoint.cut();
    await settled();
    const client = await this.served.connect();
    const resumed = await client.resumeSession(ticket);
    await quiet();
    return resumed;
  }
}

/** Until what was begun has reached the other end, and come back. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await settled();
}
