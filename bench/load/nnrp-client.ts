import { connect, tcp, type ClientSession } from '../../src';
import { onStop, parameters } from '../harness/program';
import { Latency } from './latency';
import type { LoadParameters } from './parameters';
import { timePhases } from './phases';

// This project's client, through its public calls; as many operations in flight as the window says.
const load = parameters<LoadParameters>();
const latency = new Latency();
const body = new Uint8Array(load.bodyBytes);
let inFlight = 0;
let isStopping = false;

function submit(session: ClientSession): void {
  const sentAt = performance.now();
  inFlight += 1;
  session.submit({ body }).subscribe({
    next: () => {
      latency.record(performance.now() - sentAt, 1);
    },
    complete: () => {
      inFlight -= 1;
      if (!isStopping) submit(session);
      else if (inFlight === 0) process.exit();
    },
    error: (error: unknown) => {
      throw error;
    },
  });
}

async function run(): Promise<void> {
  const sessions: ClientSession[] = [];
  for (let connection = 0; connection < load.connections; connection++) {
    const client = await connect(tcp({ port: load.port }));
    client.violations$.subscribe((fault) => {
      console.error(fault);
      process.exit(1);
    });
    for (let turn = 0; turn < load.sessions; turn++) {
      const requestedSessionId = connection * load.sessions + turn + 1;
      sessions.push(await client.openSession({ requestedSessionId, maxInFlightOperations: load.window }));
    }
  }
  timePhases(latency, load);
  const wanted = load.window * load.connections;
  for (let index = 0; index < wanted; index++) submit(sessions[index % sessions.length]!);
}

onStop(() => {
  isStopping = true;
});
void run();
