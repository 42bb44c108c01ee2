import type { SchedulerLike, Subscription } from 'rxjs';
import { within, type NetworkConditions } from './conditions';
import type { Random } from '../random';

/** How a direction of a connection ends: in good order, or broken. */
export type StreamEnd = 'fin' | 'reset';

/**
 * What goes beside the bytes: a question below the protocol whether the other end is there, and its answer.
 */
export type PipeSignal = 'probe' | 'answer';

/** Who reads from a pipe. */
export interface PipeReader {
  takeBytes(bytes: Uint8Array): void;
  takeSignal(signal: PipeSignal): void;
  takeEnd(end: StreamEnd): void;
}

interface Segment {
  at: number;
  readonly content: Uint8Array | PipeSignal | StreamEnd;
}

/** How a pipe is cut. */
export interface Cut {
  /** How many of the bytes on their way still arrive. */
  readonly keepBytes: number;
  readonly end: StreamEnd;
  /** Milliseconds from now until the reader hears of it, if what is kept does not take longer. */
  readonly noticeMs: number;
}

/**
 * One direction of a connection: bytes arrive in order, after a while, in other pieces than they were
 * written in, and not all of them where the pipe is cut.
 */
export class Pipe {
  private readonly segments: Segment[] = [];
  private timer: Subscription | undefined;
  private lastAt = 0;
  private stalledUntil = 0;
  private isWritable = true;
  private bytes = 0;
  private reader: PipeReader | undefined;
  private isPaused = false;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly random: Random,
    private readonly conditions: NetworkConditions,
    /** Some of what was written has arrived. */
    private readonly drained: () => void,
  ) {}

  /** Bytes that have arrived, and that nobody has read who wants to. */
  get unreadBytes(): number {
    const now = this.scheduler.now();
    if (now < this.stalledUntil || this.isPaused) return 0;
    let bytes = 0;
    for (const { at, content } of this.segments) {
      if (at > now) break;
      if (typeof content !== 'string') bytes += content.length;
    }
    return bytes;
  }

  get isOpen(): boolean {
    return this.isWritable;
  }

  /** Bytes on their way. */
  get queuedBytes(): number {
    return this.bytes;
  }

  /** Delivers to `reader` from now on. */
  read(reader: PipeReader): void {
    this.reader = reader;
    this.arm();
  }

  /** Whoever reads wants nothing for now. */
  pause(): void {
    this.isPaused = true;
    this.arm();
  }

  resume(): void {
    this.isPaused = false;
    this.arm();
  }

  write(bytes: Uint8Array): void {
    if (!this.isWritable) return;
    this.bytes += bytes.length;
    for (const piece of this.pieces(bytes)) this.add(piece, within(this.random, this.conditions.latencyMs));
  }

  signal(signal: PipeSignal): void {
    if (this.isWritable) this.add(signal, within(this.random, this.conditions.latencyMs));
  }

  /** Ends the stream, after what is on its way. */
  finish(): void {
    if (!this.isWritable) return;
    this.isWritable = false;
    this.add('fin', within(this.random, this.conditions.latencyMs));
  }

  /** Ends the stream before what is on its way. */
  cut({ keepBytes, end, noticeMs }: Cut): void {
    if (!this.isWritable) return;
    this.isWritable = false;
    let kept = 0;
    let count = 0;
    for (const { content } of this.segments) {
      if (kept >= keepBytes) break;
      if (typeof content !== 'string') kept += content.length;
      count += 1;
    }
    this.segments.length = count;
    const last = this.segments[count - 1];
    if (last !== undefined && typeof last.content !== 'string' && kept > keepBytes) {
      const content = last.content.subarray(0, last.content.length - (kept - keepBytes));
      this.segments[count - 1] = { at: last.at, content };
      kept = keepBytes;
    }
    this.bytes = kept;
    this.lastAt = this.segments[count - 1]?.at ?? this.scheduler.now();
    this.add(end, noticeMs);
  }

  /** Delivers nothing for a while. */
  stall(ms: number): void {
    this.stalledUntil = Math.max(this.stalledUntil, this.scheduler.now() + ms);
    this.arm();
  }

  /** Takes back what delays the delivery of what is on its way. */
  heal(): void {
    const soon = this.scheduler.now() + this.conditions.latencyMs[1];
    this.stalledUntil = 0;
    for (const segment of this.segments) segment.at = Math.min(segment.at, soon);
    this.lastAt = Math.min(this.lastAt, soon);
    this.arm();
  }

  /** Nobody reads any more. */
  discard(): void {
    this.isWritable = false;
    this.reader = undefined;
    this.segments.length = 0;
    this.bytes = 0;
    this.timer?.unsubscribe();
    this.timer = undefined;
  }

  private pieces(bytes: Uint8Array): readonly Uint8Array[] {
    if (bytes.length < 2 || !this.random.chance(this.conditions.splitChance)) return [bytes];
    const cuts = Array.from({ length: this.random.int(1, 3) }, () => this.random.int(1, bytes.length - 1));
    const bounds = [0, ...new Set(cuts.sort((a, b) => a - b)), bytes.length];
    return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
  }

  private add(content: Segment['content'], delayMs: number): void {
    this.lastAt = Math.max(this.lastAt, this.scheduler.now() + delayMs);
    this.segments.push({ at: this.lastAt, content });
    if (this.timer === undefined) this.arm();
  }

  /** Waits for the first segment, and for nothing where there is none. */
  private arm(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
    const [first] = this.segments;
    if (first === undefined || this.reader === undefined || this.isPaused) return;
    const at = Math.max(first.at, this.stalledUntil);
    this.timer = this.scheduler.schedule(() => {
      this.deliver();
    }, at - this.scheduler.now());
  }

  private deliver(): void {
    this.timer = undefined;
    const { reader } = this;
    const segment = this.segments.shift();
    if (segment === undefined || reader === undefined) return;
    this.arm();
    const { content } = segment;
    if (typeof content !== 'string') {
      this.bytes -= content.length;
      reader.takeBytes(content);
      this.drained();
    } else if (content === 'probe' || content === 'answer') {
      reader.takeSignal(content);
    } else {
      reader.takeEnd(content);
    }
  }
}
