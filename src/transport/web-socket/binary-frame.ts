import type { PacketPrefix } from '../outgoing/packet-batch';

/** The last frame of a message, and the only one, of bytes. */
const FIN_BINARY = 0x82;

/** The head of a binary message in one frame that is not masked, as servers send them (RFC 6455, section 5.2). */
export const BINARY_FRAME: PacketPrefix = {
  lengthFor: (bytes) => (bytes < 126 ? 2 : bytes < 0x10000 ? 4 : 10),
  writeInto(into, at, bytes) {
    into[at] = FIN_BINARY;
    if (bytes < 126) {
      into[at + 1] = bytes;
    } else if (bytes < 0x10000) {
      into[at + 1] = 126;
      into[at + 2] = bytes >>> 8;
      into[at + 3] = bytes;
    } else {
      into[at + 1] = 127;
      // A packet's length has 33 bits at most: two lengths and a header.
      const view = new DataView(into.buffer, into.byteOffset + at + 2, 8);
      view.setBigUint64(0, BigInt(bytes));
    }
  },
};
