import { encodePacket } from '../../wire/encode-packet';
import { decodePacket, type Packet } from '../../wire/packet';
import type { CapturedFlow } from './captured-flow';

/** A captured flow as text, to keep beside a test; `readCapturedFlow` reads it. */
export function writeCapturedFlow({ sent, received, packets }: CapturedFlow): string {
  const hex = Object.fromEntries(
    Object.entries(packets).map(([letter, packet]) => [
      letter,
      'header' in packet ? hexOf(packet) : packet.map(hexOf),
    ]),
  );
  return `${JSON.stringify({ sent, received, packets: hex }, undefined, 2)}\n`;
}

/** Reads what `writeCapturedFlow` wrote. Throws an `Error` for any other text. */
export function readCapturedFlow(text: string): CapturedFlow {
  const read: unknown = JSON.parse(text);
  if (!isWritten(read)) throw new Error('this text is no captured flow: it needs sent, received and packets');
  const packets = Object.fromEntries(
    Object.entries(read.packets).map(([letter, hex]) => [
      letter,
      typeof hex === 'string' ? packetOf(hex) : hex.map(packetOf),
    ]),
  );
  return { sent: read.sent, received: read.received, packets };
}

interface WrittenFlow {
  readonly sent: string;
  readonly received: string;
  readonly packets: Readonly<Record<string, string | readonly string[]>>;
}

function isWritten(value: unknown): value is WrittenFlow {
  if (typeof value !== 'object' || value === null) return false;
  if (!('sent' in value && 'received' in value && 'packets' in value)) return false;
  const { sent, received, packets } = value;
  if (typeof sent !== 'string' || typeof received !== 'string') return false;
  if (typeof packets !== 'object' || packets === null) return false;
  return Object.values(packets)
    .flat()
    .every((hex: unknown) => typeof hex === 'string');
}

function hexOf(packet: Packet): string {
  return Array.from(encodePacket(packet), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function packetOf(hex: string): Packet {
  return decodePacket(Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));
}
