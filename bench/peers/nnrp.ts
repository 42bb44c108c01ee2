import { map, merge, NEVER, startWith } from 'rxjs';
import { createServer, give, tcp, webSocket } from '../../src';
import { parameters, serveAt } from '../harness/program';
import { clusterOptions, type ClusterPeer } from './cluster';
import { LIMITS, OUTBOX_BYTES } from './limits';

export interface NnrpPeer {
  readonly transport: 'tcp' | 'ws';
  /**
   * Through the subjects, through `respond`, or taken and never answered. Of the first two the answer is the body
   * that came; `copied` and `given` answer through the subjects with as many bytes of the application's own, and
   * `tokens` with more than an outbox holds, of which the client proves the receipt of none.
   */
  readonly api: 'results' | 'respond' | 'copied' | 'given' | 'hold' | 'tokens';
  /** Default: a server by itself. */
  readonly cluster?: ClusterPeer;
}

const { transport, api, cluster } = parameters<NnrpPeer>();
let bytes = new Uint8Array(0);
/** The same bytes each time, that making them may cost nothing. */
function made(length: number): Uint8Array {
  if (bytes.length !== length) bytes = new Uint8Array(length).fill(7);
  return bytes;
}

/** More than an outbox holds of them, each of which is a result. */
const tokens = Array.from({ length: OUTBOX_BYTES / 256 }, (_, index) => `t${String(index).padStart(4, '0')}`);

const server = createServer({
  listen: transport === 'tcp' ? tcp({ port: 0, backlog: 4096 }) : webSocket({ port: 0 }),
  maxInFlightOperations: 0xffff,
  grantedOperationCredit: 0xffff,
  limits: LIMITS,
  ...(api === 'tokens' && { outbox: { maxBytes: OUTBOX_BYTES } }),
  ...clusterOptions(cluster),
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
      return;
    case 'tokens':
      session.respond(() => NEVER.pipe(startWith(...tokens)));
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
