import { firstValueFrom, from, fromEvent, merge, type ObservableInput } from 'rxjs';
import { createServer, type ListenEndpoint, type Server } from '../src';
import {
  endpoint,
  hostOption,
  matchingFlags,
  modelOptions,
  portOption,
  transportOption,
  USUAL_PORTS,
  type ModelFlags,
  type PlaceFlags,
} from './cli/flags';
import { exitOnInterrupt, interrupt$ } from './cli/interrupts';
import { fail, program } from './cli/program';
import { logAnswer, type Log } from './cli/server-log';
import { ggufModel } from './model/gguf/gguf-model';
import type { LanguageModel } from './model/language-model';
import { mobyDick } from './model/moby-dick';
import { nGramLanguageModel } from './model/n-gram-language-model';
import { upstream } from './model/upstream';

const utf8 = new TextDecoder();

/** What a prompt is answered with. */
type PromptModel = (prompt: string) => ObservableInput<string>;

/** The model that answers prompts. To serve another one, return it here. */
export async function loadModel(flags: ModelFlags): Promise<PromptModel> {
  const { maxTokens, seed } = flags;
  const model = await chosenModel(flags);
  return (prompt) => model(prompt, { maxTokens, seed: seed ?? Math.floor(Math.random() * 2 ** 32) });
}

async function chosenModel({ rate, upstream: url, model }: ModelFlags): Promise<LanguageModel> {
  if (url !== undefined && model !== undefined)
    return upstream({ url, model, apiKey: process.env['OPENAI_API_KEY'] });
  if (url !== undefined) throw new Error('--upstream needs --model: what that server calls its model');
  if (model !== undefined) return ggufModel(model);
  return nGramLanguageModel(mobyDick().model, { tokensPerSecond: rate });
}

/** A server that answers every submit with what `model` makes of the prompt in its body. */
export function serve(listen: ListenEndpoint, model: PromptModel, log: Log): Server {
  const server = createServer({ listen });
  server.sessions$.subscribe({
    next: (session) => {
      log(`session ${session.sessionId}: opened by ${session.peer} over ${session.transport}`);
      const responding = session.respond((submit) => {
        const prompt = utf8.decode(submit.body);
        return from(model(prompt)).pipe(logAnswer(log, submit, prompt));
      });
      responding.add(() => log(`session ${session.sessionId}: over`));
    },
    error: fail,
  });
  return server;
}

async function run(flags: PlaceFlags & ModelFlags): Promise<void> {
  const server = serve(endpoint(flags), await loadModel(flags), console.log);
  server.failures$.subscribe(({ message }) => console.error(message));
  server.violations$.subscribe(({ peer, error }) => console.error(`${peer}: ${error.message}`));
  for (const { url, port } of await server.listening()) {
    console.log(`listening on ${url}; Ctrl-C ends`);
    console.log(`ask it from another terminal: npm run demo:client -- ${matchingFlags({ ...flags, port })}`);
  }
  await firstValueFrom(merge(interrupt$, fromEvent(process, 'SIGTERM')));
  exitOnInterrupt();
  await server.close();
}

if (require.main === module) {
  program({
    name: 'npm run demo:server --',
    description:
      'Serves a language model over NNRP: every submit is a prompt, and is answered token by token.',
    options: [
      transportOption,
      hostOption,
      portOption(`0 for any that is free (${USUAL_PORTS})`, { min: 0 }),
      ...modelOptions,
    ],
    run,
  });
}
