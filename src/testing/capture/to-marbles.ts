import { draw, type Drawn } from '../marbles/draw';
import { encodePacket } from '../../wire/encode-packet';
import type { Packet } from '../../wire/packet';
import type { CapturedEvent, CaptureDirection } from './capture';
import type { CapturedFlow } from './captured-flow';

/** Letters first; after them whatever is one character and means nothing in a marble string. */
const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const FURTHER_LETTERS = 0x20000;

/** Packets, or an end, of one direction and one frame. */
interface Burst {
  readonly frame: number;
  readonly direction: CaptureDirection;
  readonly packets: Packet[];
  readonly ends: string[];
}

/**
 * Makes marble strings of what was captured: a character is a millisecond, and time starts with the
 * first event. Packets that are the same have the same letter; those that came at once are `(ab)`, or,
 * where the next follow too soon for that to be written, one letter for all of them.
 *
 * @example
 * const { sent, received, packets } = toMarbles(captured.events);
 * // sent:     'a---c----------'
 * // received: '---b------d--e'
 */
export function toMarbles(events: readonly CapturedEvent[]): CapturedFlow {
  const bursts = burstsOf(events);
  const names = new Map<string, string>();
  const packets: Record<string, Packet | readonly Packet[]> = {};
  const nameOf = (burst: readonly Packet[]): string => {
    const key = burst.map((packet) => encodePacket(packet).join(' ')).join('|');
    const known = names.get(key);
    if (known !== undefined) return known;
    const name = LETTERS[names.size] ?? String.fromCodePoint(FURTHER_LETTERS + names.size);
    const [only, ...others] = burst;
    names.set(key, name);
    if (only !== undefined) packets[name] = others.length === 0 ? only : [...burst];
    return name;
  };
  // In order of time, so that letters read as the flow does.
  const silences = silencesAfter(bursts);
  const drawn = bursts.map(({ frame, packets: some, ends }, index): readonly Drawn[] => {
    const fits = (silences[index] ?? Infinity) >= some.length + ends.length + 2;
    const letters = fits ? some.map((packet) => nameOf([packet])) : some.length === 0 ? [] : [nameOf(some)];
    return [...letters, ...ends].map((label) => ({ frame, label }));
  });
  const row = (direction: CaptureDirection): readonly Drawn[] =>
    drawn.filter((_, index) => bursts[index]?.direction === direction).flat();
  const [sent = '', received = ''] = draw([row('sent'), row('received')]).lines;
  return { sent, received, packets };
}

/** For each burst, the frames until the next one of its direction starts. */
function silencesAfter(bursts: readonly Burst[]): readonly number[] {
  const next: Partial<Record<CaptureDirection, number>> = {};
  const silences = bursts.map(() => Infinity);
  for (let index = bursts.length - 1; index >= 0; index--) {
    const { direction, frame } = bursts[index]!;
    silences[index] = (next[direction] ?? Infinity) - frame;
    next[direction] = frame;
  }
  return silences;
}

function burstsOf(events: readonly CapturedEvent[]): readonly Burst[] {
  const start = events[0]?.at ?? 0;
  const bursts = new Map<string, Burst>();
  for (const event of events) {
    const frame = Math.floor(event.at - start);
    const key = `${event.direction} ${frame}`;
    const burst = bursts.get(key) ?? { frame, direction: event.direction, packets: [], ends: [] };
    bursts.set(key, burst);
    if (event.kind === 'packet') burst.packets.push(event.packet);
    else burst.ends.push(event.kind === 'end' ? '|' : '#');
  }
  return [...bursts.values()];
}
