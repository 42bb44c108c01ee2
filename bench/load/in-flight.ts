/** How many operations of a load are in flight, and whether more may follow. */
export class InFlight {
  private count = 0;
  private isOpen = false;
  private settled: (() => void) | undefined;

  /** Whether what is answered is to be followed by another. */
  get mayFollow(): boolean {
    return this.isOpen;
  }

  begin(): void {
    this.isOpen = true;
  }

  /** Nothing may follow; resolves once nothing is in flight. */
  rest(): Promise<void> {
    this.isOpen = false;
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.settled = resolve;
    });
  }

  sent(count: number): void {
    this.count += count;
  }

  answered(count: number): void {
    this.count -= count;
    if (this.count > 0) return;
    this.settled?.();
    this.settled = undefined;
  }
}
