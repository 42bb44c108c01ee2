import { setTimeout as pause } from 'node:timers/promises';

/**
 * Answers a prompt, piece by piece: here with its own words. Put your model in its place. Whoever asked may leave in the
 * middle; then `signal` aborts, which a model's client takes, too.
 */
export async function* answer(prompt, signal) {
  for (const word of `You said: ${prompt}`.split(/(?= )/)) {
    if (signal.aborted) return;
    yield word;
    await pause(60);
  }
}
