import { connect } from '../src';
import { showAnswer } from './client';
import { endpoint, hostOption, modelOptions, portOption, promptOption, transportOption } from './cli/flags';
import type { ModelFlags, PlaceFlags, PromptFlags } from './cli/flags';
import { exitOnInterrupt } from './cli/interrupts';
import { fail, program } from './cli/program';
import { pipedPromptOr } from './cli/prompt';
import { loadModel, serve } from './server';

/** A server and a client in one process, with a real connection between them. */
async function run(flags: PlaceFlags & ModelFlags & PromptFlags): Promise<void> {
  const { port = 0 } = flags;
  const server = serve(endpoint({ ...flags, port }), loadModel(flags), () => undefined);
  server.failures$.subscribe(fail);
  server.violations$.subscribe(({ error }) => fail(error));
  const [address] = await server.listening();

  const client = await connect(endpoint({ ...flags, port: address?.port ?? port }));
  const session = await client.openSession();
  const prompt = flags.prompt ?? (await pipedPromptOr('Call me Ishmael.'));
  await showAnswer(session, prompt, client.transport);

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
    ...modelOptions,
  ],
  run,
});
