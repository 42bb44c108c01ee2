import { map, merge } from 'rxjs';
import { createServer, tcp, webSocket } from '../../src';
import { parameters, serveAt } from '../child';

export interface NnrpPeer {
  readonly transport: 'tcp' | 'ws';
  /** Through the subjects, or through `respond`. */
  readonly api: 'results' | 'respond';
}

const { transport, api } = parameters<NnrpPeer>();
const server = createServer({
  listen: transport === 'tcp' ? tcp({ port: 0 }) : webSocket({ port: 0 }),
  maxInFlightOperations: 4096,
  grantedOperationCredit: 4096,
});
server.sessions$.subscribe((session) => {
  if (api === 'respond') session.respond((submit) => submit.complete(submit.body));
  else session.submits$.pipe(map((submit) => submit.complete(submit.body))).subscribe(session.results);
});
// What is measured must not go wrong in silence.
merge(server.failures$, server.violations$).subscribe((fault) => {
  console.error(fault);
  process.exit(1);
});
void server.listening().then(([address]) => serveAt(address!.port));
