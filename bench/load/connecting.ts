import { connect, tcp } from '../../src';
import { onStop, parameters } from '../harness/program';
import { InFlight } from './in-flight';
import { Latency } from './latency';
import type { ConnectingParameters } from './parameters';
import { runWhenAsked } from './phases';

// This project's client connects, opens a session and closes, as often as it can: one after the other, in each place of
// the window.
const load = parameters<ConnectingParameters>();
const latency = new Latency();
const inFlight = new InFlight();

async function open(): Promise<void> {
  inFlight.sent(1);
  const startedAt = performance.now();
  const client = await connect(tcp({ port: load.port }), { revision: load.revision });
  await client.openSession();
  latency.record(performance.now() - startedAt, 1);
  await client.close();
  if (inFlight.mayFollow) void open();
  inFlight.answered(1);
}

runWhenAsked(
  () => {
    for (let place = 0; place < load.window; place++) void open();
  },
  inFlight,
  latency,
  load,
);
onStop(() => process.exit());
