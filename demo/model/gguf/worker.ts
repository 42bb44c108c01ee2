import { parentPort, workerData } from 'node:worker_threads';
import type { GenerateOptions } from '../language-model';
import { GgufChat, PromptTooLong } from './gguf-chat';
import { readGguf } from './gguf-file';

/** What a worker is asked: for an answer, or to give one up. */
export type ToWorker =
  | { readonly kind: 'ask'; readonly id: number; readonly prompt: string; readonly options: GenerateOptions }
  | { readonly kind: 'stop'; readonly id: number };

/** What it says: that it can be asked, a piece of an answer, that one is over, or why there is none. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'text'; readonly id: number; readonly text: string }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'too-long'; readonly id: number; readonly why: string }
  | { readonly kind: 'failed'; readonly id: number };

const port = parentPort!;
const wanted = new Set<number>();
const chat = new GgufChat(readGguf(workerData as string));

const say = (said: FromWorker): void => {
  port.postMessage(said);
};

async function answer(id: number, prompt: string, options: GenerateOptions): Promise<void> {
  wanted.add(id);
  try {
    for await (const text of chat.answer(prompt, options, () => wanted.has(id)))
      say({ kind: 'text', id, text });
    say({ kind: 'end', id });
  } catch (error) {
    if (error instanceof PromptTooLong) say({ kind: 'too-long', id, why: error.message });
    else say({ kind: 'failed', id });
  } finally {
    wanted.delete(id);
  }
}

port.on('message', (asked: ToWorker) => {
  if (asked.kind === 'stop') wanted.delete(asked.id);
  else void answer(asked.id, asked.prompt, asked.options);
});
say({ kind: 'ready' });
