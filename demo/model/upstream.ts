import OpenAI, { APIError } from 'openai';
import { defer, finalize, take, type Observable } from 'rxjs';
import { fromAsyncIterable } from '../../operators';
import { failure } from '../../src';
import type { LanguageModel } from './language-model';

export interface UpstreamOptions {
  /** Of the API: `http://127.0.0.1:11434/v1`. */
  readonly url: string;
  readonly model: string;
  readonly apiKey: string | undefined;
}

/** A model that a server with OpenAI's API has. Whoever unsubscribes ends the request. */
export function upstream({ url, model, apiKey = 'none' }: UpstreamOptions): LanguageModel {
  // Its errors are for whoever asked to see; to try again is up to them.
  const api = new OpenAI({ baseURL: url, apiKey, maxRetries: 0 });
  return (prompt, { maxTokens }): Observable<string> =>
    defer(() => {
      const asking = new AbortController();
      const texts = async function* (): AsyncGenerator<string> {
        try {
          const chunks = await api.chat.completions.create(
            {
              model,
              max_completion_tokens: maxTokens,
              messages: [{ role: 'user', content: prompt }],
              stream: true,
            },
            { signal: asking.signal },
          );
          for await (const { choices } of chunks) {
            const text = choices[0]?.delta.content ?? '';
            if (text !== '') yield text;
          }
        } catch (error) {
          throw failureOf(error);
        }
      };
      return fromAsyncIterable(texts()).pipe(
        // Not every server knows that field.
        take(maxTokens),
        finalize(() => {
          asking.abort();
        }),
      );
    });
}

/** As the client is to read it. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof APIError)) return error;
  const { status = 502, headers, message } = error as APIError<number | undefined, Headers | undefined>;
  const retryAfterS = Number(headers?.get('retry-after') ?? 0);
  // It may be a date, too.
  // A redirect, say, is no failure to tell of.
  const told = status >= 400 && status <= 599 ? status : 502;
  return failure(told, message, { retryAfterMs: Number.isFinite(retryAfterS) ? retryAfterS * 1_000 : 0 });
}
