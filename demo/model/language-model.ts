import type { ObservableInput } from 'rxjs';

/** What the caller of a {@link LanguageModel} decides for one generation. */
export interface GenerateOptions {
  /** The same seed, prompt and model give the same text. An integer; a model may use its low 32 bits only. */
  readonly seed: number;
  /** Upper bound on the pieces of text emitted. A positive integer. */
  readonly maxTokens: number;
}

/**
 * Continues a prompt, piece by piece. The pieces carry their own spacing: the prompt and all of them,
 * joined, are the text. Unsubscribing stops the work.
 *
 * Another model is another function of this type. An async generator is enough:
 *
 * @example
 * const remote: LanguageModel = async function* (prompt, { maxTokens }) {
 *   for await (const part of someApi.complete(prompt, maxTokens)) {
 *     yield part.text;
 *   }
 * };
 *
 * An async generator learns of the unsubscription when it yields next; return an Observable where a
 * request in flight has to be aborted at once.
 */
export type LanguageModel = (prompt: string, options: GenerateOptions) => ObservableInput<string>;
