import { firstRow } from '../../wire/message';
import type { Packet } from '../../wire/packet';

/** Captured packets as two marble strings, aligned, and what their letters stand for. */
export interface CapturedFlow {
  /** What the captured side sent. */
  readonly sent: string;
  /** What it received. */
  readonly received: string;
  /** A letter stands for one packet, or for several that came at once. */
  readonly packets: Readonly<Record<string, Packet | readonly Packet[]>>;
}

/**
 * Whether it was a client's side that was captured. Throws an `Error` where neither side has sent
 * anything that only clients send.
 */
export function clientSends({ sent, received, packets }: CapturedFlow): boolean {
  const isFromClient = (marbles: string): boolean =>
    Object.entries(packets).some(
      ([letter, packet]) =>
        marbles.includes(letter) &&
        ('header' in packet ? [packet] : packet).some(
          ({ header }) => firstRow(header.messageType)?.sender === 'client',
        ),
    );
  if (isFromClient(sent)) return true;
  if (isFromClient(received)) return false;
  throw new Error(
    'what was captured does not tell which side is the client: no client has asked for anything',
  );
}
