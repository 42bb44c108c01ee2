/** Waits for what others bring about, for a time. */
export class Patience {
  private changed: () => void = () => undefined;

  constructor(
    /** Who is waited for, as an error names it. */
    private readonly who: string,
    private readonly ms = 2_000,
  ) {}

  /** Something has happened: whoever waits looks again. */
  notify(): void {
    this.changed();
  }

  /** Resolves once `isDone` is true. One wait at a time. */
  async until(isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${this.who} was silent for ${this.ms} ms`));
      }, this.ms);
      this.changed = () => {
        if (!isDone()) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
