import { onRun, onStop, parameters, tell } from '../harness/program';
import { Latency } from './latency';
import type { PacedParameters, PacedRun } from './parameters';
import { TokenConnection } from './token-connection';

// Reads answers that come at a pace, each over a connection of its own, and says how evenly their tokens come; and
// asks for one more every now and then, to see how long a newcomer waits.

/** Connections that are made at a time. */
const AT_ONCE = 64;
/** Milliseconds between an answer that has begun and the next request. */
const NEXT_MS = 10;

const load = parameters<PacedParameters>();
const gaps = new Latency();
const firsts = new Latency();
const connections: TokenConnection[] = [];
let nextIndex = 0;
let isMeasured = false;
let newcomer: TokenConnection | undefined;

function connect(): void {
  if (nextIndex === load.connections) return;
  let lastAt: number | undefined;
  const heard = (): void => {
    const now = performance.now();
    if (isMeasured && lastAt !== undefined) gaps.record(now - lastAt, 1);
    lastAt = now;
  };
  const asked = (): void => {
    if (connections.every(({ askedAt }) => askedAt !== undefined) && nextIndex === load.connections)
      tell({ ready: true });
    else connect();
  };
  connections.push(new TokenConnection(load, nextIndex++, { asked, heard }));
}

function ask(): void {
  const one = new TokenConnection(load, nextIndex++, {
    asked: () => undefined,
    heard: (bytes) => {
      // The head of a response is no token.
      if (newcomer !== one || (load.protocol === 'sse' && !bytes.includes('data:'))) return;
      if (isMeasured) firsts.record(performance.now() - one.askedAt!, 1);
      one.end();
      newcomer = undefined;
      if (isMeasured) setTimeout(ask, NEXT_MS);
    },
  });
  newcomer = one;
}

for (let started = 0; started < AT_ONCE; started++) connect();
onRun(() => {
  gaps.start();
  firsts.start();
  isMeasured = true;
  ask();
  setTimeout(() => {
    isMeasured = false;
    // Who still waits has waited so long at least: a server too busy to begin with anybody is not the fastest.
    if (newcomer?.askedAt !== undefined) firsts.record(performance.now() - newcomer.askedAt, 1);
    newcomer?.end();
    newcomer = undefined;
    const run: PacedRun = { gap: gaps.result(), first: firsts.result() };
    tell(run);
  }, load.runMs);
});
onStop(() => {
  newcomer?.end();
  for (const connection of connections) connection.end();
  process.exit();
});
