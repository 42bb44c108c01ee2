import fc from 'fast-check';
import { kept } from '../../../src/server/session/results/outgoing';
import { PacketBatch } from '../../../src/transport/outgoing/packet-batch';
import { encodePacket, packetLength } from '../../../src/wire/encode-packet';
import { MessageType } from '../../../src/wire/message-type';
import { packet } from '../../../src/wire/packet';
import { partialPacket, type PartOf } from '../../../src/wire/preview4/partial-packet';
import { PartialResultMetadata } from '../../../src/wire/preview4/results';
import { toHex } from '../../support/hex';

const body = Uint8Array.of(4, 5);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const parts: fc.Arbitrary<PartOf> = fc.record({
  sessionId: u32,
  frameId: u32,
  idLow: u32,
  idHigh: u32,
  sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
});

/** What the record codec makes of a part. */
function byTheRecord({ sessionId, frameId, idLow, idHigh, sequence }: PartOf, bytes: Uint8Array): Uint8Array {
  const metadata = PartialResultMetadata.of({
    operationId: (BigInt(idHigh) << 32n) | BigInt(idLow),
    resultSequence: BigInt(sequence),
    bodyBytes: bytes.length,
  });
  const fields = { messageType: MessageType.PartialResult, sessionId, frameId };
  return encodePacket(packet(fields, PartialResultMetadata.encode(metadata), bytes));
}

describe('partialPacket', () => {
  it('is what its record makes of it, whether its parts were asked for or not', () => {
    fc.assert(
      fc.property(
        parts,
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.boolean(),
        (part, bytes, isAsked) => {
          const made = partialPacket(part, bytes);
          if (isAsked) expect(made.metadata).toHaveLength(PartialResultMetadata.length);
          expect(toHex(encodePacket(made))).toBe(toHex(byTheRecord(part, bytes)));
        },
      ),
    );
  });

  it('is measured, kept and sent without metadata or a header of its own', () => {
    const part = { sessionId: 42, frameId: 7, idLow: 7, idHigh: 0, sequence: 1 };
    const made = partialPacket(part, body);
    const prototypes = [
      Object.getPrototypeOf(made) as object,
      Object.getPrototypeOf(Object.getPrototypeOf(made)) as object,
    ];
    const asked = [
      jest.spyOn(prototypes[0] as typeof made, 'metadata', 'get'),
      jest.spyOn(prototypes[1] as typeof made, 'header', 'get'),
    ];
    const batch = new PacketBatch();
    const outgoing = kept(made);
    batch.add(made);
    batch.add(outgoing.packet);
    const bytes = byTheRecord(part, body);
    expect(packetLength(made)).toBe(bytes.length);
    expect(outgoing.byteLength).toBe(256 + bytes.length);
    expect(toHex(Buffer.concat(batch.take()))).toBe(toHex(bytes).repeat(2));
    for (const spy of asked) expect(spy).not.toHaveBeenCalled();
  });
});
