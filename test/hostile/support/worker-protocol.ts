/** What a worker can be asked to do; the argument and the answer are copied between the processes. */
export type Commands = Record<string, (argument: never) => unknown>;

/** Bytes. */
export interface Memory {
  readonly rss: number;
  /** The heap, and what it holds outside of itself. */
  readonly heap: number;
}

/** What was seen while a worker watched itself. */
export interface Watched {
  /** The most bytes that the process ever held. */
  readonly peakRss: number;
  /** By how much the event loop was late, milliseconds. */
  readonly loopDelayP99: number;
  readonly loopDelayMax: number;
}

/** What every worker can be asked. */
export type BuiltIn = {
  /** After a garbage collection. */
  memory: () => Memory;
  /** What keeps the process alive: sockets, timers and the like, by kind. */
  handles: () => Record<string, number>;
  /** Watches its memory and its event loop from now on. */
  watch: () => void;
  /** What it has seen since `watch`. */
  watched: () => Watched;
};

/** What a worker tells its parent: once, that it is ready; then one answer a question. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly value: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string };
