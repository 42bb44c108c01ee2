import { map, merge, NEVER } from 'rxjs';
import { createServer, tcp, webSocket } from '../../src';
import { parameters, serveAt } from '../harness/program';
import { LIMITS } from './limits';

export interface NnrpPeer {
  readonly transport: 'tcp' | 'ws';
  /** Through the subjects, through `respond`, or taken and never answered. */
  readonly api: 'results' | 'respond' | 'hold';
}

const { transport, api } = parameters<NnrpPeer>();
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
