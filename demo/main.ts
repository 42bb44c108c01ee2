import { from } from 'rxjs';
import { connect } from '../src';
import { ask, showAnswer } from './client';
import { Chaos } from './cli/chaos';
import {
  chaosOption,
  endpoint,
  hostOption,
  modelOptions,
  portOption,
  promptOption,
  transportOption,
  type ChaosFlags,
  type ModelFlags,
  type PlaceFlags,
  type PromptFlags,
} from './cli/flags';
import { exitOnInterrupt } from './cli/interrupts';
import { fail, program } from './cli/program';
import { pipedPromptOr } from './cli/prompt';
import { loadModel, serve } from './server';

/** A server and a client in one process, with a real connection between them. */
async function run(flags: PlaceFlags & ModelFlags & PromptFlags & ChaosFlags): Promise<void> {
  const { port = 0 } = flags;
  const chaos = flags.chaos ? new Chaos() : undefined;
  const model = await loadModel(flags);
  const noted = chaos && ((prompt: string) => from(model(prompt)).pipe(chaos.noteSent()));
  const server = serve(endpoint({ ...flags, port }), noted ?? model, () => undefined);
  server.failures$.subscribe(fail);
  server.violations$.subscribe(({ error }) => fail(error));
  const [address] = await server.listening();

  const place = endpoint({ ...flags, port: address?.port ?? port });
  const client = await connect(chaos?.overseen(place) ?? place);
  const session = await client.openSession(chaos && { reconnect: {} });
  const prompt = flags.prompt ?? (await pipedPromptOr('Call me Ishmael.'));
  const answer$ = ask(session, prompt);
  await showAnswer(chaos ? answer$.pipe(chaos.cutting()) : answer$, prompt, client.transport);
  if (chaos !== undefined) {
    console.error(chaos.report());
    if (!chaos.isWhole) process.exitCode = 1;
  }

  exitOnInterrupt();
  await client.close();
  await server.close();
}

program({
  name: 'npm run demo --',
  description: 'Starts a server and a client, and streams one answer from the one to the other.',
  options: [
    transportOption,
    hostOption,
    portOption('of the server (default: any that is free)', { min: 0 }),
    promptOption,
    chaosOption,
    ...modelOptions,
  ],
  run,
});
