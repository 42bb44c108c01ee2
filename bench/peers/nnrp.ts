import { map, merge, NEVER } from 'rxjs';
import { createServer, give, tcp, webSocket } from '../../src';
import { parameters, serveAt } from '../harness/program';
import { LIMITS } from './limits';

export interface NnrpPeer {
  readonly transport: 'tcp' | 'ws';
  /**
   * Through the subjects, through `respond`, or taken and never answered. Of the first two the answer is the body
   * that came; `copied` and `given` answer through the subjects with as many bytes of the application's own.
   */
  readonly api: 'results' | 'respond' | 'copied' | 'given' | 'hold';
}

const { transport, api } = parameters<NnrpPeer>();
let bytes = new Uint8Array(0);
/** The same bytes each time, that making them may cost nothing. */
function made(length: number): Uint8Array {
  if (bytes.length !== length) bytes = new Uint8Array(length).fill(7);
  return bytes;
}

const server = createServer({
  listen: transport === 'tcp' ? tcp({ port: 0, backlog: 4096 }) : webSocket({ port: 0 }),
  maxInFlightOperations: 0xffff,
  grantedOperationCredit: 0xffff,
  limits: LIMITS,
});
server.sessions$.subscribe((session) => {
  switch (api) {
    case 'results':
      session.submits$.pipe(map((submit) => submit.complete(submit.body))).subscribe(session.results);
      return;
    case 'respond':
      session.respond((submit) => submit.complete(submit.body));
      return;
    case 'copied':
      session.submits$
        .pipe(map((submit) => submit.complete(made(submit.body.length))))
        .subscribe(session.results);
      return;
    case 'given':
      session.submits$
        .pipe(map((submit) => submit.complete(give(made(submit.body.length)))))
        .subscribe(session.results);
      return;
    case 'hold':
      session.respond(() => NEVER);
  }
});
// What is measured must not go wrong in silence.
merge(server.failures$, server.violations$).subscribe((fault) => {
  console.error(fault);
  process.exit(1);
});
void server.listening().then(([address]) => {
  serveAt(address!.port);
});
