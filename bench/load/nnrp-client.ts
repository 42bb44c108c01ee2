import { connect, tcp, type ClientSession } from '../../src';
import { onStop, parameters } from '../harness/program';
import { InFlight } from './in-flight';
import { Latency } from './latency';
import type { LoadParameters } from './parameters';
import { runWhenAsked } from './phases';

// This project's client, through its public calls; as many operations in flight as the window says.
const load = parameters<LoadParameters>();
const latency = new Latency();
const body = new Uint8Array(load.bodyBytes);
const inFlight = new InFlight();

function submit(session: ClientSession): void {
  const sentAt = performance.now();
  inFlight.sent(1);
  session.submit({ body }).subscribe({
    next: () => {
      latency.record(performance.now() - sentAt, 1);
    },
    complete: () => {
      if (inFlight.mayFollow) submit(session);
      inFlight.answered(1);
    },
    error: (error: unknown) => {
      throw error;
    },
  });
}

async function connectAndRun(): Promise<void> {
  const sessions: ClientSession[] = [];
  for (let connection = 0; connection < load.connections; connection++) {
    const client = await connect(tcp({ port: load.port }), { revision: load.revision ?? 'preview3' });
    client.violations$.subscribe((fault) => {
      console.error(fault);
      process.exit(1);
    });
    for (let turn = 0; turn < load.sessions; turn++) {
      const requestedSessionId = connection * load.sessions + turn + 1;
      sessions.push(await client.openSession({ requestedSessionId, maxInFlightOperations: load.window }));
    }
  }
  const wanted = load.window * load.connections;
  const fill = (): void => {
    for (let index = 0; index < wanted; index++) submit(sessions[index % sessions.length]!);
  };
  runWhenAsked(fill, inFlight, latency, load);
}

onStop(() => process.exit());
void connectAndRun();
