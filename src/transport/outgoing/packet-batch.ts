import { copyInto } from '../../wire/bytes/copy-into';
import { encodeHeadInto, headLength } from '../../wire/encode-packet';
import { COPY_LIMIT, isGiven, ownBytes } from '../../wire/bytes/own-bytes';
import type { Packet } from '../../wire/packet';
import { TextPacket } from '../../wire/text-packet';
import { returnRoom, LARGE_ROOM_BYTES, MEDIUM_ROOM_BYTES, takeRoom } from './rooms';

/** Bytes before each packet on a transport that frames them once more. */
export interface PacketPrefix {
  /** How many bytes stand before a packet of so many bytes. */
  lengthFor(packetBytes: number): number;
  writeInto(bytes: Uint8Array, at: number, packetBytes: number): void;
}

const NONE: PacketPrefix = { lengthFor: () => 0, writeInto: () => undefined };

/**
 * Packets on their way out, written one behind the other into one buffer as they come, so that many
 * cost one system call, and nothing of a packet is read later; only large bodies that were given away stay apart,
 * and copies of those that no buffer has room for.
 */
export class PacketBatch {
  private room: Uint8Array | undefined;
  /** Where what is not among `parts` yet starts and ends in `room`. */
  private start = 0;
  private end = 0;
  private parts: Uint8Array[] = [];
  private total = 0;
  private packets = 0;
  /** Bytes that are likely to be needed: as many as the last time. */
  private likely = 0;

  constructor(private readonly prefix: PacketPrefix = NONE) {}

  /** How many packets wait. */
  get size(): number {
    return this.packets;
  }

  /** Bytes of all packets. */
  get byteLength(): number {
    return this.total;
  }

  get isEmpty(): boolean {
    return this.total === 0;
  }

  /**
   * Throws an `NnrpError` where a packet's lengths are not those of its header, or its header has a
   * value that no header can have; the batch is then as it was.
   */
  add(packet: Packet): void {
    if (packet instanceof TextPacket && packet.isText) {
      this.addText(packet);
      return;
    }
    const { body } = packet;
    const head = headLength(packet);
    const length = head + body.length;
    const prefixLength = this.prefix.lengthFor(length);
    const copied = isWrittenInto(head, body) ? body.length : 0;
    const room = this.roomFor(prefixLength + head + copied);
    const at = this.end + prefixLength;
    encodeHeadInto(packet, room, at);
    this.prefix.writeInto(room, this.end, length);
    if (copied > 0) copyInto(room, body, at + head);
    this.added(at + head + copied, body.length - copied);
    if (copied === body.length) return;
    this.seal();
    this.parts.push(ownBytes(body));
  }

  /** A text becomes bytes here, and nowhere else. */
  private addText(packet: TextPacket): void {
    const { prefix } = this;
    const length = prefix === NONE ? 0 : packet.byteLength;
    const prefixLength = prefix.lengthFor(length);
    const room = this.roomFor(prefixLength + packet.maxByteLength);
    prefix.writeInto(room, this.end, length);
    this.added(packet.encodeInto(room, this.end + prefixLength), 0);
  }

  /** A packet is in the room, up to `end`, and so many bytes of it elsewhere. */
  private added(end: number, elsewhere: number): void {
    this.total += end - this.end + elsewhere;
    this.end = end;
    this.packets += 1;
  }

  /** Empties the batch and returns its bytes, in as few parts as large bodies allow. */
  take(): Uint8Array[] {
    this.seal();
    const { parts } = this;
    this.parts = [];
    this.likely = Math.min(this.total, MEDIUM_ROOM_BYTES);
    this.total = 0;
    this.packets = 0;
    return parts;
  }

  /**
   * Says that all that was ever taken has been written, or is of no use any more: the room of an empty
   * batch may be filled anew.
   */
  reuse(): void {
    const { room } = this;
    if (room === undefined || this.total > 0) return;
    returnRoom(room);
    this.room = undefined;
  }

  /** Forgets what waits. */
  clear(): void {
    this.take();
    // What was taken before may still be read from it.
    this.room = undefined;
  }

  /**
   * The buffer, with room for so many bytes at `end`. What it has left is used first, also once part of it
   * was taken.
   */
  private roomFor(length: number): Uint8Array {
    const { room } = this;
    if (room === undefined) return this.begin(length);
    if (room.length - this.end >= length) return room;
    const begun = this.end - this.start;
    if (room.length < LARGE_ROOM_BYTES && begun + length <= LARGE_ROOM_BYTES)
      return this.grow(room, begun + length);
    this.seal();
    return this.begin(length);
  }

  private begin(length: number): Uint8Array {
    this.start = this.end = 0;
    return (this.room = takeRoom(Math.max(length, this.likely)));
  }

  /** Goes on in a larger buffer with what is not among `parts`, so that it stays one part. */
  private grow(room: Uint8Array, length: number): Uint8Array {
    const larger = takeRoom(length);
    copyInto(larger, room.subarray(this.start, this.end), 0);
    // Of another that was begun to be taken, something may still be read.
    if (this.start === 0) returnRoom(room);
    this.end -= this.start;
    this.start = 0;
    return (this.room = larger);
  }

  /** Closes the part that is being written. */
  private seal(): void {
    if (this.room === undefined || this.end === this.start) return;
    // A Buffer, since a socket would make one of it.
    this.parts.push(Buffer.from(this.room.buffer, this.start, this.end - this.start));
    this.start = this.end;
  }
}

/** Whether a body is copied behind its head: a small one is; a larger one where it must be, and fits. */
function isWrittenInto(head: number, body: Uint8Array): boolean {
  if (body.length <= COPY_LIMIT) return true;
  return head + body.length <= LARGE_ROOM_BYTES && !isGiven(body);
}
