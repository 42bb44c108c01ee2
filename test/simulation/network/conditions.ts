import type { PressureMarks } from '../../../src/transport/outgoing/send-pressure';
import type { Random } from '../random';

/** From the least to the most, both included. */
export type Span = readonly [least: number, most: number];

export function within(random: Random, [least, most]: Span): number {
  return random.int(least, most);
}

/**
 * What happens to a connection:
 *
 * - `reset`: it breaks, and both ends hear of it, each in its own time
 * - `truncate`: the stream ends like a clean one, wherever it was
 * - `silence`: nothing arrives any more, and nobody hears of it for long
 * - `stall`: nothing arrives for a while, and then everything
 */
export type FaultKind = 'reset' | 'truncate' | 'silence' | 'stall';

/** What a network does to those who use it. Times are milliseconds, chances are from 0 to 1. */
export interface NetworkConditions {
  readonly latencyMs: Span;
  /** Of a write, to arrive in pieces. */
  readonly splitChance: number;
  /** Of an attempt to connect, to be refused. */
  readonly refuseChance: number;
  /** Of an attempt to connect, to be answered by nobody. */
  readonly ignoreChance: number;
  /** How long a connection lives before something happens to it. */
  readonly lifetimeMs: Span;
  /** What happens then, by weight; all 0 for nothing. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** Of a packet that an end waits for, to be the last that is sent, whole or not. */
  readonly lastPacketChance: number;
  /** Until an end hears that its connection is gone. */
  readonly noticeMs: Span;
  /** The same, where nobody says so. */
  readonly silenceMs: Span;
  readonly stallMs: Span;
  /** Of a direction that breaks, to stall before. */
  readonly lagChance: number;
  /** Of an end that is destroyed, to lose what it has sent with a reset, and not to end like a closed one. */
  readonly resetChance: number;
  /** How long a peer may take to end its side. */
  readonly closeTimeoutMs: number;
  readonly pressure: Partial<PressureMarks>;
  /** Bytes of header and body that an end takes in one packet, each of its own; undefined for any. */
  readonly largestPacket: Span | undefined;
}

/** A network that delivers everything at once and whole. */
export const PERFECT: NetworkConditions = {
  latencyMs: [1, 1],
  splitChance: 0,
  refuseChance: 0,
  ignoreChance: 0,
  lifetimeMs: [0, 0],
  faults: { reset: 0, truncate: 0, silence: 0, stall: 0 },
  lastPacketChance: 0,
  noticeMs: [1, 1],
  silenceMs: [1000, 1000],
  stallMs: [100, 100],
  lagChance: 0,
  resetChance: 0,
  closeTimeoutMs: 1000,
  pressure: { highWaterMark: 1024, lowWaterMark: 256 },
  largestPacket: undefined,
};
