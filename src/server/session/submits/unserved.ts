import { RuntimeError } from '../../../protocol/runtime-error';
import type { SessionCore } from '../session-core';

/** Milliseconds that a submit may wait for somebody who takes it before that is told. */
const PATIENCE_MS = 5_000;

/** A submit waits. Where that is because nobody takes any, it is told once of the session: nothing else would say so. */
export function noteUnserved(session: SessionCore): void {
  const { streams, operations, server } = session;
  if (session.unserved !== undefined || streams.isWatched('submits')) return;
  session.unserved = session.later(PATIENCE_MS, () => {
    if (operations.queuedCount > 0 && !streams.isWatched('submits')) {
      server.reports.failures.next(nobodyResponds(session.sessionId));
    } else session.unserved = undefined;
  });
}

function nobodyResponds(sessionId: number): RuntimeError {
  return new RuntimeError(
    'internal',
    `submits of session ${sessionId} wait for ${PATIENCE_MS / 1000} s, and nobody takes them: subscribe to \`server.sessions$\`, and call \`session.respond(handler)\` there, or subscribe to \`session.submits$\``,
    { reach: 'session', origin: 'application' },
  );
}
