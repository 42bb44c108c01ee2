/** What a model is to a server that streams: at every step, a part for each answer that is under way. */
export class Steps {
  private readonly answers = new Set<() => void>();
  private isRunning = false;

  /** `mayStep` holds the steps up while somebody does not keep up; `stepped` follows each. */
  constructor(
    private readonly everyMs: number,
    private readonly mayStep: () => boolean,
    private readonly stepped: () => void = () => undefined,
  ) {}

  /** Calls back at every step until it is told to stop. */
  add(part: () => void): () => void {
    this.answers.add(part);
    if (!this.isRunning) {
      this.isRunning = true;
      this.next();
    }
    return () => {
      this.answers.delete(part);
    };
  }

  private next(): void {
    if (this.everyMs === 0) {
      setImmediate(() => {
        this.step();
        this.goOn();
      });
      return;
    }
    // Not one timer after the other: those would drift by what a step costs.
    const timer = setInterval(() => {
      this.step();
      if (this.answers.size > 0) return;
      clearInterval(timer);
      this.isRunning = false;
    }, this.everyMs);
  }

  private goOn(): void {
    if (this.answers.size > 0) this.next();
    else this.isRunning = false;
  }

  private step(): void {
    if (!this.mayStep()) return;
    for (const part of this.answers) part();
    this.stepped();
  }
}
