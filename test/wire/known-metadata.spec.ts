import { completeResult } from '../../src/protocol/operation/result';
import { readResultMetadata, resultPacket } from '../../src/protocol/operation/result-packet';
import { TextResult } from '../../src/protocol/operation/text-result';
import { encodePacket } from '../../src/wire/encode-packet';
import { ResultPushMetadata } from '../../src/wire/messages/result-push';
import { decodePacket } from '../../src/wire/packet';
import { PacketDecoder } from '../../src/wire/packet-decoder';

const token = encodePacket(resultPacket(42, new TextResult(7, ' whale')));

describe('known metadata', () => {
  it('are one array, however often they come, which keeps nothing alive that came with them', () => {
    const [first, second] = new PacketDecoder().push(Buffer.concat([token, token]));
    expect(first!.metadata).toBe(second!.metadata);
    expect(decodePacket(token).metadata).toBe(first!.metadata);
    expect(first!.metadata.buffer.byteLength).toBe(ResultPushMetadata.length);
  });

  it('are what they were when they were sent', () => {
    const { metadata } = decodePacket(token);
    expect(metadata).toEqual(token.subarray(40, 40 + ResultPushMetadata.length));
    expect(readResultMetadata(metadata)).toEqual(ResultPushMetadata.decode(metadata));
  });

  it.each(Object.keys(ResultPushMetadata.definition.fields))('are others where %s differs', (field) => {
    const { offset } = ResultPushMetadata.definition.fields[field]!;
    const bytes = token.slice();
    bytes[40 + offset] = bytes[40 + offset]! ^ 1;
    const { metadata } = decodePacket(bytes);
    expect(metadata).toEqual(bytes.subarray(40, 40 + ResultPushMetadata.length));
    expect(metadata).not.toBe(decodePacket(token).metadata);
  });

  it('are those of a result with a status of its own where that has one', () => {
    const packet = resultPacket(42, completeResult(7, new Uint8Array(), { statusCode: 201 }));
    expect(readResultMetadata(decodePacket(encodePacket(packet)).metadata).statusCode).toBe(201);
  });
});
