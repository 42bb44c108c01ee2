import type { Socket } from 'node:net';
import type { Cut, Step } from './step';

/** Bytes that may wait in a lane before it stops reading. */
const HIGH_WATER = 256 * 1024;

/** One direction of a proxied connection: reads, and writes what its script lets through, when it does. */
export class Lane {
  private readonly steps: Iterator<Step>;
  /** What has come and not gone on; its first `skip` bytes have gone. */
  private chunks: Buffer[] = [];
  private size = 0;
  private step: Step | undefined;
  /** Of a step that counts them. */
  private bytesLeft = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Set until what was written has left, so that pieces arrive apart. */
  private isWriting = false;
  private hasSourceEnded = false;
  private isOver = false;

  constructor(
    private readonly source: Socket,
    readonly target: Socket,
    script: Iterable<Step>,
    private readonly cut: (how: Cut) => void,
  ) {
    this.steps = script[Symbol.iterator]();
    source.on('data', (chunk: Buffer) => {
      if (this.isOver) return;
      this.chunks.push(chunk);
      this.size += chunk.length;
      if (this.size > HIGH_WATER) source.pause();
      this.run();
    });
    source.on('end', () => {
      this.hasSourceEnded = true;
      this.run();
    });
    this.next();
    this.run();
    // Accepted sockets are paused.
    source.resume();
  }

  /** Lets nothing through any more; what comes is read and forgotten. */
  stop(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.chunks = [];
    this.size = 0;
    this.source.resume();
  }

  private next(): void {
    const next: IteratorResult<Step, unknown> = this.steps.next();
    this.step = next.done === true ? undefined : next.value;
    this.bytesLeft = this.step?.kind === 'pass' || this.step?.kind === 'gather' ? this.step.bytes : 0;
  }

  /** Does as much of the script as can be done now. */
  private run(): void {
    while (!this.isOver && !this.isWriting && !this.isHeld && this.advance());
  }

  private get isHeld(): boolean {
    return this.timer !== undefined && !(this.step?.kind === 'gather' && this.isGathered);
  }

  private get isGathered(): boolean {
    return this.size >= this.bytesLeft || this.hasSourceEnded;
  }

  /** One step, or a part of one; false where it has to wait for something. */
  private advance(): boolean {
    const { step } = this;
    switch (step?.kind) {
      case undefined:
        return this.passOn(this.size);
      case 'pass':
        if (this.bytesLeft === 0) return this.goOn();
        return this.passOn(Math.min(this.size, this.bytesLeft));
      case 'gather':
        if (this.bytesLeft === 0) return this.goOn();
        if (this.isGathered) {
          clearTimeout(this.timer);
          this.timer = undefined;
          return this.passOn(Math.min(this.size, this.bytesLeft));
        }
        if (this.size > 0) this.waitFor(step.atMostMs, () => this.passOn(this.size));
        return false;
      case 'wait':
        this.waitFor(step.ms, () => this.goOn());
        return false;
      case 'corrupt': {
        const first = this.chunks[0];
        if (first === undefined) return this.finishIfEnded();
        first[0] = first[0]! ^ step.mask;
        return this.goOn();
      }
      case 'cut':
        this.cut(step.how);
        return false;
    }
  }

  private goOn(): boolean {
    this.next();
    return true;
  }

  private waitFor(ms: number, then: () => void): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      then();
      this.run();
    }, ms);
  }

  private passOn(count: number): boolean {
    if (count === 0) return this.finishIfEnded();
    const bytes = this.take(count);
    this.bytesLeft = Math.max(0, this.bytesLeft - count);
    // A gather that its time has ended is over.
    if (this.step?.kind === 'gather') this.bytesLeft = 0;
    this.isWriting = true;
    const goOn = (): void => {
      this.isWriting = false;
      this.run();
    };
    this.target.write(bytes, () => {
      if (this.step === undefined) goOn();
      // A turn of the loop, in which the other end can read the piece by itself.
      else setImmediate(goOn);
    });
    if (this.size <= HIGH_WATER && !this.isOver) this.source.resume();
    return false;
  }

  private finishIfEnded(): boolean {
    if (this.hasSourceEnded && this.size === 0 && !this.isOver) {
      this.isOver = true;
      this.target.end();
    }
    return false;
  }

  private take(count: number): Buffer {
    const taken: Buffer[] = [];
    let left = count;
    while (left > 0) {
      const first = this.chunks[0]!;
      if (first.length <= left) {
        taken.push(first);
        this.chunks.shift();
        left -= first.length;
      } else {
        taken.push(first.subarray(0, left));
        this.chunks[0] = first.subarray(left);
        left = 0;
      }
    }
    this.size -= count;
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
  }
}
