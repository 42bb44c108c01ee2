import { CommonHeader, HEADER_LENGTH } from '../wire/header';
import { checkLengths, type Packet } from '../wire/packet';

/** Bodies above this are written from where they are; copying smaller ones is cheaper than a vector. */
const COPY_LIMIT = 16 * 1024;

/**
 * The packets of one turn of the event loop on their way out. They become one buffer, so that the
 * turn costs one system call however many packets it sends; only large bodies stay apart.
 */
export class PacketBatch {
  private packets: Packet[] = [];
  private total = 0;

  /** Bytes of all packets. */
  get byteLength(): number {
    return this.total;
  }

  get isEmpty(): boolean {
    return this.packets.length === 0;
  }

  /** Throws an `NnrpError` where a packet's lengths are not those of its header. */
  add(packet: Packet): void {
    checkLengths(packet);
    this.packets.push(packet);
    this.total += HEADER_LENGTH + packet.metadata.length + packet.body.length;
  }

  /** Empties the batch and returns its bytes, as few chunks as large bodies allow. */
  take(): Uint8Array[] {
    const { packets } = this;
    this.packets = [];
    this.total = 0;
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
      chunks.push(join(packets, start, end, length));
      if (large !== undefined) chunks.push(large);
      start = end;
    }
    return chunks;
  }
}

function join(packets: readonly Packet[], start: number, end: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let index = start; index < end; index++) {
    const { header, metadata, body } = packets[index]!;
    CommonHeader.encodeInto(header, bytes, at);
    at += HEADER_LENGTH;
    bytes.set(metadata, at);
    at += metadata.length;
    if (body.length > COPY_LIMIT) continue;
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}
