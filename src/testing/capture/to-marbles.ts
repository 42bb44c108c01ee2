import { draw, type Drawn } from '../marbles/draw';
import { encodePacket, type Packet } from '../../wire/packet';
import type { CapturedEvent, CaptureDirection } from './capture';
import type { CapturedFlow } from './captured-flow';

/** Letters first; after them whatever is one character and means nothing in a marble string. */
const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const FURTHER_LETTERS = 0x4e00;

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
 * // sent:     'o-s-------'
 * // received: '-A--p-p-c-'
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
  const row = (direction: CaptureDirection): Drawn[] => {
    const own = bursts.filter((burst) => burst.direction === direction);
    return own.flatMap(({ frame, packets: some, ends }, index) => {
      const width = some.length + ends.length + 2;
      const next = own[index + 1];
      const fits = next === undefined || next.frame - frame >= width;
      const letters = fits ? some.map((packet) => nameOf([packet])) : some.length === 0 ? [] : [nameOf(some)];
      return [...letters, ...ends].map((label) => ({ frame, label }));
    });
  };
  const [sent = '', received = ''] = draw([row('sent'), row('received')]).lines;
  return { sent, received, packets };
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
