import { copyInto } from '../wire/copy-into';
import { encodeHeadInto } from '../wire/encode-packet';
import { HEADER_LENGTH } from '../wire/header';
import type { Packet } from '../wire/packet';

/** Bodies above this are written from where they are; copying smaller ones is cheaper than a vector. */
const COPY_LIMIT = 16 * 1024;

/** Bytes of the buffers that packets are gathered in: the answers to a read of 64 KiB, and a little more. */
const ROOM_BYTES = 72 * 1024;

/** Buffers that are kept for the next batch, whoever's it is. */
const MAX_SPARE = 16;

/**
 * Whole rooms that nobody writes from. Shared, so that a connection with nothing to say holds none; and
 * kept, because a new one costs as much as writing a hundred small packets into it.
 */
const spare: Uint8Array[] = [];

/**
 * Packets on their way out, written one behind the other into one buffer as they come, so that many
 * cost one system call; only large bodies stay apart.
 */
export class PacketBatch {
  private room: Uint8Array | undefined;
  /** Where what is not among `parts` yet starts and ends in `room`. */
  private start = 0;
  private end = 0;
  private parts: Uint8Array[] = [];
  private total = 0;
  private packets = 0;

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
    const { body } = packet;
    const headLength = HEADER_LENGTH + packet.metadata.length;
    const copied = body.length <= COPY_LIMIT ? body.length : 0;
    const room = this.roomFor(headLength + copied);
    encodeHeadInto(packet, room, this.end);
    if (copied > 0) copyInto(room, body, this.end + headLength);
    this.end += headLength + copied;
    this.total += headLength + body.length;
    this.packets += 1;
    if (copied === body.length) return;
    this.seal();
    this.parts.push(body);
  }

  /** Empties the batch and returns its bytes, in as few parts as large bodies allow. */
  take(): Uint8Array[] {
    this.seal();
    const { parts } = this;
    this.parts = [];
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
    if (room.length === ROOM_BYTES && spare.length < MAX_SPARE) spare.push(room);
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
    if (room !== undefined && room.length - this.end >= length) return room;
    this.seal();
    this.start = this.end = 0;
    this.room =
      (length <= ROOM_BYTES ? spare.pop() : undefined) ?? new Uint8Array(Math.max(length, ROOM_BYTES));
    return this.room;
  }

  /** Closes the part that is being written. */
  private seal(): void {
    if (this.room === undefined || this.end === this.start) return;
    // A Buffer, since a socket would make one of it.
    this.parts.push(Buffer.from(this.room.buffer, this.start, this.end - this.start));
    this.start = this.end;
  }
}
