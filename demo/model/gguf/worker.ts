import { parentPort, workerData } from 'node:worker_threads';
import type { GenerateOptions } from '../language-model';
import { GgufChat } from './gguf-chat';
import { readGguf } from './gguf-file';

/** What a worker is asked: for an answer, or to give one up. */
export type ToWorker =
  | { readonly kind: 'ask'; readonly id: number; readonly prompt: string; readonly options: GenerateOptions }
  | { readonly kind: 'stop'; readonly id: number };

/** What it says: a piece of an answer, that it is over, or why there is none. */
export type FromWorker =
  | { readonly kind: 'text'; readonly id: number; readonly text: string }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly why: string };

const port = parentPort!;
const wanted = new Set<number>();
const chat = new GgufChat(readGguf(workerData as string));

async function answer(id: number, prompt: string, options: GenerateOptions): Promise<void> {
  const say = (said: FromWorker): void => {
    port.postMessage(said);
  };
  wanted.add(id);
  try {
    for await (const text of chat.answer(prompt, options)) {
      if (!wanted.has(id)) return;
      say({ kind: 'text', id, text });
    }
    say({ kind: 'end', id });
  } catch (error) {
    say({ kind: 'failed', id, why: (error as Error).message });
  } finally {
    wanted.delete(id);
  }
}

port.on('message', (asked: ToWorker) => {
  if (asked.kind === 'stop') wanted.delete(asked.id);
  else void answer(asked.id, asked.prompt, asked.options);
});
