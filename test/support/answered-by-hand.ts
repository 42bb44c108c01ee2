import { Subject } from 'rxjs';
import type { Server } from '../../src/server/server';
import type { Submit } from '../../src/server/session/session-message';
import type { ServerSession } from '../../src/server/session/session';

/** What a server's clients ask, in order, and what it answers each, as a test says. */
export interface AnsweredByHand {
  readonly sessions: readonly ServerSession[];
  readonly submits: readonly Submit[];
  /** Of each submit, by its place. */
  readonly answers: readonly Subject<string>[];
}

/** Responds to all sessions of a server from now on. */
export function answeredByHand(server: Server): AnsweredByHand {
  const sessions: ServerSession[] = [];
  const submits: Submit[] = [];
  const answers: Subject<string>[] = [];
  server.sessions$.subscribe((session) => {
    sessions.push(session);
    session.respond((submit) => {
      const answer = new Subject<string>();
      submits.push(submit);
      answers.push(answer);
      return answer;
    });
  });
  return { sessions, submits, answers };
}
