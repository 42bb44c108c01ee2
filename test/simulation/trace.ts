/** Something that happened in a simulation. */
export interface TraceEvent {
  /** Milliseconds of the simulation's clock. */
  readonly time: number;
  /** To whom: each actor has a line of its own among the marbles. */
  readonly actor: string;
  readonly text: string;
}

/** What happened in a simulation, and a number that two runs share only if the same happened in both. */
export class Trace {
  private readonly kept: TraceEvent[] = [];
  private total = 0;
  private high = 0xdeadbeef;
  private low = 0x41c6ce57;

  /** `keep` is how many events can be looked at later: the last ones. */
  constructor(private readonly keep = 50) {}

  /** How many events there have been. */
  get count(): number {
    return this.total;
  }

  /** The last events, oldest first. */
  get events(): readonly TraceEvent[] {
    return this.kept.slice(-this.keep);
  }

  /** Of all events, in their order. */
  get hash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.high) + hex(this.low);
  }

  add(event: TraceEvent): void {
    this.total += 1;
    this.kept.push(event);
    // Swept seldom, so that each event is moved at most once on average.
    if (this.kept.length > 2 * this.keep) this.kept.splice(0, this.kept.length - this.keep);
    this.stir(event.time);
    this.stirText(event.actor);
    this.stirText(event.text);
  }

  private stirText(text: string): void {
    for (let index = 0; index < text.length; index++) this.stir(text.charCodeAt(index));
    this.stir(-1);
  }

  private stir(word: number): void {
    this.high = Math.imul(this.high ^ word, 2654435761);
    this.low = Math.imul(this.low ^ word ^ (this.high >>> 15), 1597334677);
  }
}
