/** Lets everything run that waits for promises alone. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** An async iterable driven by hand, which remembers what was asked of it. */
export class ManualIterable<T> implements AsyncIterable<T>, AsyncIterator<T> {
  /** How often an item was asked for. */
  pulls = 0;
  /** How often it was closed early. */
  returns = 0;
  /** What closing it throws, if anything. */
  closeError: Error | undefined;
  private readonly waiting: Pull<IteratorResult<T>>[] = [];

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    this.pulls++;
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
  }

  async return(): Promise<IteratorResult<T>> {
    this.returns++;
    if (this.closeError !== undefined) throw this.closeError;
    return { done: true, value: undefined };
  }

  /** Answers the oldest pull, and lets what waits for it run. */
  async emit(value: T): Promise<void> {
    this.oldest().resolve({ done: false, value });
    await settled();
  }

  async complete(): Promise<void> {
    this.oldest().resolve({ done: true, value: undefined });
    await settled();
  }

  async fail(error: unknown): Promise<void> {
    this.oldest().reject(error);
    await settled();
  }

  private oldest(): Pull<IteratorResult<T>> {
    const pull = this.waiting.shift();
    if (pull === undefined) throw new Error('nobody asked for an item');
    return pull;
  }
}

interface Pull<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}
