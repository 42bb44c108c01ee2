import { merge, Observable } from 'rxjs';
import { createServer, tcp, type ServerSession } from '../../src';
import { Steps } from '../bare/steps';
import { parameters, serveAt } from '../harness/program';
import { LIMITS } from './limits';
import { partsAsked, type StreamPeer } from './stream-parameters';

const { everyMs, partBytes } = parameters<StreamPeer>();
const body = new Uint8Array(partBytes);
/** Sessions whose client does not keep up. */
const slow = new Set<ServerSession>();
const steps = new Steps(everyMs, () => everyMs > 0 || slow.size === 0);

const server = createServer({ listen: tcp({ port: 0, backlog: 4096 }), limits: LIMITS });
server.sessions$.subscribe((session) => {
  session.pressure$.subscribe({
    next: (isSlow) => {
      if (isSlow) slow.add(session);
      else slow.delete(session);
    },
    complete: () => slow.delete(session),
  });
  // The last part is the end of the answer, as the baseline has it.
  session.respond(
    (submit) =>
      new Observable((answer) => {
        let left = partsAsked(submit.body);
        return steps.add(() => {
          left -= 1;
          if (left > 0) answer.next(body);
          else answer.next(submit.complete(body));
        });
      }),
  );
});
merge(server.failures$, server.violations$).subscribe((fault) => {
  console.error(fault);
  process.exit(1);
});
void server.listening().then(([address]) => {
  serveAt(address!.port);
});
