// Tokens of any model behind an API like OpenAI's: createTokenServer(tcp({ port: 4433 }), new OpenAI({ baseURL }))
import OpenAI from 'openai';
import { catchError, concatMap, from, throwError, timeout } from 'rxjs';
import { createServer, failure, type Answer, type Failure, type ListenEndpoint, type Server } from 'nnrp-rx';

type Chunk = OpenAI.Chat.ChatCompletionChunk;

/** A model that says nothing for so long has stopped. Milliseconds. */
const STALL_MS = 10_000;

export function createTokenServer(
  listen: ListenEndpoint,
  openai: OpenAI,
  { model = 'small', stallMs = STALL_MS } = {},
): Server {
  const server = createServer({ listen });
  server.sessions$.subscribe((session) => {
    session.respond(({ text }, { signal }) => {
      const chunks = openai.chat.completions.create(
        {
          model,
          messages: [{ role: 'user', content: text }],
          stream: true,
          stream_options: { include_usage: true },
        },
        { signal, maxRetries: 0 },
      );
      let finishReason = 'stop';
      return from(chunks).pipe(
        concatMap((stream) => stream),
        catchError((error: unknown) => throwError(() => reasonOf(error))),
        timeout({ each: stallMs, with: () => throwError(() => failure(504, 'the model has stopped')) }),
        concatMap((chunk) => answersOf(chunk, (finishReason = finishOf(chunk) ?? finishReason))),
      );
    });
  });
  return server;
}

const finishOf = ({ choices }: Chunk): string | null | undefined => choices[0]?.finish_reason;

function* answersOf({ choices, usage, model }: Chunk, finishReason: string): Iterable<Answer> {
  const text = choices[0]?.delta.content;
  if (text) yield text;
  if (!usage) return;
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage;
  yield { kind: 'summary', usage: { inputTokens, outputTokens }, model, finishReason };
}

/** What the client is told: the status of a refusal and when to come again, 502 for an answer that breaks off. */
function reasonOf(error: unknown): Failure {
  if (!(error instanceof OpenAI.APIError)) return failure(502, 'the model’s answer has broken off');
  const { status = 502, message, headers } = error as InstanceType<typeof OpenAI.APIError>;
  return failure(status, message, { retryAfterMs: 1000 * Number(headers?.get('retry-after') ?? 0) });
}
