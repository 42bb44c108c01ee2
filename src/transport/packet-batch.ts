import { CommonHeader, HEADER_LENGTH } from '../wire/header';
import { checkLengths, type Packet } from '../wire/packet';

/** Bodies above this are written from where they are; copying smaller ones is cheaper than a vector. */
const COPY_LIMIT = 16 * 1024;

/** Packets whose headers a batch has room for from the start, and goes back to. */
const USUAL_PACKETS = 64;

/**
 * The packets of one turn of the event loop on their way out. They become one buffer, so that the
 * turn costs one system call however many packets it sends; only large bodies stay apart.
 */
export class PacketBatch {
  private packets: Packet[] = [];
  /** Their headers, encoded: what cannot be encoded is the fault of who sends it, not of the turn. */
  private headers: Uint8Array = new Uint8Array(USUAL_PACKETS * HEADER_LENGTH);
  private total = 0;

  /** Bytes of all packets. */
  get byteLength(): number {
    return this.total;
  }

  get isEmpty(): boolean {
    return this.packets.length === 0;
  }

  /**
   * Throws an `NnrpError` where a packet's lengths are not those of its header, or its header has a
   * value that no header can have; the batch is then as it was.
   */
  add(packet: Packet): void {
    checkLengths(packet);
    const at = this.packets.length * HEADER_LENGTH;
    if (at === this.headers.length) this.headers = resized(this.headers, 2 * at);
    CommonHeader.encodeInto(packet.header, this.headers, at);
    this.packets.push(packet);
    this.total += HEADER_LENGTH + packet.metadata.length + packet.body.length;
  }

  /** Empties the batch and returns its bytes, as few chunks as large bodies allow. */
  take(): Uint8Array[] {
    const { packets } = this;
    const chunks: Uint8Array[] = [];
    let start = 0;
    while (start < packets.length) {
      let end = start;
      let length = 0;
      let large: Uint8Array | undefined;
      while (end < packets.length && large === undefined) {
        const { metadata, body } = packets[end++]!;
        length += HEADER_LENGTH + metadata.length;
        if (body.length > COPY_LIMIT) large = body;
        else length += body.length;
      }
      chunks.push(this.join(start, end, length));
      if (large !== undefined) chunks.push(large);
      start = end;
    }
    this.clear();
    return chunks;
  }

  /** Forgets what waits. */
  clear(): void {
    this.packets = [];
    this.total = 0;
    // A burst must not cost its room for ever.
    if (this.headers.length > 16 * USUAL_PACKETS * HEADER_LENGTH) {
      this.headers = new Uint8Array(USUAL_PACKETS * HEADER_LENGTH);
    }
  }

  private join(start: number, end: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (let index = start; index < end; index++) {
      const { metadata, body } = this.packets[index]!;
      bytes.set(this.headers.subarray(index * HEADER_LENGTH, (index + 1) * HEADER_LENGTH), at);
      at += HEADER_LENGTH;
      bytes.set(metadata, at);
      at += metadata.length;
      if (body.length > COPY_LIMIT) continue;
      bytes.set(body, at);
      at += body.length;
    }
    return bytes;
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
