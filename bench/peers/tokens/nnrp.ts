import { merge, Observable } from 'rxjs';
import { createServer, tcp, webSocket } from '../../../src';
import { parameters } from '../../harness/program';
import { LIMITS } from '../limits';
import { Model } from './model';

export interface NnrpTokens {
  readonly transport: 'tcp' | 'ws';
  /** What the handler makes of a token: the string itself, or its bytes. */
  readonly parts: 'strings' | 'bytes';
}

const { transport, parts } = parameters<NnrpTokens>();
const model = new Model();
const limits = { ...LIMITS, maxConnections: 4096 };
const endpoint = transport === 'tcp' ? tcp({ port: 0, backlog: 4096 }) : webSocket({ port: 0 });
// A raw load answers no WebSocket ping.
const server = createServer({
  listen: endpoint,
  limits,
  maxInFlightOperations: 64,
  // A client of this project heeds it: all of its answers are to be under way at once.
  grantedOperationCredit: 64,
  keepAlive: { idleMs: 0 },
});
server.sessions$.subscribe((session) => {
  session.respond(
    () =>
      new Observable<string | Uint8Array>((answer) =>
        model.answer(
          parts === 'strings'
            ? (token) => {
                answer.next(token);
              }
            : (_, bytes) => {
                answer.next(bytes);
              },
        ),
      ),
  );
});
merge(server.failures$, server.violations$).subscribe((fault) => {
  console.error(fault);
  process.exit(1);
});
void server.listening().then(([address]) => {
  model.serve(address!.port);
});
