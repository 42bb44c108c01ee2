import { onStop, parameters, tell } from '../harness/program';
import type { TokensParameters } from './parameters';
import { TokenConnection } from './token-connection';

// Asks for answers as each protocol has it, and reads what comes without a look at it: what is measured is the
// server, which counts its tokens itself.

/** Connections that are made at a time. */
const AT_ONCE = 64;

const load = parameters<TokensParameters>();
const connections: TokenConnection[] = [];
let connectionsLeft = load.connections;

function connect(): void {
  if (connections.length === load.connections) return;
  const asked = (): void => {
    connectionsLeft -= 1;
    if (connectionsLeft === 0) tell({ ready: true });
    else connect();
  };
  connections.push(new TokenConnection(load, connections.length, { asked }));
}

for (let started = 0; started < AT_ONCE; started++) connect();
onStop(() => {
  for (const connection of connections) connection.end();
  process.exit();
});
