import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  endWith,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  merge,
  throwError,
  type Observable,
} from 'rxjs';
import {
  connect,
  decodeTokens,
  describeError,
  OperationError,
  type Client,
  type ClientSession,
} from '../src';
import { chat } from './cli/chat';
import {
  endpoint,
  hostOption,
  matchingFlags,
  portOption,
  promptOption,
  transportOption,
  USUAL_PORTS,
  type PlaceFlags,
  type PromptFlags,
} from './cli/flags';
import { exitOnInterrupt, interrupt$ } from './cli/interrupts';
import { INTERRUPTED, program } from './cli/program';
import { pipedPrompt } from './cli/prompt';
import { show } from './cli/show';

/** The answer to a prompt, token by token. Unsubscribing cancels it, at the server too. */
export function ask(session: ClientSession, prompt: string): Observable<string> {
  return session.submit({ body: prompt }).pipe(concatMap(decodeTokens));
}

/** Shows one answer; Ctrl-C cancels it. */
export async function showAnswer(answer$: Observable<string>, prompt: string, over: string): Promise<void> {
  const outcome = await lastValueFrom(show(answer$, { prompt, cancel$: interrupt$, over }));
  if (outcome === 'cancelled') process.exitCode = INTERRUPTED;
}

/** Shows answers for as long as somebody asks, and the server is there. */
async function converse(client: Client, session: ClientSession): Promise<void> {
  console.error(`connected to ${client.peer}; Ctrl-C cancels an answer, at the prompt it ends`);
  const chat$ = chat((prompt, cancel$) =>
    show(ask(session, prompt), { prompt, cancel$, over: client.transport }).pipe(catchError(carryOn)),
  );
  const lost$ = concat(
    client.ended$,
    throwError(() => new Error('the server has closed the connection')),
  );
  await firstValueFrom(merge(lost$, chat$.pipe(ignoreElements(), endWith('left'))));
}

/** An answer that fails costs that answer; a connection that is lost costs all. */
function carryOn(error: unknown): Observable<never> {
  if (!(error instanceof OperationError) || error.reason === 'connection-lost') throw error;
  console.error(error.message);
  return EMPTY;
}

/** Connects, and says how to start a server where there is none, or one of another transport. */
async function open(flags: PlaceFlags): Promise<[Client, ClientSession]> {
  try {
    const client = await connect(endpoint(flags));
    return [client, await client.openSession()];
  } catch (error) {
    const remedy = `npm run demo:server -- ${matchingFlags(flags)}`;
    throw new Error(`${describeError(error)} (a server to match: ${remedy})`, { cause: error });
  }
}

async function run(flags: PlaceFlags & PromptFlags): Promise<void> {
  const [client, session] = await open(flags);
  if (flags.prompt === undefined && process.stdin.isTTY) await converse(client, session);
  else {
    const prompt = flags.prompt ?? (await pipedPrompt());
    await showAnswer(ask(session, prompt), prompt, client.transport);
  }
  exitOnInterrupt();
  await client.close();
}

if (require.main === module) {
  program({
    name: 'npm run demo:client --',
    description: 'Asks a server. Without --prompt it asks you for prompts, or reads one from a pipe.',
    options: [
      transportOption,
      hostOption,
      portOption(`where the server listens (${USUAL_PORTS})`, { min: 1 }),
      promptOption,
    ],
    run,
  });
}
